#include "storage/log/verified_tree.hpp"

#include "storage/log/tree.hpp"
#include "storage/log/tree_hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace sluice::log {
namespace {

using Check = Divergence::Check;
using policy::Hash;

char const* name_of(Check check) {
  switch (check) {
    case Check::signature:
      return "signature";
    case Check::root:
      return "root";
    case Check::tile_hash:
      return "tile hash";
    case Check::bundle_form:
      return "bundle form";
    case Check::entry_hash:
      return "entry hash";
    case Check::blob_hash:
      return "blob hash";
    case Check::missing:
      return "missing";
    case Check::unreadable:
      return "unreadable";
  }
  return "unknown";
}

/// The first entry below a tile. A tile of the top level is the only one there, and a shift by all 64 bits is none.
Sequence first_entry_below(std::uint8_t level, std::uint64_t index) {
  return level + 1u < tile_levels ? index << (tile_height * (level + 1u)) : 0;
}

}  // namespace

std::string Divergence::message() const {
  std::string text = fmt::format("{} in {}", name_of(check), file);
  if (check == Check::tile_hash) text += fmt::format(", hash {}", position);
  if (check == Check::entry_hash || check == Check::bundle_form) text += fmt::format(", offset {}", position);
  if (entry) text += fmt::format(", entry {}", *entry);
  if (!expected.empty() || !actual.empty()) text += fmt::format(": expected {}, got {}", expected, actual);
  return text;
}

std::expected<VerifiedTree, Divergence> VerifiedTree::open(TreeSource& source, std::span<NoteVerifier const> verifiers) {
  auto const note = source.read("checkpoint", note_bytes_max);
  if (!note) return std::unexpected(Divergence{Check::unreadable, "checkpoint", 0, {}, "a signed note", note.error()});
  if (!*note) return std::unexpected(Divergence{Check::missing, "checkpoint", 0, {}, "a signed note", "no file"});
  auto const checkpoint = open_checkpoint(**note, verifiers);
  if (!checkpoint)
    return std::unexpected(Divergence{Check::signature, "checkpoint", 0, {}, "a note signed by a known key", checkpoint.error()});
  return open(source, *checkpoint);
}

std::expected<VerifiedTree, Divergence> VerifiedTree::open(TreeSource& source, Checkpoint const& checkpoint) {
  VerifiedTree tree(source, checkpoint);
  if (auto opened = tree.open_right_edge(); !opened) return std::unexpected(opened.error());
  return tree;
}

std::string VerifiedTree::tile_file(std::uint8_t level, std::uint64_t index) const {
  return tile_path({level, index, tile_width_at(size(), level, index)});
}

// A partial file, or the full one that has replaced it since.
std::expected<VerifiedTree::File, Divergence> VerifiedTree::read(std::string const& path, std::string const& wider, std::size_t bytes_max) {
  for (std::string const& candidate : {path, wider}) {
    auto bytes = source_->read(candidate, bytes_max);
    if (!bytes) return std::unexpected(Divergence{Check::unreadable, candidate, 0, {}, "a readable file", bytes.error()});
    if (*bytes) return File{candidate, std::move(**bytes), candidate != path};
  }
  return std::unexpected(Divergence{Check::missing, path, 0, {}, "a file", "none"});
}

std::expected<std::vector<Hash>, Divergence> VerifiedTree::read_tile(std::uint8_t level, std::uint64_t index) {
  std::uint32_t const width = tile_width_at(size(), level, index);
  auto file = read(tile_path({level, index, width}), tile_path({level, index, tile_width}), tile_width * hash_bytes);
  Sequence const first_entry = first_entry_below(level, index);
  if (!file) {
    file.error().entry = first_entry;
    return std::unexpected(file.error());
  }
  std::size_t const bytes = (file->wider ? tile_width : width) * hash_bytes;
  if (file->bytes.size() != bytes) {
    std::uint64_t const hash = std::min<std::uint64_t>(file->bytes.size() / hash_bytes, width);
    return std::unexpected(Divergence{Check::tile_hash, file->path, hash, first_entry, fmt::format("{} bytes", bytes),
                                      fmt::format("{} bytes", file->bytes.size())});
  }
  return hashes_of_tile(std::string_view(file->bytes).substr(0, width * hash_bytes));
}

