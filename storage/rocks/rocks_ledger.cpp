#include "storage/rocks/rocks_ledger.hpp"

#include "storage/log/checkpoint.hpp"
#include "storage/log/file.hpp"
#include "storage/log/group_check.hpp"
#include "storage/log/tree_hash.hpp"
#include "storage/rocks/database.hpp"
#include "storage/rocks/directory_lock.hpp"
#include "storage/rocks/group_batch.hpp"
#include "storage/rocks/high_water_mark.hpp"
#include "storage/rocks/key_store.hpp"
#include "storage/rocks/manifest_watch.hpp"
#include "storage/rocks/private_rows.hpp"
#include "storage/rocks/reader.hpp"
#include "storage/rocks/recovery.hpp"

#include <fmt/format.h>
#include <rocksdb/perf_level.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

namespace sluice::rocks {
namespace {

using log::AppendError;
using log::LedgerError;

std::unexpected<OpenError> refuse(OpenError::Kind kind, std::string message) {
  return std::unexpected(OpenError{kind, std::move(message)});
}

// A little more than a Group takes in a batch, so that the batch is allocated once.
std::size_t batch_bytes(log::Group const& group, log::Derived const& derived) {
  constexpr std::size_t overhead = 64;
  std::size_t bytes = 4'096 + (group.entries.size() / log::tile_width + 1) * log::tile_width * log::hash_bytes;
  for (std::string const& entry : group.entries) bytes += entry.size() + overhead;
  for (log::Blob const& blob : group.blobs) bytes += blob.bytes.size() + overhead;
  for (log::PrivatePart const& part : group.private_parts) {
    bytes += part.bytes.size() + 2 * (part.owner.size() + part.key.size()) + 3 * overhead;
  }
  for (auto const* rows : {&derived.state, &derived.history}) {
    for (log::RowChange const& row : *rows) bytes += row.key.size() + (row.value ? row.value->size() : 0) + overhead;
  }
  return bytes;
}

// Where an option leaves a place open, it is inside the directory.
struct Places {
  std::string lock, database, mark, keys, ballast;
  explicit Places(Options const& o)
      : lock(o.directory + "/lock"),
        database(o.directory + "/db"),
        mark(o.mark_file.empty() ? o.directory + "/high-water-mark" : o.mark_file),
        keys(o.keys_directory.empty() ? o.directory + "/keys" : o.keys_directory),
        ballast(o.directory + "/ballast") {}
};

OpenError key_error(KeyStore::Error const& error) {
  switch (error.kind) {
    case KeyStore::Error::Kind::missing:
      return {OpenError::Kind::missing, error.message};
    case KeyStore::Error::Kind::wrong_master_key:
      return {OpenError::Kind::wrong_key, error.message};
    case KeyStore::Error::Kind::io:
      break;
  }
  return {OpenError::Kind::io, error.message};
}

// A RocksDB directory without CURRENT would be created anew over whatever tables lie in it, so any file counts.
bool holds_database(std::string const& path) {
  std::error_code problem;
  std::filesystem::directory_iterator const files(path, problem);
  return !problem && files != std::filesystem::directory_iterator();
}

std::expected<std::unique_ptr<Database>, OpenError> open_database(std::string const& path, Options const& options) {
  auto database = Database::open(path, options, false);
  if (!database) return refuse(OpenError::Kind::damaged, database.error() + "; restore the ledger from a backup");
  return std::move(*database);
}

// The first Group's predecessor: an empty tree under a signed checkpoint, every family marked.
std::expected<std::unique_ptr<Database>, OpenError> create_database(std::string const& path, Options const& options,
                                                                    log::NoteSigner const& signer) {
  std::string const temporary = path + ".new";  // renamed when complete: a crash in here leaves no half-made database
  std::error_code problem;
  std::filesystem::remove_all(temporary, problem);
  {
    auto database = Database::open(temporary, options, true);
    if (!database) return refuse(OpenError::Kind::io, database.error());
    rocksdb::WriteBatch batch;
    auto const put = [&](Family family, std::string_view key, std::string_view value) {
      return batch.Put((*database)->handle(family), slice(key), slice(value)).ok();
    };
    policy::Hash const root = log::empty_root();
    bool ok = put(Family::meta, meta_format, format_line) && put(Family::meta, meta_checkpoint, log::sign_checkpoint(signer, 0, root)) &&
              put(Family::meta, meta_frontier, log::Frontier().serialised()) && put(Family::meta, meta_epoch, be64_key(0));
    for (std::size_t i = 0; i < families; ++i) {
      if (static_cast<Family>(i) != Family::entry) ok = ok && put(static_cast<Family>(i), "", family_mark(0, root));
    }
    rocksdb::Status const status = ok ? (*database)->db().Write(synced_write(), &batch) : rocksdb::Status::Aborted("batch");
    if (!status.ok()) return refuse(OpenError::Kind::io, fmt::format("create database {}: {}", temporary, status.ToString()));
  }
  std::filesystem::rename(temporary, path, problem);
  if (problem) return refuse(OpenError::Kind::io, fmt::format("create database {}: {}", path, problem.message()));
  if (auto synced = log::sync_directory(options.directory); !synced) return refuse(OpenError::Kind::io, synced.error());
  return open_database(path, options);
}

class OpenLedger : public RocksLedger {
 public:
  OpenLedger(Options const& options, Places places, log::NoteSigner signer, DirectoryLock lock, HighWaterMark mark, ManifestWatch manifest,
             std::shared_ptr<Database> database, std::shared_ptr<KeyStore> keys, Recovered recovered)
      : options_(options),
        places_(std::move(places)),
        signer_(std::move(signer)),
        lock_(std::move(lock)),
        mark_(std::move(mark)),
        manifest_(std::move(manifest)),
        database_(std::move(database)),
        keys_(std::move(keys)),
        tree_(std::move(recovered.tree)),
        frontier_(tree_.frontier().serialised()),
        epoch_(recovered.epoch) {
    publish(std::move(recovered.checkpoint));
  }

