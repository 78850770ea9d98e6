// Proofs: every one for small trees, and none accepted once anything about it is changed.
#include "storage/log/proof.hpp"

#include "storage/log/tree_hash.hpp"
#include "tests/storage/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::log {
namespace {

using policy::Hash;
using ::testing::HasSubstr;

Hash other(Hash hash) {
  hash.bytes[17] ^= 0x10;
  return hash;
}

class Proofs : public ::testing::Test {
 protected:
  std::vector<Hash> const leaves_ = test::leaves(70);
  NodeReader const node_ = test::nodes_of(leaves_);
  Hash root(std::size_t size) const { return test::reference_root(leaves_, 0, size); }
};

TEST_F(Proofs, RootAtEverySize) {
  for (std::size_t size = 0; size <= leaves_.size(); ++size) EXPECT_EQ(root_at(node_, size), root(size)) << size;
}

TEST_F(Proofs, EveryInclusionProofHoldsAndNoChangedOneDoes) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      SCOPED_TRACE(std::to_string(index) + " of " + std::to_string(size));
      auto const proof = build_inclusion_proof(node_, index, size);
      ASSERT_TRUE(proof);
      Hash const& leaf = leaves_[index];
      ASSERT_TRUE(verify_inclusion(*proof, index, size, leaf, root(size)));
      EXPECT_FALSE(verify_inclusion(*proof, index, size, other(leaf), root(size)));
      EXPECT_FALSE(verify_inclusion(*proof, index, size, leaf, other(root(size))));
      for (std::size_t i = 0; i < proof->size(); ++i) {
        Proof changed = *proof;
        changed[i] = other(changed[i]);
        EXPECT_FALSE(verify_inclusion(changed, index, size, leaf, root(size))) << "hash " << i;
        changed = *proof;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(verify_inclusion(changed, index, size, leaf, root(size))) << "without hash " << i;
      }
      Proof longer = *proof;
      longer.push_back(root(size));
      EXPECT_FALSE(verify_inclusion(longer, index, size, leaf, root(size)));
      for (std::uint64_t wrong = 0; wrong < size; ++wrong) {
        if (wrong != index) {
          EXPECT_FALSE(verify_inclusion(*proof, wrong, size, leaf, root(size))) << "as " << wrong;
        }
      }
    }
  }
}

TEST_F(Proofs, EveryConsistencyProofHoldsAndNoChangedOneDoes) {
  for (std::uint64_t new_size = 1; new_size <= 40; ++new_size) {
    for (std::uint64_t old_size = 1; old_size <= new_size; ++old_size) {
      SCOPED_TRACE(std::to_string(old_size) + " to " + std::to_string(new_size));
      auto const proof = build_consistency_proof(node_, old_size, new_size);
      ASSERT_TRUE(proof);
      ASSERT_TRUE(verify_consistency(*proof, old_size, root(old_size), new_size, root(new_size)));
      EXPECT_FALSE(verify_consistency(*proof, old_size, other(root(old_size)), new_size, root(new_size)));
      EXPECT_FALSE(verify_consistency(*proof, old_size, root(old_size), new_size, other(root(new_size))));
      for (std::size_t i = 0; i < proof->size(); ++i) {
        Proof changed = *proof;
        changed[i] = other(changed[i]);
        EXPECT_FALSE(verify_consistency(changed, old_size, root(old_size), new_size, root(new_size))) << "hash " << i;
        changed = *proof;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(verify_consistency(changed, old_size, root(old_size), new_size, root(new_size))) << "without hash " << i;
      }
      Proof longer = *proof;
      longer.push_back(root(new_size));
      EXPECT_FALSE(verify_consistency(longer, old_size, root(old_size), new_size, root(new_size)));
    }
  }
}

TEST_F(Proofs, RefusalsNameTheReason) {
  Proof const none;
  Proof const one{root(3)};
  EXPECT_THAT(verify_inclusion(none, 5, 5, leaves_[0], root(5)).error(), HasSubstr("index 5 is not below the size 5"));
  EXPECT_THAT(verify_inclusion(one, 0, 1, leaves_[0], root(1)).error(), HasSubstr("more hashes"));
  EXPECT_THAT(verify_inclusion(none, 0, 2, leaves_[0], root(2)).error(), HasSubstr("fewer hashes"));
  EXPECT_THAT(verify_inclusion(none, 0, 1, leaves_[0], root(2)).error(), HasSubstr("leads to root"));
  EXPECT_THAT(verify_consistency(none, 3, root(3), 2, root(2)).error(), HasSubstr("shrank"));
  EXPECT_THAT(verify_consistency(one, 2, root(2), 2, root(2)).error(), HasSubstr("none is needed"));
  EXPECT_THAT(verify_consistency(one, 0, root(0), 2, root(2)).error(), HasSubstr("none is needed"));
  EXPECT_THAT(verify_consistency(none, 2, root(2), 2, root(3)).error(), HasSubstr("two roots for one size"));
  EXPECT_THAT(verify_consistency(none, 0, root(1), 2, root(2)).error(), HasSubstr("empty tree"));
  EXPECT_THAT(verify_consistency(none, 2, root(2), 3, root(3)).error(), HasSubstr("it is empty"));
  EXPECT_TRUE(verify_consistency(none, 0, root(0), 5, root(5)));
  EXPECT_TRUE(verify_consistency(none, 5, root(5), 5, root(5)));
  EXPECT_TRUE(verify_consistency(none, 0, root(0), 0, root(0)));
  auto const proof = build_consistency_proof(node_, 3, 7);
  EXPECT_THAT(verify_consistency(*proof, 3, root(2), 7, root(7)).error(), HasSubstr("old root"));
  EXPECT_THAT(verify_consistency(*proof, 3, root(3), 7, root(6)).error(), HasSubstr("new root"));
}

TEST_F(Proofs, HugeIndexesNeitherLoopNorOverflow) {
  Proof const proof(64, root(1));
  constexpr std::uint64_t most = ~std::uint64_t{0};
  EXPECT_FALSE(verify_inclusion(proof, most - 1, most, leaves_[0], root(1)));
  EXPECT_FALSE(verify_inclusion(proof, 0, most, leaves_[0], root(1)));
  EXPECT_FALSE(verify_consistency(proof, most - 1, root(1), most, root(2)));
  EXPECT_FALSE(verify_consistency(proof, std::uint64_t{1} << 63, root(1), most, root(2)));
}

TEST(ProofBuilding, ReportsAnUnreadableNode) {
  NodeReader const broken = [](unsigned, std::uint64_t) -> std::expected<Hash, std::string> { return std::unexpected("no such tile"); };
  EXPECT_EQ(build_inclusion_proof(broken, 0, 5).error(), "no such tile");
  EXPECT_EQ(build_consistency_proof(broken, 3, 5).error(), "no such tile");
  EXPECT_EQ(root_at(broken, 5).error(), "no such tile");
  // Only the right half is unreadable.
  auto const leaves = test::leaves(8);
  NodeReader const right_broken = [&](unsigned height, std::uint64_t index) -> std::expected<Hash, std::string> {
    if ((index + 1) << height > 4) return std::unexpected("right half");
    return test::nodes_of(leaves)(height, index);
  };
  EXPECT_EQ(root_at(right_broken, 7).error(), "right half");
}

}  // namespace
}  // namespace sluice::log
