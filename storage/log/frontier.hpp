// The roots of the perfect subtrees a log consists of: all one needs to append and to know the root.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/tree_hash.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

/// At most 63 hashes; entry i of the binary counter is the root of 2^i entries. Value type, not thread-safe.
class Frontier {
 public:
  std::uint64_t size() const { return size_; }
  /// RFC 6962 root; at most 63 node hashes.
  policy::Hash root() const;
  /// Roots of the perfect subtrees, largest (leftmost) first.
  std::vector<policy::Hash> const& subtrees() const { return subtrees_; }

  /// Adds one leaf hash; `completed(height, root)` is told each perfect subtree of 2^height leaves that this completes, height ≥ 1.
  template <class Completed>
  void append(policy::Hash const& leaf, Completed&& completed) {
    policy::Hash node = leaf;
    unsigned height = 0;
    for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
      node = hash_node(subtrees_.back(), node);
      subtrees_.pop_back();
      completed(++height, node);
    }
    subtrees_.push_back(node);
    ++size_;
  }
  void append(policy::Hash const& leaf) {
    append(leaf, [](unsigned, policy::Hash const&) {});
  }

  /// be64 size ‖ subtree roots, largest first.
  std::string serialised() const;
  static std::expected<Frontier, std::string> parse(std::string_view bytes);

 private:
  std::uint64_t size_ = 0;
  std::vector<policy::Hash> subtrees_;
};

}  // namespace sluice::log