  log::Epoch epoch() const override { return epoch_; }
  bool writable() const override { return !poisoned_; }
  std::expected<std::string, std::string> derived_secret(std::string_view purpose) override {
    auto const key = keys_->key_for_writing("operator");
    if (!key) return std::unexpected(key.error());
    policy::Sha256 hash;
    policy::Hash const secret = hash.update("sluice derived 1").update(key->key.text()).update(purpose).finish();
    return std::string(secret.bytes.begin(), secret.bytes.end());
  }
  std::expected<FreeSpace, std::string> free_space() const override { return rocks::free_space(options_.directory); }
  std::expected<void, std::string> release_ballast() override { return rocks::release_ballast(places_.ballast); }

  std::expected<log::Appended, AppendError> append(log::Epoch epoch, log::Sequence first, log::Group const& group,
                                                   log::Derived const& derived) override {
    using Kind = AppendError::Kind;
    // RocksDB counts for a profile that nobody reads, thread by thread.
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    // 1. Refuse what must not be written; the ledger goes on.
    if (poisoned_) return std::unexpected(AppendError{Kind::poisoned, poisoned_message});
    if (auto problem = log::check_append(epoch_, tree_.size(), epoch, first, group, derived)) return std::unexpected(std::move(*problem));
    if (auto problem = check_space()) return std::unexpected(std::move(*problem));
    // 2. One batch, its root computed twice. From here on any failure is final for this process.
    GroupBatch batch(*database_, first, batch_bytes(group, derived));
    if (auto added = batch.add(*keys_, group, derived); !added) return poison(added.error());
    batch.grow(tree_, group);
    auto checkpoint = batch.sign(tree_, frontier_, epoch, signer_);
    if (!checkpoint) return poison("nothing was signed: " + checkpoint.error());
    // 3. Durable, read back, and marked outside the database.
    if (rocksdb::Status const status = batch.write(); !status.ok()) return poison("write: " + status.ToString());
    if (auto same = batch.read_back(group); !same) return poison(same.error());
    auto const manifest = manifest_.observe();
    if (!manifest) return poison(manifest.error());
    if (auto marked = mark_.write({checkpoint->size, checkpoint->root, *manifest}); !marked) return poison(marked.error());
    // 4. Now others may see it.
    frontier_ = batch.frontier();
    epoch_ = epoch;
    log::Appended const appended{first, checkpoint->size, checkpoint->root};
    publish(std::move(*checkpoint));
    return appended;
  }

  std::unique_ptr<log::LedgerReader> snapshot() const override { return std::make_unique<Reader>(*reader()); }

