#include "storage/log/proof.hpp"

#include "storage/log/tree_hash.hpp"

#include <bit>
#include <cassert>

namespace sluice::log {
namespace {

using policy::Hash;

// Largest power of two below n. REQUIRES: n ≥ 2.
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

// RFC 6962's MTH(D[first:end]) from perfect subtrees; [first, end) is a subtree of some tree, so `first` is aligned to it.
std::expected<Hash, std::string> range_root(NodeReader const& node, std::uint64_t first, std::uint64_t end) {
  std::uint64_t const n = end - first;
  if (std::has_single_bit(n)) {
    auto const height = static_cast<unsigned>(std::countr_zero(n));
    return node(height, first >> height);
  }
  std::uint64_t const k = split(n);
  auto const left = range_root(node, first, first + k);
  if (!left) return left;
  auto const right = range_root(node, first + k, end);
  if (!right) return right;
  return hash_node(*left, *right);
}

// Appends MTH(D[first:end]); false leaves the reason in `problem`.
bool add(Proof& proof, std::string& problem, NodeReader const& node, std::uint64_t first, std::uint64_t end) {
  auto const root = range_root(node, first, end);
  if (!root) {
    problem = root.error();
    return false;
  }
  proof.push_back(*root);
  return true;
}

}  // namespace

std::expected<Hash, std::string> root_at(NodeReader const& node, std::uint64_t size) {
  if (size == 0) return empty_root();
  return range_root(node, 0, size);
}

std::expected<Proof, std::string> build_inclusion_proof(NodeReader const& node, std::uint64_t index, std::uint64_t size) {
  assert(index < size);
  // Walk down from the root, noting the sibling at each step; the proof lists them from the leaf up.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> siblings;
  std::uint64_t first = 0;
  std::uint64_t end = size;
  while (end - first > 1) {
    std::uint64_t const middle = first + split(end - first);
    if (index < middle) {
      siblings.emplace_back(middle, end);
      end = middle;
    } else {
      siblings.emplace_back(first, middle);
      first = middle;
    }
  }
  Proof proof;
  std::string problem;
  for (auto sibling = siblings.rbegin(); sibling != siblings.rend(); ++sibling) {
    if (!add(proof, problem, node, sibling->first, sibling->second)) return std::unexpected(problem);
  }
  return proof;
}

std::expected<Proof, std::string> build_consistency_proof(NodeReader const& node, std::uint64_t old_size, std::uint64_t new_size) {
  assert(old_size <= new_size);
  if (old_size == 0 || old_size == new_size) return Proof{};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
  std::uint64_t first = 0;
  std::uint64_t end = new_size;
  while (end != old_size) {  // down to the largest subtree that both trees share and that ends at old_size
    std::uint64_t const middle = first + split(end - first);
    if (old_size <= middle) {
      parts.emplace_back(middle, end);
      end = middle;
    } else {
      parts.emplace_back(first, middle);
      first = middle;
    }
  }
  if (first != 0) parts.emplace_back(first, end);  // from 0 it is the old root, which the verifier holds
  Proof proof;
  std::string problem;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!add(proof, problem, node, part->first, part->second)) return std::unexpected(problem);
  }
  return proof;
}

std::expected<void, std::string> verify_inclusion(std::span<Hash const> proof, std::uint64_t index, std::uint64_t size, Hash const& leaf,
                                                  Hash const& root) {
  if (index >= size) {
    return std::unexpected("inclusion proof: index " + std::to_string(index) + " is not below the size " + std::to_string(size));
  }
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Hash hash = leaf;
  for (Hash const& sibling : proof) {
    if (sn == 0) return std::unexpected("inclusion proof: it has more hashes than the tree has levels");
    if ((fn & 1) != 0 || fn == sn) {
      hash = hash_node(sibling, hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = hash_node(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return std::unexpected("inclusion proof: it has fewer hashes than the tree has levels");
  if (hash != root) return std::unexpected("inclusion proof: it leads to root " + to_hex(hash) + ", not to " + to_hex(root));
  return {};
}

std::expected<void, std::string> verify_consistency(std::span<Hash const> proof, std::uint64_t old_size, Hash const& old_root,
                                                    std::uint64_t new_size, Hash const& new_root) {
  if (old_size > new_size) {
    return std::unexpected("consistency proof: the size shrank from " + std::to_string(old_size) + " to " + std::to_string(new_size));
  }
  if (old_size == 0 || old_size == new_size) {
    if (!proof.empty()) return std::unexpected("consistency proof: none is needed here, yet it has hashes");
    if (old_size == new_size && old_root != new_root) return std::unexpected("consistency proof: two roots for one size");
    if (old_size == 0 && old_root != empty_root()) return std::unexpected("consistency proof: the old root is not that of an empty tree");
    return {};
  }
  if (proof.empty()) return std::unexpected("consistency proof: it is empty");
  std::uint64_t fn = old_size - 1;
  std::uint64_t sn = new_size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  // A power of two is a subtree of the new tree: its root is the old root itself, which the proof leaves out.
  bool const starts_with_old_root = std::has_single_bit(old_size);
  Hash const seed = starts_with_old_root ? old_root : proof.front();
  Hash old_hash = seed;
  Hash new_hash = seed;
  for (Hash const& part : starts_with_old_root ? proof : proof.subspan(1)) {
    if (sn == 0) return std::unexpected("consistency proof: it has more hashes than the tree has levels");
    if ((fn & 1) != 0 || fn == sn) {
      old_hash = hash_node(part, old_hash);
      new_hash = hash_node(part, new_hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_hash = hash_node(new_hash, part);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return std::unexpected("consistency proof: it has fewer hashes than the tree has levels");
  if (old_hash != old_root)
    return std::unexpected("consistency proof: it leads to old root " + to_hex(old_hash) + ", not to " + to_hex(old_root));
  if (new_hash != new_root)
    return std::unexpected("consistency proof: it leads to new root " + to_hex(new_hash) + ", not to " + to_hex(new_root));
  return {};
}

}  // namespace sluice::log
