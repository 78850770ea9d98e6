// What a copy of the log needs to know of a checkpoint (C2SP tlog-checkpoint) and of the tiles below it (C2SP tlog-tiles).
//
// Nothing is proved here: signatures and hashes are for sluice-audit, on another machine.
#pragma once

#include "tools/ctl/failure.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ctl {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;  ///< entries
  std::string root;        ///< base64
  int signatures = 0;
};

/// Reads the note's text and counts its signature lines; at least one must be there.
Result<Checkpoint> read_checkpoint(std::string_view note);

/// One tile or entry bundle of a tree.
struct Tile {
  int level = 0;  ///< -1: entry bundle
  std::uint64_t index = 0;
  int width = 256;  ///< hashes or entries; below 256 it is partial

  /// "tile/0/x001/234", "tile/entries/067.p/112".
  std::string path() const;
  /// The path of the full tile that a partial one grows into.
  std::string full_path() const;
};

/// All tiles of a tree of that size: entry bundles first, then level by level, each from left to right.
class TileWalk {
 public:
  explicit TileWalk(std::uint64_t size) : size_(size) {}
  /// False when there are no more.
  bool next(Tile& tile);
  /// How many there are.
  static std::uint64_t count(std::uint64_t size);

 private:
  std::uint64_t size_;
  int level_ = -1;
  std::uint64_t index_ = 0;
};

/// Bytes of the first `width` entries of a bundle (each behind a 16-bit big-endian length); error text when it holds fewer, or
/// `exact` and it holds more.
std::expected<std::size_t, std::string> bundle_bytes(std::string_view bundle, int width, bool exact);

}  // namespace sluice::ctl