  std::expected<void, LedgerError> erase_owner(std::string_view owner) override {
    if (poisoned_) return std::unexpected(LedgerError{LedgerError::Kind::poisoned, poisoned_message});
    // The key first: whatever happens afterwards, nothing can be opened any more.
    if (auto erased = keys_->erase(owner); !erased) return std::unexpected(LedgerError{LedgerError::Kind::io, erased.error()});
    if (owner.empty() || owner.find('\0') != std::string_view::npos) return {};
    for (auto const kind :
         {log::PrivateKind::payload, log::PrivateKind::idempotency, log::PrivateKind::evidence, log::PrivateKind::secret_state}) {
      auto const deleted = delete_rows(private_prefix(kind, owner));
      if (!deleted) return std::unexpected(deleted.error());
    }
    publish(reader()->checkpoint());
    return {};
  }

  std::expected<std::size_t, LedgerError> purge_expired(std::int64_t now_ms, std::size_t limit) override {
    if (poisoned_) return std::unexpected(LedgerError{LedgerError::Kind::poisoned, poisoned_message});
    rocksdb::WriteBatch batch(0, 0, batch_protection_bytes, 0);
    rocksdb::ColumnFamilyHandle* const family = database_->handle(Family::private_part);
    std::size_t purged = 0;
    rocksdb::ReadOptions const options;
    std::unique_ptr<rocksdb::Iterator> const row(database_->db().NewIterator(options, family));
    for (row->Seek("x"); row->Valid() && purged < limit; row->Next()) {
      auto const expiry = parse_expiry_index_key(view(row->key()));
      if (!expiry || *expiry > now_ms) break;
      std::string_view left = view(row->value());
      while (purged < limit && !left.empty()) {
        auto const row_key = take_expiring(left);
        if (!row_key) return std::unexpected(LedgerError{LedgerError::Kind::damaged, "purge: a row of the expiry index is malformed"});
        auto const deleted = delete_if_expired(batch, *row_key, *expiry);
        if (!deleted) return std::unexpected(deleted.error());
        if (*deleted) ++purged;
      }
      // What the limit left over stays in the index.
      rocksdb::Status const noted = left.empty() ? batch.Delete(family, row->key()) : batch.Put(family, row->key(), slice(left));
      if (!noted.ok()) return std::unexpected(ledger_error(noted, "purge"));
    }
    if (!row->status().ok()) return std::unexpected(ledger_error(row->status(), "purge"));
    if (batch.Count() == 0) return 0;
    if (auto written = write(batch); !written) return std::unexpected(written.error());
    publish(reader()->checkpoint());
    return purged;
  }

  // Reads, all on the published view.
  std::uint64_t size() const override { return reader()->size(); }
  log::PublishedCheckpoint checkpoint() const override { return reader()->checkpoint(); }
  std::expected<std::optional<std::string>, LedgerError> entry(log::Sequence index) const override { return reader()->entry(index); }
  std::expected<void, LedgerError> scan_entries(log::Sequence first, std::uint64_t count, log::EntryVisitor const& visit) const override {
    return reader()->scan_entries(first, count, visit);
  }
  std::expected<std::optional<std::string>, LedgerError> tile(log::TileId const& tile) const override { return reader()->tile(tile); }
  std::expected<std::optional<std::string>, LedgerError> row(log::Table table, std::string_view key) const override {
    return reader()->row(table, key);
  }
  std::expected<void, LedgerError> scan_rows(log::Table table, log::RowRange const& range, log::RowVisitor const& visit) const override {
    return reader()->scan_rows(table, range, visit);
  }
  std::expected<std::optional<std::string>, LedgerError> blob(policy::Hash const& hash) const override { return reader()->blob(hash); }
  std::expected<void, LedgerError> scan_blobs(log::BlobVisitor const& visit) const override { return reader()->scan_blobs(visit); }
  std::expected<std::optional<log::OpenedPart>, LedgerError> private_part(log::PrivateKind kind, std::string_view owner,
                                                                          std::string_view key) const override {
    return reader()->private_part(kind, owner, key);
  }
  std::expected<void, LedgerError> scan_private_parts(log::PrivateKind kind, log::PrivatePartVisitor const& visit) const override {
    return reader()->scan_private_parts(kind, visit);
  }

 private:
  static constexpr char const* poisoned_message = "an earlier write failed: restart, so that what is on disk is adopted";

  std::shared_ptr<Reader const> reader() const {
    std::scoped_lock const lock(published_mutex_);
    return published_;
  }

  void publish(log::PublishedCheckpoint checkpoint) {
    auto next = std::make_shared<Reader const>(database_, keys_, std::move(checkpoint), tree_.right_edge());
    std::scoped_lock const lock(published_mutex_);
    published_.swap(next);  // the old view is released outside the lock
  }

