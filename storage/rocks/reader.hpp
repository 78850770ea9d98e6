// Reads at one published size, on one RocksDB snapshot: what readers see while the committer goes on.
#pragma once

#include "storage/log/ledger.hpp"
#include "storage/log/tree.hpp"
#include "storage/rocks/database.hpp"
#include "storage/rocks/key_store.hpp"

#include <memory>

namespace sluice::rocks {

/// A RocksDB snapshot that releases itself.
class PinnedSnapshot {
 public:
  explicit PinnedSnapshot(std::shared_ptr<Database> database);
  ~PinnedSnapshot();
  PinnedSnapshot(PinnedSnapshot const&) = delete;
  PinnedSnapshot& operator=(PinnedSnapshot const&) = delete;
  rocksdb::Snapshot const* get() const { return snapshot_; }
  Database& database() const { return *database_; }

 private:
  std::shared_ptr<Database> database_;
  rocksdb::Snapshot const* snapshot_;
};

/// One published size. Immutable and thread-safe; keeps the database open. A copy shares the snapshot.
class Reader : public log::LedgerReader {
 public:
  Reader(std::shared_ptr<Database> database, std::shared_ptr<KeyStore> keys, log::PublishedCheckpoint checkpoint, log::RightEdge edge);

  std::uint64_t size() const override { return checkpoint_.size; }
  log::PublishedCheckpoint checkpoint() const override { return checkpoint_; }
  std::expected<std::optional<std::string>, log::LedgerError> entry(log::Sequence index) const override;
  std::expected<void, log::LedgerError> scan_entries(log::Sequence first, std::uint64_t count,
                                                     log::EntryVisitor const& visit) const override;
  std::expected<std::optional<std::string>, log::LedgerError> tile(log::TileId const& tile) const override;
  std::expected<std::optional<std::string>, log::LedgerError> row(log::Table table, std::string_view key) const override;
  std::expected<void, log::LedgerError> scan_rows(log::Table table, log::RowRange const& range,
                                                  log::RowVisitor const& visit) const override;
  std::expected<std::optional<std::string>, log::LedgerError> blob(policy::Hash const& hash) const override;
  std::expected<void, log::LedgerError> scan_blobs(log::BlobVisitor const& visit) const override;
  std::expected<std::optional<log::OpenedPart>, log::LedgerError> private_part(log::PrivateKind kind, std::string_view owner,
                                                                               std::string_view key) const override;
  std::expected<void, log::LedgerError> scan_private_parts(log::PrivateKind kind, log::PrivatePartVisitor const& visit) const override;

 private:
  std::expected<std::optional<std::string>, log::LedgerError> get(Family family, std::string_view key) const;
  std::expected<void, log::LedgerError> scan(Family family, log::RowRange const& range, log::RowVisitor const& visit) const;

  std::shared_ptr<PinnedSnapshot const> snapshot_;
  std::shared_ptr<KeyStore> keys_;
  log::PublishedCheckpoint checkpoint_;
  log::RightEdge edge_;
};

/// RocksDB's status in our words: a checksum that fails is damage, all else the system's refusal.
log::LedgerError ledger_error(rocksdb::Status const& status, std::string_view doing);

/// The smallest key above all that begin with `prefix`; empty when there is none.
std::string end_of_prefix(std::string prefix);

}  // namespace sluice::rocks
