#include "storage/rocks/recovery.hpp"

#include "storage/log/checkpoint.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tree_hash.hpp"

#include <fmt/format.h>

namespace sluice::rocks {
namespace {

std::expected<std::string, OpenError> get(Database& database, Family family, std::string_view key, std::string_view what) {
  std::string value;
  rocksdb::Status const status = database.db().Get(rocksdb::ReadOptions(), database.handle(family), slice(key), &value);
  if (status.ok()) return value;
  OpenError::Kind const kind = status.IsCorruption() ? OpenError::Kind::damaged
                               : status.IsNotFound() ? OpenError::Kind::missing
                                                     : OpenError::Kind::io;
  return std::unexpected(OpenError{kind, fmt::format("{}: {}; restore the ledger from a backup", what, status.ToString())});
}

std::unexpected<OpenError> damaged(std::string message) {
  return std::unexpected(OpenError{OpenError::Kind::damaged, std::move(message) + "; restore the ledger from a backup"});
}

// Leaf hashes of the entries after the last full tile, from the entries' own bytes.
std::expected<std::vector<policy::Hash>, OpenError> last_leaves(Database& database, std::uint64_t size) {
  std::vector<policy::Hash> leaves;
  for (std::uint64_t i = size - size % log::tile_width; i < size; ++i) {
    auto const entry = get(database, Family::entry, be64_key(i), fmt::format("entry {} of {}", i, size));
    if (!entry) return std::unexpected(entry.error());
    leaves.push_back(log::hash_leaf(*entry));
  }
  return leaves;
}

// Each entry is written once and never deleted, so the tables' own counts must add up to the log's size: a lost log file or table
// in the middle is found without reading the entries.
std::expected<void, OpenError> count_entries(Database& database, std::uint64_t size) {
  rocksdb::ColumnFamilyHandle* const family = database.handle(Family::entry);
  rocksdb::TablePropertiesCollection tables;
  if (rocksdb::Status const status = database.db().GetPropertiesOfAllTables(family, &tables); !status.ok()) {
    return damaged("the entries' tables: " + status.ToString());
  }
  std::uint64_t count = 0;
  for (auto const& [name, properties] : tables) count += properties->num_entries;
  for (auto const* const property :
       {&rocksdb::DB::Properties::kNumEntriesActiveMemTable, &rocksdb::DB::Properties::kNumEntriesImmMemTables}) {
    std::uint64_t unflushed = 0;
    if (!database.db().GetIntProperty(family, *property, &unflushed)) return damaged("the entries not yet in tables cannot be counted");
    count += unflushed;
  }
  if (count == size) return {};
  return std::unexpected(
      OpenError{OpenError::Kind::missing, fmt::format("the log has {} entries, the database holds {} of them; restore the ledger from a "
                                                      "backup",
                                                      size, count)});
}

}  // namespace

std::string family_mark(std::uint64_t size, policy::Hash const& root) {
  std::string mark = be64_key(size);
  mark.append(reinterpret_cast<char const*>(root.bytes.data()), root.bytes.size());
  return mark;
}

log::TileBytesReader stored_tiles(Database& database) {
  return [&database](log::TileId const& id) -> std::expected<std::string, std::string> {
    std::string bytes;
    rocksdb::Status const status =
        database.db().Get(rocksdb::ReadOptions(), database.handle(Family::tile), tile_key(id.level, id.index), &bytes);
    if (!status.ok()) return std::unexpected(fmt::format("{}: {}", log::tile_path(id), status.ToString()));
    return bytes;
  };
}

std::expected<Recovered, OpenError> recover(Database& database, std::span<log::NoteVerifier const> verifiers, Mark const* mark) {
  // 1. Our format, and what the last Group wrote.
  auto const format = get(database, Family::meta, meta_format, "the ledger's format line");
  if (!format) return std::unexpected(format.error());
  if (*format != format_line) {
    return std::unexpected(OpenError{OpenError::Kind::invalid, fmt::format("the database says it is '{}', this build reads '{}'; start the "
                                                                           "release that wrote it",
                                                                           *format, format_line)});
  }
  auto const note = get(database, Family::meta, meta_checkpoint, "the stored checkpoint");
  if (!note) return std::unexpected(note.error());
  auto const frontier = get(database, Family::meta, meta_frontier, "the stored frontier");
  if (!frontier) return std::unexpected(frontier.error());
  auto const epoch = get(database, Family::meta, meta_epoch, "the stored epoch");
  if (!epoch) return std::unexpected(epoch.error());
  if (epoch->size() != 8) return damaged("the stored epoch is malformed");
  auto const parsed = log::Frontier::parse(*frontier);
  if (!parsed) return damaged("the stored frontier is malformed: " + parsed.error());
  std::uint64_t const size = parsed->size();
  policy::Hash const root = parsed->root();

  // 2. Nothing acknowledged is missing.
  if (mark != nullptr && size < mark->size) {
    return std::unexpected(OpenError{OpenError::Kind::missing,
                                     fmt::format("{} entries were acknowledged, the database holds {}: entries {} to {} are missing; "
                                                 "restore the ledger from a backup",
                                                 mark->size, size, size, mark->size - 1)});
  }
  for (std::size_t i = 0; i < families; ++i) {
    auto const family = static_cast<Family>(i);
    if (family == Family::entry) continue;
    std::string const name = database.handle(family)->GetName();
    auto const own = get(database, family, "", fmt::format("the mark of column family {}", name));
    if (!own) return std::unexpected(own.error());
    if (*own != family_mark(size, root))
      return damaged(fmt::format("column family {} is not at the ledger's size of {} entries", name, size));
  }

  if (auto counted = count_entries(database, size); !counted) return std::unexpected(counted.error());

  // 3. Right edge, frontier, root and signature agree.
  auto const leaves = last_leaves(database, size);
  if (!leaves) return std::unexpected(leaves.error());
  auto tree = log::Tree::restore(size, *leaves, stored_tiles(database));
  if (!tree) return damaged("the tree cannot be rebuilt: " + tree.error());
  if (tree->frontier().serialised() != *frontier) {
    return damaged(
        fmt::format("entries {} to {} and the tiles before them do not hash to the stored frontier", size - size % log::tile_width, size));
  }
  auto const opened = log::open_note(*note, verifiers);
  if (!opened) {
    return std::unexpected(
        OpenError{OpenError::Kind::wrong_key,
                  fmt::format("the stored checkpoint: {}; use the key that signed it, or list it as an earlier key", opened.error())});
  }
  auto const checkpoint = log::parse_checkpoint(opened->note.text);
  if (!checkpoint) return damaged("the stored " + checkpoint.error());
  if (checkpoint->size != size || checkpoint->root != root) {
    return damaged(fmt::format("the stored checkpoint is over {} entries with root {}, the tree has {} with {}", checkpoint->size,
                               to_hex(checkpoint->root), size, to_hex(root)));
  }

  // 4. It is the same log that was acknowledged.
  if (mark != nullptr) {
    log::TileBytesReader tiles = [edge = tree->right_edge(),
                                  stored = stored_tiles(database)](log::TileId const& id) -> std::expected<std::string, std::string> {
      if (auto bytes = edge.tile(id)) return std::move(*bytes);
      return stored(id);
    };
    auto const then = log::root_at(log::node_reader(std::move(tiles), size), mark->size);
    if (!then) return damaged("the root at the high-water mark cannot be computed: " + then.error());
    if (*then != mark->root) {
      return damaged(fmt::format("at {} entries the acknowledged root was {}, the database has {}: it is another history", mark->size,
                                 to_hex(mark->root), to_hex(*then)));
    }
  }
  return Recovered{std::move(*tree), {size, root, *note}, from_be64_key(*epoch)};
}

}  // namespace sluice::rocks
