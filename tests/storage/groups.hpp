// Groups, signers and trees made the same way in every test of the ledger.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/group.hpp"
#include "storage/log/note.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tree_hash.hpp"

#include <string>
#include <vector>

namespace sluice::test {

inline log::NoteSigner signer(char seed = 'S', std::string const& name = "log.sluice.test/one") {
  std::string const bytes(32, seed);
  return {name, *log::Ed25519Key::from_seed(policy::bytes_of(bytes))};
}

/// Entry `i`, of a length that varies from entry to entry.
inline std::string entry(std::uint64_t i) {
  return R"({"@":"test/1","n":")" + std::to_string(i) + R"(","pad":")" + std::string(i * 7 % 300, 'x') + R"("})";
}

inline std::vector<std::string> entries(std::uint64_t first, std::uint64_t count) {
  std::vector<std::string> made;
  for (std::uint64_t i = first; i < first + count; ++i) made.push_back(entry(i));
  return made;
}

inline log::Group group(std::uint64_t first, std::uint64_t count) { return {entries(first, count), {}, {}}; }

inline log::Blob blob(std::string const& bytes) { return {policy::sha256(bytes), bytes}; }

inline std::vector<policy::Hash> leaves(std::uint64_t count) {
  std::vector<policy::Hash> made;
  for (std::uint64_t i = 0; i < count; ++i) made.push_back(log::hash_leaf(entry(i)));
  return made;
}

/// A part that an entry may bind: its key is the hash of salt and content.
inline log::PrivatePart bound_part(log::PrivateKind kind, std::string const& owner, std::string const& content,
                                   std::int64_t expires_at_ms = 0) {
  std::string const bytes = std::string(log::salt_bytes, 's') + content;
  policy::Hash const commitment = policy::sha256(bytes);
  return {kind, owner, {commitment.bytes.begin(), commitment.bytes.end()}, bytes, expires_at_ms};
}

/// RFC 6962 §2.1 written as the RFC writes it.
inline policy::Hash reference_root(std::vector<policy::Hash> const& leaf_hashes, std::size_t first, std::size_t end) {
  if (first == end) return policy::sha256(std::string_view{});
  if (end - first == 1) return leaf_hashes[first];
  std::size_t k = 1;
  while (k * 2 < end - first) k *= 2;
  policy::Hash const left = reference_root(leaf_hashes, first, first + k);
  policy::Hash const right = reference_root(leaf_hashes, first + k, end);
  std::string message(1, '\x01');
  message.append(reinterpret_cast<char const*>(left.bytes.data()), 32).append(reinterpret_cast<char const*>(right.bytes.data()), 32);
  return policy::sha256(message);
}

/// Nodes computed from leaves.
inline log::NodeReader nodes_of(std::vector<policy::Hash> const& leaf_hashes) {
  return [&leaf_hashes](unsigned height, std::uint64_t index) -> std::expected<policy::Hash, std::string> {
    std::size_t const first = index << height;
    std::size_t const end = first + (std::size_t{1} << height);
    if (end > leaf_hashes.size()) return std::unexpected("beyond the tree");
    return reference_root(leaf_hashes, first, end);
  };
}

}  // namespace sluice::test
