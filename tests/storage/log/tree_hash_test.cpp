// RFC 6962 hashing against published values and against SHA-256 done plainly.
#include "storage/log/tree_hash.hpp"

#include "tests/storage/groups.hpp"

#include <gtest/gtest.h>

namespace sluice::log {
namespace {

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// The eight inputs that Certificate Transparency implementations share, and the roots of their prefixes.
std::vector<std::string> const ct_inputs{
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
std::vector<std::string> const ct_roots{
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(TreeHash, EmptyRoot) { EXPECT_EQ(to_hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"); }

TEST(TreeHash, RootsOfTheSharedInputs) {
  std::vector<policy::Hash> hashes;
  for (std::size_t i = 0; i < ct_inputs.size(); ++i) {
    hashes.push_back(hash_leaf(unhex(ct_inputs[i])));
    EXPECT_EQ(to_hex(fold(hashes)), ct_roots[i]) << i + 1 << " entries";
    EXPECT_EQ(fold(hashes), test::reference_root(hashes, 0, hashes.size()));
  }
}

// Lengths around every block and chunk boundary of the fast path.
TEST(TreeHash, LeafEqualsPlainSha256AtEveryLength) {
  std::string bytes;
  for (std::size_t i = 0; i < 70'000; ++i) bytes.push_back(static_cast<char>(i * 31 + i / 256));
  std::vector<std::size_t> lengths;
  for (std::size_t n = 0; n <= 2'200; ++n) lengths.push_back(n);
  for (std::size_t n : {4'095u, 4'096u, 16'384u, 65'534u, 65'535u}) lengths.push_back(n);
  for (std::size_t const n : lengths) {
    std::string_view const entry = std::string_view(bytes).substr(0, n);
    ASSERT_EQ(hash_leaf(entry), policy::sha256(std::string(1, '\0').append(entry))) << n << " bytes";
  }
}

TEST(TreeHash, NodeEqualsPlainSha256) {
  policy::Hash const left = policy::sha256("left");
  policy::Hash const right = policy::sha256("right");
  std::string message(1, '\x01');
  message.append(reinterpret_cast<char const*>(left.bytes.data()), 32).append(reinterpret_cast<char const*>(right.bytes.data()), 32);
  EXPECT_EQ(hash_node(left, right), policy::sha256(message));
  EXPECT_NE(hash_node(left, right), hash_node(right, left));
}

}  // namespace
}  // namespace sluice::log
