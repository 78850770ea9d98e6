// The same tree computed another way, from the bytes about to be written: a flipped bit must not get signed.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/tile.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

/// Recomputes one Group's effect on the tree. Shares no hashing and no tree code with Tree: EVP instead of the low-level
/// SHA-256, level by level instead of a binary counter, from the frontier's stored bytes instead of its object.
class SecondPath {
 public:
  /// `frontier` as Frontier::serialised() wrote it with the last Group.
  explicit SecondPath(std::string_view frontier);

  /// The next entry, exactly as serialised.
  void entry(std::string_view bytes);
  /// A finished tile, exactly as serialised.
  void tile(TileId const& id, std::string_view bytes);

  struct Result {
    std::uint64_t size = 0;
    policy::Hash root;
    std::string frontier;  ///< what the frontier row must say
  };
  /// Error: a tile that does not belong to this tree, lacks or is superfluous.
  std::expected<Result, std::string> finish();

 private:
  policy::Hash leaf(std::string_view entry);
  policy::Hash node(std::uint8_t const* left, std::uint8_t const* right);

  policy::Sha256 sha_;
  std::string frontier_;
  std::string message_;  // the leaf being hashed
  std::vector<policy::Hash> leaves_;
  std::map<std::pair<unsigned, std::uint64_t>, policy::Hash> tile_roots_;  // (height of the root, its index)
  std::string problem_;
};

}  // namespace sluice::log
