// RFC 6962 hashing: SHA-256 with one byte that keeps leaves and nodes apart.
#pragma once

#include "policy/hash.hpp"

#include <span>
#include <string_view>

namespace sluice::log {

/// SHA-256(0x00 ‖ entry): RFC 6962 §2.1.
policy::Hash hash_leaf(std::string_view entry);

/// SHA-256(0x01 ‖ left ‖ right): RFC 6962 §2.1.
policy::Hash hash_node(policy::Hash const& left, policy::Hash const& right);

/// The root of a tree without entries: SHA-256 of nothing.
policy::Hash empty_root();

/// Root of the subtree over `hashes` (nodes of one level, left to right), RFC 6962's split for any count. REQUIRES: not empty.
policy::Hash fold(std::span<policy::Hash const> hashes);

}  // namespace sluice::log
