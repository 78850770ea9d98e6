#include "storage/rocks/reader.hpp"

#include "storage/rocks/private_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice::rocks {
namespace {

using log::LedgerError;

LedgerError damage(std::string message) { return {LedgerError::Kind::damaged, std::move(message)}; }

}  // namespace

LedgerError ledger_error(rocksdb::Status const& status, std::string_view doing) {
  auto const kind = status.IsCorruption() ? LedgerError::Kind::damaged : LedgerError::Kind::io;
  return {kind, fmt::format("{}: {}", doing, status.ToString())};
}

std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

PinnedSnapshot::PinnedSnapshot(std::shared_ptr<Database> database)
    : database_(std::move(database)), snapshot_(database_->db().GetSnapshot()) {}
PinnedSnapshot::~PinnedSnapshot() { database_->db().ReleaseSnapshot(snapshot_); }

Reader::Reader(std::shared_ptr<Database> database, std::shared_ptr<KeyStore> keys, log::PublishedCheckpoint checkpoint, log::RightEdge edge)
    : snapshot_(std::make_shared<PinnedSnapshot const>(std::move(database))),
      keys_(std::move(keys)),
      checkpoint_(std::move(checkpoint)),
      edge_(std::move(edge)) {}

std::expected<std::optional<std::string>, LedgerError> Reader::get(Family family, std::string_view key) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_->get();
  std::string value;
  Database& database = snapshot_->database();
  rocksdb::Status const status = database.db().Get(options, database.handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(ledger_error(status, "read"));
  return value;
}

// The empty key holds each family's own mark and is never visited.
std::expected<void, LedgerError> Reader::scan(Family family, log::RowRange const& range, log::RowVisitor const& visit) const {
  std::string const first = range.prefix.empty() ? std::string(1, '\0') : range.prefix;
  std::string const end = end_of_prefix(range.prefix);
  rocksdb::Slice const lower = slice(first);
  rocksdb::Slice const upper = slice(end);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_->get();
  options.iterate_lower_bound = &lower;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  Database& database = snapshot_->database();
  std::unique_ptr<rocksdb::Iterator> const row(database.db().NewIterator(options, database.handle(family)));
  if (range.reverse) {
    if (range.from.empty() || (!end.empty() && range.from >= end)) {
      row->SeekToLast();
    } else {
      row->SeekForPrev(slice(range.from));
      if (row->Valid() && view(row->key()) == range.from) row->Prev();
    }
  } else {
    row->Seek(std::max(first, range.from));
  }
  while (row->Valid()) {
    if (!visit(view(row->key()), view(row->value()))) return {};
    if (range.reverse) {
      row->Prev();
    } else {
      row->Next();
    }
  }
  if (!row->status().ok()) return std::unexpected(ledger_error(row->status(), "scan"));
  return {};
}

std::expected<std::optional<std::string>, LedgerError> Reader::entry(log::Sequence index) const {
  if (index >= size()) return std::nullopt;
  auto bytes = get(Family::entry, be64_key(index));
  if (bytes && !*bytes) return std::unexpected(damage(fmt::format("entry {} is missing from a log of {}", index, size())));
  return bytes;
}

std::expected<void, LedgerError> Reader::scan_entries(log::Sequence first, std::uint64_t count, log::EntryVisitor const& visit) const {
  if (first >= size()) return {};
  log::Sequence const end = first + std::min(count, size() - first);
  log::Sequence next = first;
  bool stopped = false;
  std::optional<LedgerError> problem;
  auto const scanned = scan(Family::entry, {"", be64_key(first), false}, [&](std::string_view key, std::string_view value) {
    if (next == end) return false;
    if (key != be64_key(next)) {
      problem = damage(fmt::format("entry {} is missing from a log of {}", next, size()));
      return false;
    }
    stopped = !visit(next++, value);
    return !stopped;
  });
  if (!scanned) return scanned;
  if (problem) return std::unexpected(*problem);
  if (!stopped && next < end) return std::unexpected(damage(fmt::format("entry {} is missing from a log of {}", next, size())));
  return {};
}

std::expected<std::optional<std::string>, LedgerError> Reader::tile(log::TileId const& tile) const {
  if (tile.width == 0 || tile.width > log::tile_width) return std::nullopt;
  std::uint32_t const reached = log::tile_width_at(size(), tile.level, tile.index);
  if (reached < tile.width) return std::nullopt;
  if (reached < log::tile_width) return edge_.tile(tile);
  auto bytes = get(Family::tile, tile_key(tile.level, tile.index));
  if (!bytes) return bytes;
  if (!*bytes || (*bytes)->size() != log::tile_width * log::hash_bytes) {
    return std::unexpected(damage(fmt::format("{} is missing or cut short", log::tile_path({tile.level, tile.index, log::tile_width}))));
  }
  (*bytes)->resize(tile.width * log::hash_bytes);
  return bytes;
}

std::expected<std::optional<std::string>, LedgerError> Reader::row(log::Table table, std::string_view key) const {
  if (key.empty()) return std::nullopt;
  return get(table == log::Table::state ? Family::state : Family::history, key);
}

std::expected<void, LedgerError> Reader::scan_rows(log::Table table, log::RowRange const& range, log::RowVisitor const& visit) const {
  return scan(table == log::Table::state ? Family::state : Family::history, range, visit);
}

std::expected<std::optional<std::string>, LedgerError> Reader::blob(policy::Hash const& hash) const {
  return get(Family::blob, {reinterpret_cast<char const*>(hash.bytes.data()), hash.bytes.size()});
}

std::expected<void, LedgerError> Reader::scan_blobs(log::BlobVisitor const& visit) const {
  std::optional<LedgerError> problem;
  auto const scanned = scan(Family::blob, {}, [&](std::string_view key, std::string_view value) {
    policy::Hash hash;
    if (key.size() != hash.bytes.size()) {
      problem = damage("a blob's key is not a hash");
      return false;
    }
    std::memcpy(hash.bytes.data(), key.data(), key.size());
    return visit(hash, value);
  });
  if (problem) return std::unexpected(*problem);
  return scanned;
}

std::expected<std::optional<log::OpenedPart>, LedgerError> Reader::private_part(log::PrivateKind kind, std::string_view owner,
                                                                                std::string_view key) const {
  if (owner.empty() || key.empty() || owner.find('\0') != std::string_view::npos) return std::nullopt;
  std::string const row_key = private_row_key(kind, owner, key);
  auto const value = get(Family::private_part, row_key);
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  auto opened = open_private_part(*keys_, {kind, std::string(owner), std::string(key)}, row_key, **value);
  if (!opened) return std::unexpected(damage(std::move(opened.error())));
  return std::move(*opened);
}

std::expected<void, LedgerError> Reader::scan_private_parts(log::PrivateKind kind, log::PrivatePartVisitor const& visit) const {
  std::optional<LedgerError> problem;
  auto const scanned = scan(Family::private_part, {private_prefix(kind), "", false}, [&](std::string_view key, std::string_view value) {
    auto name = parse_private_row_key(key);
    if (!name) {
      problem = damage("a private part's key is malformed");
      return false;
    }
    auto opened = open_private_part(*keys_, *name, key, value);
    if (!opened) {
      problem = damage(std::move(opened.error()));
      return false;
    }
    if (!*opened) return true;  // its owner was erased
    return visit({kind, std::move(name->owner), std::move(name->key), std::move((*opened)->bytes), (*opened)->expires_at_ms});
  });
  if (problem) return std::unexpected(*problem);
  return scanned;
}

}  // namespace sluice::rocks