// Where an unproved tile differs from what lies below it: names the hash that was changed.
std::optional<Divergence> VerifiedTree::first_difference(std::uint8_t level, std::uint64_t index, std::vector<Hash> const& hashes) {
  unsigned const height = tile_height * level;
  std::vector<Hash> below;
  if (level == 0) {
    auto const width = static_cast<std::uint32_t>(hashes.size());
    auto const bundle = read(bundle_path(index, width), bundle_path(index, tile_width), bundle_bytes_max);
    if (!bundle) return std::nullopt;
    for (BundleCursor cursor(bundle->bytes); !cursor.at_end() && below.size() < hashes.size();) {
      auto const entry = cursor.next();
      if (!entry) break;
      below.push_back(hash_leaf(entry->bytes));
    }
  } else {
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      auto const tile = read_tile(static_cast<std::uint8_t>(level - 1), index * tile_width + i);
      if (!tile) break;
      below.push_back(fold(*tile));
    }
  }
  for (std::size_t i = 0; i < below.size(); ++i) {
    if (below[i] == hashes[i]) continue;
    return Divergence{Check::tile_hash, tile_file(level, index), i, (index * tile_width + i) << height,
                      to_hex(below[i]), to_hex(hashes[i])};
  }
  return std::nullopt;
}

std::expected<void, Divergence> VerifiedTree::open_right_edge() {
  // 1. The partial tiles of all levels hold the perfect subtrees whose roots make the root.
  std::vector<Hash> subtrees;
  for (unsigned l = tile_levels; l-- > 0;) {
    auto const level = static_cast<std::uint8_t>(l);
    std::uint64_t const hashes = size() >> (tile_height * l);
    if (hashes % tile_width == 0) continue;
    auto tile = read_tile(level, hashes / tile_width);
    if (!tile) return std::unexpected(tile.error());
    std::span<Hash const> rest(*tile);
    for (std::size_t bit = tile_width / 2; bit > 0; bit /= 2) {
      if ((tile->size() & bit) == 0) continue;
      subtrees.push_back(fold(rest.first(bit)));
      rest = rest.subspan(bit);
    }
    right_edge_[level] = {hashes / tile_width, std::move(*tile)};
  }
  Hash root = subtrees.empty() ? empty_root() : subtrees.back();
  for (std::size_t i = subtrees.size(); i-- > 1;) root = hash_node(subtrees[i - 1], root);
  if (root == checkpoint_.root) return {};
  // 2. They do not: the highest level covers the earliest entries, so the first difference is looked for from there.
  for (unsigned l = tile_levels; l-- > 0;) {
    if (right_edge_[l].hashes.empty()) continue;
    auto const level = static_cast<std::uint8_t>(l);
    if (auto difference = first_difference(level, right_edge_[l].index, right_edge_[l].hashes)) return std::unexpected(*difference);
  }
  return std::unexpected(Divergence{Check::root, "checkpoint", 0, {}, to_hex(checkpoint_.root), to_hex(root)});
}

std::expected<std::vector<Hash> const*, Divergence> VerifiedTree::proved_tile(std::uint8_t level, std::uint64_t index) {
  CachedTile& edge = right_edge_[level];
  if (!edge.hashes.empty() && edge.index == index) return &edge.hashes;
  CachedTile& recent = recent_[level];
  if (!recent.hashes.empty() && recent.index == index) return &recent.hashes;
  assert(tile_width_at(size(), level, index) == tile_width && level + 1u < tile_levels);
  auto const parent = proved_tile(static_cast<std::uint8_t>(level + 1), index / tile_width);
  if (!parent) return parent;
  Hash const& expected = (**parent)[index % tile_width];
  auto hashes = read_tile(level, index);
  if (!hashes) return std::unexpected(hashes.error());
  if (Hash const root = fold(*hashes); root != expected) {
    if (auto difference = first_difference(level, index, *hashes)) return std::unexpected(*difference);
    return std::unexpected(Divergence{Check::tile_hash, tile_file(level, index), 0, first_entry_below(level, index),
                                      "a tile that folds to " + to_hex(expected), to_hex(root)});
  }
  recent = {index, std::move(*hashes)};
  return &recent.hashes;
}