  std::unexpected<AppendError> poison(std::string message) {
    poisoned_ = true;
    return std::unexpected(AppendError{AppendError::Kind::unknown, std::move(message)});
  }

  std::optional<AppendError> check_space() const {
    auto const space = free_space();
    if (!space) return AppendError{AppendError::Kind::no_space, space.error()};
    if (space->available_bytes >= options_.free_bytes_floor) return std::nullopt;
    return AppendError{AppendError::Kind::no_space, fmt::format("{}: {} bytes free, the floor is {}; make room", options_.directory,
                                                                space->available_bytes, options_.free_bytes_floor)};
  }

  std::expected<void, LedgerError> write(rocksdb::WriteBatch& batch) {
    rocksdb::Status const status = database_->db().Write(synced_write(), &batch);
    if (status.ok()) return {};
    poisoned_ = true;
    return std::unexpected(ledger_error(status, "write"));
  }

  // False when it is gone, or was stored again since with another expiry: that has an index entry of its own.
  std::expected<bool, LedgerError> delete_if_expired(rocksdb::WriteBatch& batch, std::string_view row_key, std::int64_t expires_at_ms) {
    rocksdb::ColumnFamilyHandle* const family = database_->handle(Family::private_part);
    std::string value;
    rocksdb::Status status = database_->db().Get(rocksdb::ReadOptions(), family, slice(row_key), &value);
    if (status.IsNotFound() || (status.ok() && expiry_of(value) != expires_at_ms)) return false;
    if (status.ok()) status = batch.Delete(family, slice(row_key));
    if (!status.ok()) return std::unexpected(ledger_error(status, "purge"));
    return true;
  }

  // All rows under a prefix of the private family, in bounded batches. The expiry index may still name them until its time comes.
  std::expected<void, LedgerError> delete_rows(std::string const& prefix) {
    constexpr std::uint32_t rows_at_once = 10'000;
    rocksdb::ColumnFamilyHandle* const family = database_->handle(Family::private_part);
    rocksdb::WriteBatch batch(0, 0, batch_protection_bytes, 0);
    std::unique_ptr<rocksdb::Iterator> const row(database_->db().NewIterator(rocksdb::ReadOptions(), family));
    for (row->Seek(prefix); row->Valid() && row->key().starts_with(prefix); row->Next()) {
      rocksdb::Status const status = batch.Delete(family, row->key());
      if (!status.ok()) return std::unexpected(ledger_error(status, "erase"));
      if (batch.Count() < rows_at_once) continue;
      if (auto written = write(batch); !written) return written;
      batch.Clear();
    }
    if (!row->status().ok()) return std::unexpected(ledger_error(row->status(), "erase"));
    if (batch.Count() == 0) return {};
    return write(batch);
  }

  Options options_;
  Places places_;
  log::NoteSigner signer_;
  DirectoryLock lock_;
  HighWaterMark mark_;
  ManifestWatch manifest_;
  std::shared_ptr<Database> database_;
  std::shared_ptr<KeyStore> keys_;
  log::Tree tree_;        // the committer's own; readers see published_
  std::string frontier_;  // the row as last written
  std::atomic<log::Epoch> epoch_;
  std::atomic<bool> poisoned_ = false;
  mutable std::mutex published_mutex_;
  std::shared_ptr<Reader const> published_;
};

std::expected<void, OpenError> make_directory(std::string const& path) {
  std::error_code problem;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), problem);
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return refuse(OpenError::Kind::io, fmt::format("create {}: {}", path, std::strerror(errno)));
}

}  // namespace

std::expected<std::size_t, OpenError> RocksLedger::rewrap_keys(Options const& options, std::string_view master_key, std::string_view next) {
  auto const current = SecretKey::from_bytes(master_key);
  auto const following = SecretKey::from_bytes(next);
  if (!current || !following) return refuse(OpenError::Kind::invalid, "a master key has 32 bytes");
  Places const places(options);
  auto const lock = DirectoryLock::take(places.lock);
  if (!lock) return std::unexpected(lock.error());
  auto const rewrapped = rocks::rewrap_keys(places.keys, *current, *following);
  if (!rewrapped) return refuse(OpenError::Kind::wrong_key, rewrapped.error());
  return *rewrapped;
}

