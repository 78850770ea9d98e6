#include "storage/log/memory_ledger.hpp"

#include "storage/log/checkpoint.hpp"
#include "storage/log/group_check.hpp"
#include "storage/log/tree.hpp"
#include "storage/log/tree_hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

namespace sluice::log {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;
using PartKey = std::tuple<PrivateKind, std::string, std::string>;

// Everything one Group changes.
struct Contents {
  std::vector<std::string> entries;
  std::map<std::pair<std::uint8_t, std::uint64_t>, std::string> tiles;
  Rows state;
  Rows history;
  std::map<policy::Hash, std::string> blobs;
  std::map<PartKey, OpenedPart> parts;
  Tree tree;
  Epoch epoch = 0;
  PublishedCheckpoint checkpoint;

  Rows const& rows(Table table) const { return table == Table::state ? state : history; }
};

void change_rows(Rows& rows, std::vector<RowChange> const& changes) {
  for (RowChange const& change : changes) {
    if (change.value) {
      rows[change.key] = *change.value;
    } else {
      rows.erase(change.key);
    }
  }
}

void apply(Contents& contents, Epoch epoch, Group const& group, Derived const& derived, NoteSigner const& signer) {
  std::vector<FinishedTile> finished;
  for (std::string const& entry : group.entries) {
    contents.entries.push_back(entry);
    contents.tree.append(hash_leaf(entry), finished);
  }
  for (FinishedTile& tile : finished) contents.tiles[{tile.tile.level, tile.tile.index}] = std::move(tile.bytes);
  for (Blob const& blob : group.blobs) contents.blobs[blob.hash] = blob.bytes;
  for (PrivatePart const& part : group.private_parts) contents.parts[{part.kind, part.owner, part.key}] = {part.bytes, part.expires_at_ms};
  change_rows(contents.state, derived.state);
  change_rows(contents.history, derived.history);
  contents.epoch = epoch;
  std::uint64_t const size = contents.entries.size();
  policy::Hash const root = contents.tree.root();
  contents.checkpoint = {size, root, sign_checkpoint(signer, size, root)};
}

// A visit works on a copy of its range, so a visitor may call the ledger and sees one moment, as on a database snapshot.
std::vector<std::pair<std::string, std::string>> copy_range(Rows const& rows, RowRange const& range) {
  std::vector<std::pair<std::string, std::string>> copy;
  auto const in_range = [&](std::string const& key) {
    return range.from.empty() || (range.reverse ? key < range.from : key >= range.from);
  };
  for (auto row = rows.lower_bound(range.prefix); row != rows.end() && row->first.starts_with(range.prefix); ++row) {
    if (in_range(row->first)) copy.push_back(*row);
  }
  if (range.reverse) std::ranges::reverse(copy);
  return copy;
}

// Reads of one Contents; the caller sees to it that it does not change meanwhile.
class ContentsReader : public LedgerReader {
 public:
  explicit ContentsReader(std::shared_ptr<Contents const> contents) : contents_(std::move(contents)) {}

  std::uint64_t size() const override { return contents_->checkpoint.size; }
  PublishedCheckpoint checkpoint() const override { return contents_->checkpoint; }

