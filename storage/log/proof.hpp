// Inclusion and consistency proofs (RFC 6962 §2.1.1, §2.1.2): building from stored nodes, verifying from nothing.
#pragma once

#include "policy/hash.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sluice::log {

/// The root of the perfect subtree of 2^height leaves that begins at leaf index × 2^height. Error: why it cannot be read.
using NodeReader = std::function<std::expected<policy::Hash, std::string>(unsigned height, std::uint64_t index)>;

using Proof = std::vector<policy::Hash>;

/// Root of the tree's first `size` entries.
std::expected<policy::Hash, std::string> root_at(NodeReader const& node, std::uint64_t size);

/// Proof that leaf `index` is in the tree of `size` entries. REQUIRES: index < size.
std::expected<Proof, std::string> build_inclusion_proof(NodeReader const& node, std::uint64_t index, std::uint64_t size);

/// Proof that the tree of `old_size` entries is a prefix of the tree of `new_size`. REQUIRES: old_size ≤ new_size.
/// Empty when old_size is 0 or new_size.
std::expected<Proof, std::string> build_consistency_proof(NodeReader const& node, std::uint64_t old_size, std::uint64_t new_size);

/// Why a proof does not prove; success is no error. RFC 9162 §2.1.3.2 and §2.1.4.2, all hashes used, none left over.
std::expected<void, std::string> verify_inclusion(std::span<policy::Hash const> proof, std::uint64_t index, std::uint64_t size,
                                                  policy::Hash const& leaf, policy::Hash const& root);
std::expected<void, std::string> verify_consistency(std::span<policy::Hash const> proof, std::uint64_t old_size,
                                                    policy::Hash const& old_root, std::uint64_t new_size, policy::Hash const& new_root);

}  // namespace sluice::log
