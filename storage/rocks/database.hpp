// RocksDB 7.8.3 opened the one way that is safe here; the only file that knows its options.
#pragma once

#include "storage/rocks/options.hpp"

#include <rocksdb/db.h>

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::rocks {

enum class Family : std::uint8_t { entry, tile, meta, blob, state, history, private_part };
constexpr std::size_t families = 7;

/// An open database and its column families. Thread-safe as RocksDB is.
class Database {
 public:
  /// `create`: there must be none yet. Otherwise there must be one, with all families. Error: RocksDB's own words, which name the file.
  static std::expected<std::unique_ptr<Database>, std::string> open(std::string const& path, Options const& options, bool create);
  ~Database();
  Database(Database const&) = delete;
  Database& operator=(Database const&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[static_cast<std::size_t>(family)]; }

 private:
  Database() = default;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, families> handles_{};
  rocksdb::ColumnFamilyHandle* default_ = nullptr;
};

/// What every write is done with: synced, each key protected by 8 bytes on its way to the memtable.
rocksdb::WriteOptions synced_write();

/// Bytes of protection per key for a WriteBatch, so that what was put is what is written.
constexpr std::size_t batch_protection_bytes = 8;

inline rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(rocksdb::Slice const& slice) { return {slice.data(), slice.size()}; }

std::string be64_key(std::uint64_t value);
/// REQUIRES: 8 bytes.
std::uint64_t from_be64_key(std::string_view key);
/// level ‖ be64 index
std::string tile_key(std::uint8_t level, std::uint64_t index);

}  // namespace sluice::rocks
