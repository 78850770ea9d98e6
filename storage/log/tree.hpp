// The growing tree: a frontier for the root, and the right edge's partial tiles for serving.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/frontier.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tile.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

/// Hashes of the tile each level is filling, at one size. Immutable, so readers share it while the tree grows.
struct RightEdge {
  std::uint64_t size = 0;
  std::array<std::shared_ptr<std::string const>, tile_levels> levels;  ///< null: no hash in the current tile

  /// The first `tile.width` hashes of the tile this level is filling; nullopt when it is not that tile or not that wide.
  std::optional<std::string> tile(TileId const& tile) const;
};

/// A tile that became full, ready to be stored.
struct FinishedTile {
  TileId tile;
  std::string bytes;  ///< 256 × 32
};

/// Reads the bytes of full tiles; for the tree's restoration, proofs and checks.
using TileBytesReader = std::function<std::expected<std::string, std::string>(TileId const&)>;

/// Splits tile bytes into hashes. REQUIRES: a multiple of 32 bytes.
std::vector<policy::Hash> hashes_of_tile(std::string_view bytes);

/// Nodes out of tiles: reads the tile (of whatever width `size` gives it) and folds what lies below the node.
NodeReader node_reader(TileBytesReader read_tile, std::uint64_t size);

/// One writer's tree. Not thread-safe.
class Tree {
 public:
  /// Adds one leaf; tiles that it completes are appended to `finished`.
  void append(policy::Hash const& leaf, std::vector<FinishedTile>& finished);

  std::uint64_t size() const { return frontier_.size(); }
  policy::Hash root() const { return frontier_.root(); }
  Frontier const& frontier() const { return frontier_; }
  /// Shares what has not changed since the last call.
  RightEdge right_edge() const;

  /// Rebuilds the tree of `size` entries from `last_leaves` (the size % 256 leaf hashes after the last full tile) and from
  /// full tiles, each re-folded. Error: a tile that cannot be read or has not 8,192 bytes.
  static std::expected<Tree, std::string> restore(std::uint64_t size, std::vector<policy::Hash> const& last_leaves,
                                                  TileBytesReader const& read_full_tile);

 private:
  Frontier frontier_;
  std::array<std::string, tile_levels> partial_;
  mutable std::array<std::shared_ptr<std::string const>, tile_levels> shared_;  // what right_edge() handed out last; null when stale
};

}  // namespace sluice::log
