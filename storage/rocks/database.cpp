#include "storage/rocks/database.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <cassert>
#include <vector>

namespace sluice::rocks {
namespace {

constexpr std::array<char const*, families> family_names{"entry", "tile", "meta", "blob", "state", "history", "private"};

/// All but the number at a key's end: of one tenant, or one kind, they ascend.
class BeforeNumber : public rocksdb::SliceTransform {
 public:
  char const* Name() const override { return "sluice.before_number"; }
  rocksdb::Slice Transform(rocksdb::Slice const& key) const override { return {key.data(), key.size() - number_bytes}; }
  bool InDomain(rocksdb::Slice const& key) const override { return key.size() > number_bytes; }

 private:
  static constexpr std::size_t number_bytes = 8;
};

// Each line that differs from RocksDB's default says why. Faults are those of 7.8.3, Debian 12's, fixed only later.
rocksdb::DBOptions database_options([[maybe_unused]] Options const& options, bool create) {
  rocksdb::DBOptions db;
  db.create_if_missing = create;
  db.create_missing_column_families = create;
  db.error_if_exists = create;
  db.paranoid_checks = true;
  // The default recovery returns OK with half of the acknowledged records after one flipped bit; this one tolerates a torn last
  // write only, and the high-water mark catches what it cannot see.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.track_and_verify_wals_in_manifest = false;  // reports a "Missing WAL" that is not missing, and then will not open
  db.verify_sst_unique_id_in_manifest = true;
  db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();  // for offline checks of whole files
  db.wal_compression = rocksdb::kNoCompression;                               // recovery from a compressed log is broken
  db.recycle_log_file_num = 0;                                                // switching it on later replays stale logs
  db.manual_wal_flush = false;                                                // with auto recovery, families become inconsistent
  db.max_bgerror_resume_count = 0;                                            // after ENOSPC it resumes over a hole: an error is final here
  db.avoid_flush_during_shutdown = true;                                      // all is in the log already; stop quickly
  db.max_open_files = -1;                                                     // every table is opened, so checked, at start
  // All families are flushed at one point of the log, so tables always hold a prefix of all Groups, and a lost log file leaves a hole in
  // the entries, which is counted at start. A full memtable is the only trigger: two kinds of trigger at once meet an assertion.
  db.atomic_flush = true;
  db.db_write_buffer_size = 0;
  db.max_total_wal_size = 0;
  db.max_background_jobs = 2;
  // A table leaves for the disk as it is made: 64 MiB at its end would hold up the synced writes of submissions for tens of milliseconds.
  db.bytes_per_sync = 512u << 10;
  db.strict_bytes_per_sync = true;
  // One committer writes: cheaper inserts, and a hint for keys that come in order.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.keep_log_file_num = 4;
  db.max_log_file_size = 4u << 20;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(Family family, Options const& options, std::shared_ptr<rocksdb::Cache> const& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;
  table.block_cache = cache;
  table.block_size = 16u << 10;
  table.format_version = 5;
  bool const looked_up_by_key = family == Family::state || family == Family::history || family == Family::private_part;
  if (looked_up_by_key) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::ColumnFamilyOptions cf;
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  cf.memtable_protection_bytes_per_key = 8;
  // Memtables small enough for the processor's caches: half of what the committer computes is finding a row's place in them. Tables are
  // smaller in turn, so more of them gather before they are merged.
  cf.write_buffer_size = options.write_buffer_bytes;
  cf.level0_file_num_compaction_trigger = 16;
  cf.level0_slowdown_writes_trigger = 40;
  cf.level0_stop_writes_trigger = 64;
  // Hashes and ciphertext do not shrink.
  bool const compressible = family == Family::entry || family == Family::state || family == Family::history || family == Family::blob;
  cf.compression = compressible ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  // Entries and jobs come in key order: within one first byte, each insert begins where the last one ended.
  bool const ascending = family == Family::entry || family == Family::state;
  if (ascending) cf.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  if (family == Family::history) cf.memtable_insert_with_hint_prefix_extractor = std::make_shared<BeforeNumber>();
  // Every submission asks for an answer that is nearly never there.
  if (family == Family::private_part) {
    cf.memtable_prefix_bloom_size_ratio = 0.02;
    cf.memtable_whole_key_filtering = true;
  }
  return cf;
}

}  // namespace

std::expected<std::unique_ptr<Database>, std::string> Database::open(std::string const& path, Options const& options, bool create) {
  auto const cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(Family::meta, options, cache));
  for (std::size_t i = 0; i < families; ++i) {
    descriptors.emplace_back(family_names[i], family_options(static_cast<Family>(i), options, cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status const status = rocksdb::DB::Open(database_options(options, create), path, descriptors, &handles, &db);
  if (!status.ok()) return std::unexpected(fmt::format("database {}: {}", path, status.ToString()));
  std::unique_ptr<Database> database(new Database);
  database->db_.reset(db);
  database->default_ = handles[0];
  for (std::size_t i = 0; i < families; ++i) database->handles_[i] = handles[i + 1];
  return database;
}

Database::~Database() {
  if (!db_) return;
  // Handles first, as RocksDB asks; a failing close loses nothing, because every write was synced.
  if (default_ != nullptr) (void)db_->DestroyColumnFamilyHandle(default_);
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle != nullptr) (void)db_->DestroyColumnFamilyHandle(handle);
  }
  (void)db_->Close();
}

rocksdb::WriteOptions synced_write() {
  rocksdb::WriteOptions write;
  write.sync = true;
  write.protection_bytes_per_key = batch_protection_bytes;
  return write;
}

std::string be64_key(std::uint64_t value) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(value >> (56 - 8 * i));
  return key;
}

std::uint64_t from_be64_key(std::string_view key) {
  assert(key.size() == 8);
  std::uint64_t value = 0;
  for (char c : key) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::string tile_key(std::uint8_t level, std::uint64_t index) {
  std::string key(1, static_cast<char>(level));
  key += be64_key(index);
  return key;
}

}  // namespace sluice::rocks
