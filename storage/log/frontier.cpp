#include "storage/log/frontier.hpp"

#include <bit>
#include <cstring>

namespace sluice::log {

policy::Hash Frontier::root() const {
  if (subtrees_.empty()) return empty_root();
  policy::Hash root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i > 0; --i) root = hash_node(subtrees_[i - 1], root);
  return root;
}

std::string Frontier::serialised() const {
  std::string bytes;
  bytes.reserve(8 + subtrees_.size() * 32);
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(size_ >> shift));
  for (policy::Hash const& hash : subtrees_) bytes.append(reinterpret_cast<char const*>(hash.bytes.data()), hash.bytes.size());
  return bytes;
}

std::expected<Frontier, std::string> Frontier::parse(std::string_view bytes) {
  if (bytes.size() < 8) return std::unexpected("a frontier begins with 8 bytes of size, got " + std::to_string(bytes.size()));
  Frontier frontier;
  for (std::size_t i = 0; i < 8; ++i) frontier.size_ = frontier.size_ << 8 | static_cast<std::uint8_t>(bytes[i]);
  auto const count = static_cast<std::size_t>(std::popcount(frontier.size_));
  if (bytes.size() != 8 + count * 32) {
    return std::unexpected("a frontier of " + std::to_string(frontier.size_) + " entries holds " + std::to_string(count) + " hashes, got " +
                           std::to_string(bytes.size() - 8) + " bytes of them");
  }
  frontier.subtrees_.resize(count);
  for (std::size_t i = 0; i < count; ++i) std::memcpy(frontier.subtrees_[i].bytes.data(), bytes.data() + 8 + i * 32, 32);
  return frontier;
}

}  // namespace sluice::log
