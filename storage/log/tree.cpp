#include "storage/log/tree.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstring>

namespace sluice::log {
namespace {

std::string_view text_of(policy::Hash const& hash) { return {reinterpret_cast<char const*>(hash.bytes.data()), hash.bytes.size()}; }

}  // namespace

std::optional<std::string> RightEdge::tile(TileId const& tile) const {
  if (tile.level >= tile_levels || tile.width == 0 || !levels[tile.level]) return std::nullopt;
  if (tile.index != (size >> (tile_height * tile.level)) / tile_width) return std::nullopt;
  if (levels[tile.level]->size() < tile.width * hash_bytes) return std::nullopt;
  return levels[tile.level]->substr(0, tile.width * hash_bytes);
}

std::vector<policy::Hash> hashes_of_tile(std::string_view bytes) {
  assert(bytes.size() % hash_bytes == 0);
  std::vector<policy::Hash> hashes(bytes.size() / hash_bytes);
  for (std::size_t i = 0; i < hashes.size(); ++i) std::memcpy(hashes[i].bytes.data(), bytes.data() + i * hash_bytes, hash_bytes);
  return hashes;
}

NodeReader node_reader(TileBytesReader read_tile, std::uint64_t size) {
  return [read = std::move(read_tile), size](unsigned height, std::uint64_t index) -> std::expected<policy::Hash, std::string> {
    auto const level = static_cast<std::uint8_t>(height / tile_height);
    std::uint64_t const count = std::uint64_t{1} << (height % tile_height);  // hashes of the tile below this node
    std::uint64_t const first = index * count;
    std::uint64_t const tile_index = first / tile_width;
    std::uint32_t const width = tile_width_at(size, level, tile_index);
    if (first % tile_width + count > width) {
      return std::unexpected(fmt::format("node {} at height {} is not in a tree of {} entries", index, height, size));
    }
    TileId const id{level, tile_index, width};
    auto const bytes = read(id);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() != width * hash_bytes) {
      return std::unexpected(fmt::format("{}: {} bytes, expected {}", tile_path(id), bytes->size(), width * hash_bytes));
    }
    return fold(hashes_of_tile(std::string_view(*bytes).substr(first % tile_width * hash_bytes, count * hash_bytes)));
  };
}

void Tree::append(policy::Hash const& leaf, std::vector<FinishedTile>& finished) {
  std::uint64_t const index = frontier_.size();
  partial_[0].append(text_of(leaf));
  shared_[0].reset();
  frontier_.append(leaf, [&](unsigned height, policy::Hash const& root) {
    if (height % tile_height != 0) return;
    // A subtree of height 8k is complete: tile k-1 is full, and its root is the next hash of level k.
    unsigned const level = height / tile_height;
    finished.push_back({{static_cast<std::uint8_t>(level - 1), index >> height, tile_width}, std::move(partial_[level - 1])});
    partial_[level - 1].clear();
    shared_[level - 1].reset();
    if (level >= tile_levels) return;
    partial_[level].append(text_of(root));
    shared_[level].reset();
  });
}

RightEdge Tree::right_edge() const {
  RightEdge edge;
  edge.size = size();
  for (std::size_t level = 0; level < tile_levels; ++level) {
    if (partial_[level].empty()) continue;
    if (!shared_[level]) shared_[level] = std::make_shared<std::string const>(partial_[level]);
    edge.levels[level] = shared_[level];
  }
  return edge;
}

std::expected<Tree, std::string> Tree::restore(std::uint64_t size, std::vector<policy::Hash> const& last_leaves,
                                               TileBytesReader const& read_full_tile) {
  assert(last_leaves.size() == size % tile_width);
  Tree tree;
  std::string frontier;
  for (int shift = 56; shift >= 0; shift -= 8) frontier.push_back(static_cast<char>(size >> shift));
  for (unsigned level = tile_levels; level-- > 0;) {
    std::uint64_t const hashes = size >> (tile_height * level);
    std::uint64_t const current = hashes / tile_width;  // the tile this level is filling
    std::vector<policy::Hash> partial;
    if (level == 0) {
      partial = last_leaves;
    } else {
      for (std::uint64_t i = current * tile_width; i < hashes; ++i) {
        TileId const below{static_cast<std::uint8_t>(level - 1), i, tile_width};
        auto const bytes = read_full_tile(below);
        if (!bytes) return std::unexpected(bytes.error());
        if (bytes->size() != tile_width * hash_bytes) {
          return std::unexpected(fmt::format("{}: {} bytes, expected {}", tile_path(below), bytes->size(), tile_width * hash_bytes));
        }
        partial.push_back(fold(hashes_of_tile(*bytes)));
      }
    }
    for (policy::Hash const& hash : partial) tree.partial_[level].append(text_of(hash));
    // The frontier's subtrees of this level: the bits of the partial tile's width, largest first.
    std::span<policy::Hash const> rest(partial);
    for (std::size_t bit = tile_width / 2; bit > 0; bit /= 2) {
      if ((partial.size() & bit) == 0) continue;
      frontier.append(text_of(fold(rest.first(bit))));
      rest = rest.subspan(bit);
    }
  }
  auto parsed = Frontier::parse(frontier);
  assert(parsed);
  tree.frontier_ = std::move(*parsed);
  return tree;
}

}  // namespace sluice::log
