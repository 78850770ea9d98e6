// C2SP tlog-tiles: how tiles and entry bundles are named and encoded.
#pragma once

#include "policy/hash.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

constexpr unsigned tile_height = 8;
constexpr std::uint32_t tile_width = 1u << tile_height;  ///< hashes in a full tile, entries in a full bundle
constexpr unsigned tile_levels = 8;                      ///< 256^8 = 2^64: levels 0 … 7 hold any tree
constexpr std::size_t hash_bytes = 32;

/// Hashes [index × 256, index × 256 + width) of tree level 8 × level.
struct TileId {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  std::uint32_t width = tile_width;  ///< 1 … 256; below 256 it is a partial tile
  auto operator<=>(TileId const&) const = default;
};

/// How many hashes a tree of `size` entries has in this tile: 0 … 256.
std::uint32_t tile_width_at(std::uint64_t size, std::uint8_t level, std::uint64_t index);

/// "tile/0/x001/x234/067" or, partial, "tile/0/x001/x234/067.p/12".
std::string tile_path(TileId const& tile);
/// "tile/entries/x001/x234/067[.p/12]": the bundle beside level-0 tile `index`.
std::string bundle_path(std::uint64_t index, std::uint32_t width);

/// What a path names.
struct TilePath {
  bool entries = false;  ///< an entry bundle; tile.level is then 0
  TileId tile;
};
/// Reads exactly what tile_path and bundle_path write; nullopt for anything else (other spellings, levels above 63 bits).
std::optional<TilePath> parse_tile_path(std::string_view path);

/// Appends one entry to a bundle: 16-bit big-endian length, then the bytes. REQUIRES: entry ≤ 65,535 bytes.
void append_to_bundle(std::string& bundle, std::string_view entry);

/// One entry inside a bundle.
struct BundledEntry {
  std::size_t offset = 0;  ///< of its length prefix in the bundle
  std::string_view bytes;
};
/// Walks a bundle; hostile bytes end in an error that names the offset.
class BundleCursor {
 public:
  explicit BundleCursor(std::string_view bundle) : bundle_(bundle) {}
  bool at_end() const { return offset_ == bundle_.size(); }
  std::size_t offset() const { return offset_; }
  /// REQUIRES: !at_end().
  std::expected<BundledEntry, std::string> next();

 private:
  std::string_view bundle_;
  std::size_t offset_ = 0;
};

}  // namespace sluice::log