std::expected<std::unique_ptr<RocksLedger>, OpenError> RocksLedger::open(Options const& options, log::NoteSigner const& signer,
                                                                         std::string_view master_key) {
  using Kind = OpenError::Kind;
  // 1. Options and keys.
  if (options.directory.empty()) return refuse(Kind::invalid, "the ledger's directory is not set");
  auto const master = SecretKey::from_bytes(master_key);
  if (!master) return refuse(Kind::invalid, fmt::format("the master key has {} bytes, expected 32", master_key.size()));
  std::vector<log::NoteVerifier> verifiers{signer.verifier()};
  for (std::string const& line : options.earlier_keys) {
    auto verifier = log::NoteVerifier::parse(line);
    if (!verifier) return refuse(Kind::invalid, "earlier key: " + verifier.error());
    verifiers.push_back(std::move(*verifier));
  }
  // 2. Alone.
  Places const places(options);
  if (auto made = make_directory(options.directory); !made) return std::unexpected(made.error());
  auto lock = DirectoryLock::take(places.lock);
  if (!lock) return std::unexpected(lock.error());
  bool const there = holds_database(places.database);
  auto opened_keys = KeyStore::open(places.keys, *master, !there || options.adopt_without_keys);
  if (!opened_keys) return std::unexpected(key_error(opened_keys.error()));
  // 3. Mark, keys and database belong together: none may be there without the others.
  auto opened_mark = HighWaterMark::open(places.mark);
  if (!opened_mark && !options.adopt_without_mark)
    return refuse(Kind::damaged, opened_mark.error() + "; restore it, or adopt the database without it");
  std::optional<HighWaterMark> mark;
  if (opened_mark) mark = std::move(*opened_mark);
  if (!there && mark && mark->mark().size > 0) {
    return refuse(Kind::missing, fmt::format("{} entries were acknowledged, but there is no database at {}; restore it", mark->mark().size,
                                             places.database));
  }
  if (there && !mark && !options.adopt_without_mark) {
    return refuse(Kind::missing,
                  fmt::format("there is a database at {}, but no high-water mark at {}: whether entries are missing cannot be told; "
                              "restore the mark, or adopt the database without it",
                              places.database, places.mark));
  }
  if (!there && !mark && holds_owner_keys(places.keys)) {
    return refuse(Kind::missing, fmt::format("the owners' keys of a ledger are in {}, but there is neither its database at {} nor its "
                                             "high-water mark at {}; restore them, or move the keys away to begin a new ledger",
                                             places.keys, places.database, places.mark));
  }
  // 4. The database, proven.
  if (auto placed = place_ballast(places.ballast, options.ballast_bytes, 2 * options.free_bytes_floor); !placed) {
    return refuse(Kind::io, placed.error());
  }
  if (auto wanting = too_little_room_to_open(options.directory, places.database, places.ballast)) {
    return refuse(Kind::io, std::move(*wanting));
  }
  if (!there && !mark) {
    auto created = HighWaterMark::create(places.mark, {0, log::empty_root()});
    if (!created) return refuse(Kind::io, created.error());
    mark = std::move(*created);
  }
  if (there && mark) {
    if (auto intact = check_manifest(places.database, mark->mark().manifest); !intact) {
      return refuse(Kind::damaged, intact.error() + "; restore the ledger from a backup");
    }
  }
  auto opened_database = there ? open_database(places.database, options) : create_database(places.database, options, signer);
  if (!opened_database) return std::unexpected(opened_database.error());
  std::shared_ptr<Database> const database = std::move(*opened_database);
  auto recovered = recover(*database, verifiers, mark ? &mark->mark() : nullptr);
  if (!recovered) return std::unexpected(recovered.error());
  // 5. A Group that was durable but not yet acknowledged is adopted, and marked before anyone can see it.
  ManifestWatch manifest(places.database);
  auto const point = manifest.observe();
  if (!point) return refuse(Kind::io, point.error());
  Mark const now{recovered->checkpoint.size, recovered->checkpoint.root, *point};
  if (!mark) {
    auto created = HighWaterMark::create(places.mark, now);
    if (!created) return refuse(Kind::io, created.error());
    mark = std::move(*created);
  } else if (auto marked = mark->write(now); !marked) {
    return refuse(Kind::io, marked.error());
  }
  return std::make_unique<OpenLedger>(options, places, signer, std::move(*lock), std::move(*mark), std::move(manifest), database,
                                      std::shared_ptr<KeyStore>(std::move(*opened_keys)), std::move(*recovered));
}

}  // namespace sluice::rocks
