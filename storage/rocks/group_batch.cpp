#include "storage/rocks/group_batch.hpp"

#include "storage/log/checkpoint.hpp"
#include "storage/log/second_path.hpp"
#include "storage/log/tree_hash.hpp"
#include "storage/rocks/private_rows.hpp"
#include "storage/rocks/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <memory>
#include <utility>

namespace sluice::rocks {
namespace {

// Feeds the second path with what the batch will write, byte for byte as serialised.
class EntryReader : public rocksdb::WriteBatch::Handler {
 public:
  EntryReader(Database& database, log::Sequence first, log::SecondPath& path)
      : entry_(database.handle(Family::entry)->GetID()), tile_(database.handle(Family::tile)->GetID()), next_(first), path_(&path) {}

  rocksdb::Status PutCF(std::uint32_t family, rocksdb::Slice const& key, rocksdb::Slice const& value) override {
    if (family == entry_) {
      if (view(key) != be64_key(next_)) return rocksdb::Status::Corruption(fmt::format("entry {} is not where it belongs", next_));
      ++next_;
      path_->entry(view(value));
    } else if (family == tile_) {
      if (key.size() != 9) return rocksdb::Status::Corruption("a tile's key is malformed");
      path_->tile({static_cast<std::uint8_t>(key[0]), from_be64_key(view(key).substr(1)), log::tile_width}, view(value));
    }
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t family, rocksdb::Slice const&) override {
    if (family == entry_ || family == tile_) return rocksdb::Status::Corruption("the batch deletes from the log");
    return rocksdb::Status::OK();
  }

 private:
  std::uint32_t entry_;
  std::uint32_t tile_;
  log::Sequence next_;
  log::SecondPath* path_;
};

}  // namespace

bool GroupBatch::put(Family family, std::string_view key, std::string_view value) {
  rocksdb::Status const status = batch_.Put(database_->handle(family), slice(key), slice(value));
  assert(status.ok());
  return status.ok();
}

std::expected<void, std::string> GroupBatch::add(KeyStore& keys, log::Group const& group, log::Derived const& derived) {
  bool ok = true;
  log::Sequence sequence = first_;
  for (std::string const& entry : group.entries) ok &= put(Family::entry, be64_key(sequence++), entry);
  for (log::Blob const& blob : group.blobs) {
    ok &= put(Family::blob, {reinterpret_cast<char const*>(blob.hash.bytes.data()), blob.hash.bytes.size()}, blob.bytes);
  }
  auto const change = [&](Family family, std::vector<log::RowChange> const& rows) {
    for (log::RowChange const& row : rows) {
      if (row.value) {
        ok &= put(family, row.key, *row.value);
      } else {
        ok &= batch_.Delete(database_->handle(family), slice(row.key)).ok();
      }
    }
  };
  change(Family::state, derived.state);
  change(Family::history, derived.history);
  // In key order each row's place in the memtable is found near that of the one before. Parts of one key stay in their order.
  std::vector<std::pair<std::string, log::PrivatePart const*>> parts;
  parts.reserve(group.private_parts.size());
  for (log::PrivatePart const& part : group.private_parts) parts.emplace_back(private_row_key(part.kind, part.owner, part.key), &part);
  std::ranges::stable_sort(parts, {}, [](auto const& each) -> std::string const& { return each.first; });
  std::map<std::int64_t, std::string> expiring;
  for (auto const& [row_key, part] : parts) {
    auto const key = keys.key_for_writing(part->owner);
    if (!key) return std::unexpected(key.error());
    ok &= put(Family::private_part, row_key, seal_private_part(*key, *part, row_key));
    if (part->expires_at_ms != 0) append_expiring(expiring[part->expires_at_ms], row_key);
  }
  for (auto const& [at_ms, row_keys] : expiring) ok &= put(Family::private_part, expiry_index_key(at_ms, first_), row_keys);
  if (!ok) return std::unexpected("the Group does not fit into one batch");
  return {};
}

void GroupBatch::grow(log::Tree& tree, log::Group const& group) {
  for (std::string const& entry : group.entries) tree.append(log::hash_leaf(entry), finished_);
  for (log::FinishedTile const& tile : finished_) put(Family::tile, tile_key(tile.tile.level, tile.tile.index), tile.bytes);
}

std::expected<log::PublishedCheckpoint, std::string> GroupBatch::sign(log::Tree const& tree, std::string const& frontier, log::Epoch epoch,
                                                                      log::NoteSigner const& signer) {
  log::SecondPath second(frontier);
  EntryReader reader(*database_, first_, second);
  if (rocksdb::Status const status = batch_.Iterate(&reader); !status.ok()) return std::unexpected(status.ToString());
  auto const result = second.finish();
  if (!result) return std::unexpected(result.error());
  policy::Hash const root = tree.root();
  frontier_ = tree.frontier().serialised();
  if (result->size != tree.size() || result->root != root || result->frontier != frontier_) {
    return std::unexpected(fmt::format("root {} of {} entries by the first path, {} of {} by the second", to_hex(root), tree.size(),
                                       to_hex(result->root), result->size));
  }
  note_ = log::sign_checkpoint(signer, tree.size(), root);
  put(Family::meta, meta_checkpoint, note_);
  put(Family::meta, meta_frontier, frontier_);
  put(Family::meta, meta_epoch, be64_key(epoch));
  std::string const mark = family_mark(tree.size(), root);
  for (std::size_t i = 0; i < families; ++i) {
    if (static_cast<Family>(i) != Family::entry) put(static_cast<Family>(i), "", mark);
  }
  return log::PublishedCheckpoint{tree.size(), root, note_};
}

rocksdb::Status GroupBatch::write() { return database_->db().Write(synced_write(), &batch_); }

std::expected<void, std::string> GroupBatch::read_back(log::Group const& group) const {
  rocksdb::ReadOptions const options;
  rocksdb::PinnableSlice value;
  auto const same = [&](Family family, std::string_view key, std::string_view meant) {
    value.Reset();
    return database_->db().Get(options, database_->handle(family), slice(key), &value).ok() && view(value) == meant;
  };
  constexpr std::size_t few = 8;  // an iterator costs as much as a few look-ups
  if (group.entries.size() <= few) {
    for (std::size_t i = 0; i < group.entries.size(); ++i) {
      if (!same(Family::entry, be64_key(first_ + i), group.entries[i]))
        return std::unexpected(fmt::format("entry {} reads back otherwise", first_ + i));
    }
  } else {
    std::unique_ptr<rocksdb::Iterator> const row(database_->db().NewIterator(options, database_->handle(Family::entry)));
    row->Seek(be64_key(first_));
    for (std::size_t i = 0; i < group.entries.size(); ++i, row->Next()) {
      if (!row->Valid() || view(row->key()) != be64_key(first_ + i) || view(row->value()) != group.entries[i]) {
        return std::unexpected(fmt::format("entry {} reads back otherwise", first_ + i));
      }
    }
  }
  for (log::FinishedTile const& tile : finished_) {
    if (!same(Family::tile, tile_key(tile.tile.level, tile.tile.index), tile.bytes)) {
      return std::unexpected(log::tile_path(tile.tile) + " reads back otherwise");
    }
  }
  if (!same(Family::meta, meta_checkpoint, note_)) return std::unexpected("the checkpoint reads back otherwise");
  if (!same(Family::meta, meta_frontier, frontier_)) return std::unexpected("the frontier reads back otherwise");
  return {};
}

}  // namespace sluice::rocks