std::expected<std::vector<Hash>, Divergence> VerifiedTree::tile(std::uint8_t level, std::uint64_t index) {
  assert(tile_width_at(size(), level, index) > 0);
  auto const hashes = proved_tile(level, index);
  if (!hashes) return std::unexpected(hashes.error());
  return **hashes;
}

std::expected<void, Divergence> VerifiedTree::entries(Sequence first, std::uint64_t count, EntryVisitor const& visit) {
  if (first >= size()) return {};
  Sequence const end = first + std::min(count, size() - first);
  for (std::uint64_t index = first / tile_width; index * tile_width < end; ++index) {
    std::uint32_t const width = tile_width_at(size(), 0, index);
    auto const hashes = proved_tile(0, index);
    if (!hashes) return std::unexpected(hashes.error());
    auto bundle = read(bundle_path(index, width), bundle_path(index, tile_width), bundle_bytes_max);
    if (!bundle) {
      bundle.error().entry = index * tile_width;
      return std::unexpected(bundle.error());
    }
    std::string const& path = bundle->path;
    BundleCursor cursor(bundle->bytes);
    for (std::uint32_t i = 0; i < width; ++i) {
      Sequence const sequence = index * tile_width + i;
      std::size_t const offset = cursor.offset();
      if (cursor.at_end()) return std::unexpected(Divergence{Check::bundle_form, path, offset, sequence, "an entry", "the bundle's end"});
      auto const entry = cursor.next();
      if (!entry) return std::unexpected(Divergence{Check::bundle_form, path, offset, sequence, "an entry", entry.error()});
      if (Hash const leaf = hash_leaf(entry->bytes); leaf != (**hashes)[i]) {
        return std::unexpected(Divergence{Check::entry_hash, path, offset, sequence, to_hex((**hashes)[i]), to_hex(leaf)});
      }
      if (sequence < first || sequence >= end) continue;
      if (!visit(sequence, entry->bytes)) return {};
    }
    if (!cursor.at_end() && !bundle->wider) {
      return std::unexpected(Divergence{Check::bundle_form,
                                        path,
                                        cursor.offset(),
                                        {},
                                        "the bundle's end",
                                        fmt::format("{} bytes more", bundle->bytes.size() - cursor.offset())});
    }
  }
  return {};
}

void VerifiedTree::unproved_entries(EntryVisitor const& visit) {
  for (std::uint64_t index = 0; index * tile_width < size(); ++index) {
    std::uint32_t const width = tile_width_at(size(), 0, index);
    auto const bundle = read(bundle_path(index, width), bundle_path(index, tile_width), bundle_bytes_max);
    if (!bundle) return;
    BundleCursor cursor(bundle->bytes);
    for (std::uint32_t i = 0; i < width && !cursor.at_end(); ++i) {
      auto const entry = cursor.next();
      if (!entry || !visit(index * tile_width + i, entry->bytes)) return;
    }
  }
}

std::expected<std::string, Divergence> VerifiedTree::blob(Hash const& hash) {
  std::string const path = blob_path(hash);
  auto file = read(path, path, blob_bytes_max);
  if (!file) return std::unexpected(file.error());
  if (Hash const actual = policy::sha256(file->bytes); actual != hash) {
    return std::unexpected(Divergence{Check::blob_hash, path, 0, {}, to_hex(hash), to_hex(actual)});
  }
  return std::move(file->bytes);
}

std::expected<void, Divergence> VerifiedTree::check_tiles() {
  for (unsigned l = tile_levels; l-- > 0;) {
    auto const level = static_cast<std::uint8_t>(l);
    for (std::uint64_t index = 0; tile_width_at(size(), level, index) > 0; ++index) {
      if (auto tile = proved_tile(level, index); !tile) return std::unexpected(tile.error());
    }
  }
  return {};
}

}  // namespace sluice::log