  std::expected<std::optional<std::string>, LedgerError> entry(Sequence index) const override {
    if (index >= size()) return std::nullopt;
    return contents_->entries[index];
  }
  std::expected<void, LedgerError> scan_entries(Sequence first, std::uint64_t count, EntryVisitor const& visit) const override {
    if (first >= size()) return {};
    auto const begin = contents_->entries.begin() + static_cast<std::ptrdiff_t>(first);
    std::vector<std::string> const copy(begin, begin + static_cast<std::ptrdiff_t>(std::min(count, size() - first)));
    for (std::size_t i = 0; i < copy.size(); ++i) {
      if (!visit(first + i, copy[i])) break;
    }
    return {};
  }
  std::expected<std::optional<std::string>, LedgerError> tile(TileId const& tile) const override {
    if (tile.width == 0 || tile.width > tile_width) return std::nullopt;
    auto const full = contents_->tiles.find({tile.level, tile.index});
    if (full != contents_->tiles.end()) return full->second.substr(0, tile.width * hash_bytes);
    return contents_->tree.right_edge().tile(tile);
  }
  std::expected<std::optional<std::string>, LedgerError> row(Table table, std::string_view key) const override {
    Rows const& rows = contents_->rows(table);
    auto const row = rows.find(key);
    if (row == rows.end()) return std::nullopt;
    return row->second;
  }
  std::expected<void, LedgerError> scan_rows(Table table, RowRange const& range, RowVisitor const& visit) const override {
    for (auto const& [key, value] : copy_range(contents_->rows(table), range)) {
      if (!visit(key, value)) break;
    }
    return {};
  }
  std::expected<std::optional<std::string>, LedgerError> blob(policy::Hash const& hash) const override {
    auto const blob = contents_->blobs.find(hash);
    if (blob == contents_->blobs.end()) return std::nullopt;
    return blob->second;
  }
  std::expected<void, LedgerError> scan_blobs(BlobVisitor const& visit) const override {
    auto const copy = contents_->blobs;
    for (auto const& [hash, bytes] : copy) {
      if (!visit(hash, bytes)) break;
    }
    return {};
  }
  std::expected<std::optional<OpenedPart>, LedgerError> private_part(PrivateKind kind, std::string_view owner,
                                                                     std::string_view key) const override {
    auto const part = contents_->parts.find({kind, std::string(owner), std::string(key)});
    if (part == contents_->parts.end()) return std::nullopt;
    return part->second;
  }
  std::expected<void, LedgerError> scan_private_parts(PrivateKind kind, PrivatePartVisitor const& visit) const override {
    auto const copy = contents_->parts;
    for (auto const& [id, part] : copy) {
      if (std::get<0>(id) != kind) continue;
      if (!visit({kind, std::get<1>(id), std::get<2>(id), part.bytes, part.expires_at_ms})) break;
    }
    return {};
  }

 private:
  std::shared_ptr<Contents const> contents_;
};

NoteSigner fixed_signer() {
  std::string const seed(32, '\x42');
  return {"sluice.test/memory", *Ed25519Key::from_seed(policy::bytes_of(seed))};
}

}  // namespace

class MemoryDisk {
 public:
  std::shared_ptr<Contents> contents;  // null: nothing was ever opened here
  std::vector<std::string> torn;       // the half of a Group that a crash left behind
};

std::shared_ptr<MemoryDisk> make_memory_disk() { return std::make_shared<MemoryDisk>(); }

struct MemoryLedger::State {
  NoteSigner signer;
  std::shared_ptr<MemoryDisk> disk;
  mutable std::recursive_mutex mutex = {};           // recursive: a visitor may call back
  std::shared_ptr<Contents> contents = {};           // the disk's, until they part in a failed append
  std::map<std::uint64_t, AppendFault> faults = {};  // by number of the attempt
  std::uint64_t attempts = 0;
  bool poisoned = false;

  std::expected<void, LedgerError> writable() const {
    if (poisoned)
      return std::unexpected(LedgerError{LedgerError::Kind::poisoned, "an earlier append ended unknown: restart and adopt the disk"});
    return {};
  }
};

MemoryLedger::MemoryLedger(NoteSigner signer, std::shared_ptr<MemoryDisk> disk)
    : state_(new State{.signer = std::move(signer), .disk = std::move(disk)}) {
  MemoryDisk& storage = *state_->disk;
  storage.torn.clear();
  if (!storage.contents) {
    storage.contents = std::make_shared<Contents>();
    storage.contents->checkpoint = {0, empty_root(), sign_checkpoint(state_->signer, 0, empty_root())};
  }
  state_->contents = storage.contents;
}
MemoryLedger::MemoryLedger() : MemoryLedger(fixed_signer(), make_memory_disk()) {}
MemoryLedger::~MemoryLedger() = default;

void MemoryLedger::fail_append(std::uint64_t after, AppendFault fault) {
  std::scoped_lock const lock(state_->mutex);
  state_->faults[state_->attempts + after] = fault;
}
std::uint64_t MemoryLedger::append_attempts() const {
  std::scoped_lock const lock(state_->mutex);
  return state_->attempts;
}
NoteSigner const& MemoryLedger::signer() const { return state_->signer; }

Epoch MemoryLedger::epoch() const {
  std::scoped_lock const lock(state_->mutex);
  return state_->contents->epoch;
}

