#include "storage/log/second_path.hpp"

#include <fmt/format.h>

#include <cstring>

namespace sluice::log {

SecondPath::SecondPath(std::string_view frontier) : frontier_(frontier) {}

policy::Hash SecondPath::leaf(std::string_view entry) {
  message_.assign(1, '\0');  // one update a leaf: half of EVP's cost is per call
  message_ += entry;
  return sha_.update(message_).finish();
}

policy::Hash SecondPath::node(std::uint8_t const* left, std::uint8_t const* right) {
  std::array<std::uint8_t, 65> message;
  message[0] = 1;
  std::memcpy(message.data() + 1, left, 32);
  std::memcpy(message.data() + 33, right, 32);
  return sha_.update(policy::Bytes{message}).finish();
}

void SecondPath::entry(std::string_view bytes) { leaves_.push_back(leaf(bytes)); }

void SecondPath::tile(TileId const& id, std::string_view bytes) {
  if (bytes.size() != tile_width * hash_bytes) {
    problem_ = fmt::format("{}: {} bytes in the batch, expected {}", tile_path(id), bytes.size(), tile_width * hash_bytes);
    return;
  }
  std::string layer(bytes);
  while (layer.size() > hash_bytes) {
    std::string above;
    for (std::size_t i = 0; i < layer.size(); i += 2 * hash_bytes) {
      auto const* at = reinterpret_cast<std::uint8_t const*>(layer.data()) + i;
      policy::Hash const hash = node(at, at + hash_bytes);
      above.append(reinterpret_cast<char const*>(hash.bytes.data()), hash_bytes);
    }
    layer = std::move(above);
  }
  policy::Hash root;
  std::memcpy(root.bytes.data(), layer.data(), hash_bytes);
  tile_roots_[{tile_height * (id.level + 1u), id.index}] = root;
}

std::expected<SecondPath::Result, std::string> SecondPath::finish() {
  if (!problem_.empty()) return std::unexpected(problem_);
  std::uint64_t old_size = 0;
  if (frontier_.size() < 8) return std::unexpected("the stored frontier is shorter than its size");
  for (std::size_t i = 0; i < 8; ++i) old_size = old_size << 8 | static_cast<std::uint8_t>(frontier_[i]);
  std::uint64_t const new_size = old_size + leaves_.size();

  // Level by level: the nodes from `first` on that this Group adds; an odd first node meets its left sibling in the old
  // frontier, an odd last node stays in the new one.
  std::size_t old_end = frontier_.size();  // the frontier lists the largest subtree first, so the smallest is taken from the end
  std::string new_subtrees;
  std::vector<policy::Hash> layer = std::move(leaves_);
  std::uint64_t first = old_size;
  policy::Hash root;
  bool has_root = false;
  for (unsigned height = 0; height < 64; ++height) {
    if (height > 0 && height % tile_height == 0) {
      for (std::size_t i = 0; i < layer.size(); ++i) {
        auto const known = tile_roots_.find({height, first + i});
        if (known == tile_roots_.end())
          return std::unexpected(fmt::format("tile {} of level {} is full but not in the batch", first + i, height / tile_height - 1));
        if (known->second != layer[i])
          return std::unexpected(fmt::format("tile {} of level {} does not fold to its root", first + i, height / tile_height - 1));
        tile_roots_.erase(known);
      }
    }
    policy::Hash left_sibling;
    bool const has_left = (old_size >> height & 1) != 0;
    if (has_left) {
      if (old_end < 8 + hash_bytes) return std::unexpected("the stored frontier has fewer hashes than its size says");
      old_end -= hash_bytes;
      std::memcpy(left_sibling.bytes.data(), frontier_.data() + old_end, hash_bytes);
    }
    if (layer.empty() && !has_left) continue;
    std::vector<policy::Hash> nodes;
    if (has_left) {
      nodes.push_back(left_sibling);
      --first;
    }
    nodes.insert(nodes.end(), layer.begin(), layer.end());
    if (nodes.size() % 2 != 0) {
      policy::Hash const& last = nodes.back();
      new_subtrees.insert(0, reinterpret_cast<char const*>(last.bytes.data()), hash_bytes);
      root = has_root ? node(last.bytes.data(), root.bytes.data()) : last;
      has_root = true;
      nodes.pop_back();
    }
    layer.clear();
    for (std::size_t i = 0; i < nodes.size(); i += 2) layer.push_back(node(nodes[i].bytes.data(), nodes[i + 1].bytes.data()));
    first /= 2;
  }
  if (old_end != 8) return std::unexpected("the stored frontier has more hashes than its size says");
  if (!tile_roots_.empty()) return std::unexpected("the batch holds a tile that is not full yet");

  Result result;
  result.size = new_size;
  result.root = has_root ? root : sha_.finish();
  for (int shift = 56; shift >= 0; shift -= 8) result.frontier.push_back(static_cast<char>(new_size >> shift));
  result.frontier += new_subtrees;
  return result;
}

}  // namespace sluice::log