std::expected<Appended, AppendError> MemoryLedger::append(Epoch epoch, Sequence first, Group const& group, Derived const& derived) {
  using Kind = AppendError::Kind;
  std::scoped_lock const lock(state_->mutex);
  State& s = *state_;
  std::uint64_t const attempt = s.attempts++;
  if (s.poisoned) return std::unexpected(AppendError{Kind::poisoned, "an earlier append ended unknown: restart and adopt the disk"});
  if (auto problem = check_append(s.contents->epoch, s.contents->checkpoint.size, epoch, first, group, derived)) {
    return std::unexpected(std::move(*problem));
  }
  if (auto const fault = s.faults.find(attempt); fault != s.faults.end()) {
    switch (fault->second) {
      case AppendFault::fenced:
        s.contents->epoch = epoch + 1;
        return std::unexpected(AppendError{Kind::fenced, "injected: another writer took over"});
      case AppendFault::no_space:
        return std::unexpected(AppendError{Kind::no_space, "injected: the disk is at its floor"});
      case AppendFault::before_write:
        break;
      case AppendFault::torn:
        s.disk->torn.assign(group.entries.begin(), group.entries.begin() + static_cast<std::ptrdiff_t>((group.entries.size() + 1) / 2));
        break;
      case AppendFault::after_write:
        s.contents = std::make_shared<Contents>(*s.contents);  // readers stay with what was acknowledged
        apply(*s.disk->contents, epoch, group, derived, s.signer);
        break;
    }
    s.poisoned = true;
    return std::unexpected(AppendError{Kind::unknown, "injected: the outcome of this append is unknown"});
  }
  apply(*s.contents, epoch, group, derived, s.signer);
  return Appended{first, s.contents->checkpoint.size, s.contents->checkpoint.root};
}

std::unique_ptr<LedgerReader> MemoryLedger::snapshot() const {
  std::scoped_lock const lock(state_->mutex);
  return std::make_unique<ContentsReader>(std::make_shared<Contents const>(*state_->contents));
}

std::expected<void, LedgerError> MemoryLedger::erase_owner(std::string_view owner) {
  std::scoped_lock const lock(state_->mutex);
  if (auto ok = state_->writable(); !ok) return ok;
  std::erase_if(state_->contents->parts, [&](auto const& part) { return std::get<1>(part.first) == owner; });
  return {};
}

std::expected<std::size_t, LedgerError> MemoryLedger::purge_expired(std::int64_t now_ms, std::size_t limit) {
  std::scoped_lock const lock(state_->mutex);
  if (auto ok = state_->writable(); !ok) return std::unexpected(ok.error());
  std::vector<std::pair<std::int64_t, PartKey>> due;
  for (auto const& [id, part] : state_->contents->parts) {
    if (part.expires_at_ms != 0 && part.expires_at_ms <= now_ms) due.emplace_back(part.expires_at_ms, id);
  }
  std::ranges::sort(due);
  if (due.size() > limit) due.resize(limit);
  for (auto const& [expiry, id] : due) state_->contents->parts.erase(id);
  return due.size();
}

// Reads: one reader over the contents, under the lock.

std::uint64_t MemoryLedger::size() const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).size();
}
PublishedCheckpoint MemoryLedger::checkpoint() const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).checkpoint();
}
std::expected<std::optional<std::string>, LedgerError> MemoryLedger::entry(Sequence index) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).entry(index);
}
std::expected<void, LedgerError> MemoryLedger::scan_entries(Sequence first, std::uint64_t count, EntryVisitor const& visit) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).scan_entries(first, count, visit);
}
std::expected<std::optional<std::string>, LedgerError> MemoryLedger::tile(TileId const& tile) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).tile(tile);
}
std::expected<std::optional<std::string>, LedgerError> MemoryLedger::row(Table table, std::string_view key) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).row(table, key);
}
std::expected<void, LedgerError> MemoryLedger::scan_rows(Table table, RowRange const& range, RowVisitor const& visit) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).scan_rows(table, range, visit);
}
std::expected<std::optional<std::string>, LedgerError> MemoryLedger::blob(policy::Hash const& hash) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).blob(hash);
}
std::expected<void, LedgerError> MemoryLedger::scan_blobs(BlobVisitor const& visit) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).scan_blobs(visit);
}
std::expected<std::optional<OpenedPart>, LedgerError> MemoryLedger::private_part(PrivateKind kind, std::string_view owner,
                                                                                 std::string_view key) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).private_part(kind, owner, key);
}
std::expected<void, LedgerError> MemoryLedger::scan_private_parts(PrivateKind kind, PrivatePartVisitor const& visit) const {
  std::scoped_lock const lock(state_->mutex);
  return ContentsReader(state_->contents).scan_private_parts(kind, visit);
}

}  // namespace sluice::log
