// The growing tree, its right edge, its restoration, and the second path that must agree with it.
#include "storage/log/tree.hpp"

#include "storage/log/second_path.hpp"
#include "storage/log/tree_hash.hpp"
#include "tests/storage/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace sluice::log {
namespace {

using policy::Hash;
using ::testing::HasSubstr;

using Tiles = std::map<std::pair<unsigned, std::uint64_t>, std::string>;

TileBytesReader reading(Tiles const& tiles) {
  return [&tiles](TileId const& id) -> std::expected<std::string, std::string> {
    auto const tile = tiles.find({id.level, id.index});
    if (tile == tiles.end()) return std::unexpected(tile_path(id) + ": none");
    return tile->second;
  };
}

struct Grown {
  Tree tree;
  Tiles tiles;
  void append(Hash const& leaf) {
    std::vector<FinishedTile> finished;
    tree.append(leaf, finished);
    for (FinishedTile& tile : finished) tiles[{tile.tile.level, tile.tile.index}] = std::move(tile.bytes);
  }
};

TEST(Frontier, RootEqualsTheDefinitionAtEverySize) {
  auto const leaves = test::leaves(300);
  Frontier frontier;
  EXPECT_EQ(frontier.root(), empty_root());
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    frontier.append(leaves[size - 1]);
    ASSERT_EQ(frontier.root(), test::reference_root(leaves, 0, size)) << size;
    auto const copy = Frontier::parse(frontier.serialised());
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->root(), frontier.root());
    EXPECT_EQ(copy->size(), size);
  }
}

TEST(Frontier, MalformedBytesAreRefused) {
  EXPECT_THAT(Frontier::parse("short").error(), HasSubstr("8 bytes of size"));
  Frontier frontier;
  for (Hash const& leaf : test::leaves(7)) frontier.append(leaf);
  std::string const bytes = frontier.serialised();
  EXPECT_THAT(Frontier::parse(bytes.substr(0, bytes.size() - 1)).error(), HasSubstr("holds 3 hashes"));
  EXPECT_THAT(Frontier::parse(bytes + std::string(32, 'x')).error(), HasSubstr("holds 3 hashes"));
}

// Past 65,536 leaves level 2 begins; leaves are made up, so that only the tree's own hashing is paid for.
TEST(Tree, TilesFrontierAndRestorationAgreeAcrossThreeLevels) {
  Grown grown;
  Frontier frontier;
  std::vector<Hash> leaves;
  std::uint64_t const last = 65'536 + 256 * 3 + 17;
  for (std::uint64_t i = 0; i < last; ++i) {
    Hash const leaf = hash_leaf(std::to_string(i));
    leaves.push_back(leaf);
    grown.append(leaf);
    frontier.append(leaf);
    std::uint64_t const size = i + 1;
    bool const interesting =
        size < 3 || (size > 250 && size < 260) || size == 512 || size == 65'535 || size == 65'536 || size == 65'537 || size == last;
    if (!interesting) continue;
    SCOPED_TRACE(size);
    EXPECT_EQ(grown.tree.root(), frontier.root());
    std::vector<Hash> const rest(leaves.end() - static_cast<std::ptrdiff_t>(size % tile_width), leaves.end());
    auto const restored = Tree::restore(size, rest, reading(grown.tiles));
    ASSERT_TRUE(restored) << restored.error();
    EXPECT_EQ(restored->frontier().serialised(), grown.tree.frontier().serialised());
    RightEdge const edge = restored->right_edge();
    for (std::uint8_t level = 0; level < tile_levels; ++level) {
      std::uint64_t const hashes = size >> (8 * level);
      auto const width = static_cast<std::uint32_t>(hashes % tile_width);
      if (width == 0) continue;
      EXPECT_EQ(edge.tile({level, hashes / tile_width, width}), grown.tree.right_edge().tile({level, hashes / tile_width, width}));
      EXPECT_EQ(edge.tile({level, hashes / tile_width, 1})->size(), 32u);
      EXPECT_FALSE(edge.tile({level, hashes / tile_width, width + 1}));
      EXPECT_FALSE(edge.tile({level, hashes / tile_width + 1, 1}));
      EXPECT_FALSE(edge.tile({level, hashes / tile_width, 0}));
    }
    EXPECT_FALSE(edge.tile({tile_levels, 0, 1}));
  }
  // Nodes out of these tiles serve proofs.
  TileBytesReader tiles = [&, edge = grown.tree.right_edge()](TileId const& id) -> std::expected<std::string, std::string> {
    if (auto bytes = edge.tile(id)) return std::move(*bytes);
    return reading(grown.tiles)(id);
  };
  NodeReader const node = node_reader(tiles, last);
  for (std::uint64_t const size :
       {std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{300}, std::uint64_t{65'536}, last}) {
    Frontier then;
    for (std::uint64_t i = 0; i < size; ++i) then.append(leaves[i]);
    EXPECT_EQ(root_at(node, size), then.root());
    auto const proof = build_inclusion_proof(node, size - 1, last);
    ASSERT_TRUE(proof) << proof.error();
    EXPECT_TRUE(verify_inclusion(*proof, size - 1, last, leaves[size - 1], grown.tree.root()));
    auto const consistency = build_consistency_proof(node, size, last);
    ASSERT_TRUE(consistency);
    EXPECT_TRUE(verify_consistency(*consistency, size, then.root(), last, grown.tree.root()));
  }
  EXPECT_THAT(node(0, last).error(), HasSubstr("is not in a tree"));
  TileBytesReader const cut = [](TileId const&) -> std::expected<std::string, std::string> { return std::string(7, 'x'); };
  EXPECT_THAT(node_reader(cut, last)(0, 0).error(), HasSubstr("7 bytes, expected 8192"));
  EXPECT_THAT(Tree::restore(512, {}, cut).error(), HasSubstr("7 bytes, expected 8192"));
  EXPECT_THAT(Tree::restore(512, {}, reading({})).error(), HasSubstr("none"));
}

// The edge handed out stays as it was while the tree goes on.
TEST(Tree, RightEdgeIsImmutable) {
  Grown grown;
  for (Hash const& leaf : test::leaves(10)) grown.append(leaf);
  RightEdge const before = grown.tree.right_edge();
  auto const bytes = before.tile({0, 0, 10});
  grown.append(hash_leaf("more"));
  EXPECT_EQ(before.tile({0, 0, 10}), bytes);
  EXPECT_FALSE(before.tile({0, 0, 11}));
  EXPECT_TRUE(grown.tree.right_edge().tile({0, 0, 11}));
}

struct Step {
  std::uint64_t first, count;
};

std::ostream& operator<<(std::ostream& out, Step const& step) { return out << step.count << " after " << step.first; }

class SecondPathAgrees : public ::testing::TestWithParam<Step> {};

TEST_P(SecondPathAgrees, WithTheTree) {
  auto const [first, count] = GetParam();
  Grown grown;
  for (std::uint64_t i = 0; i < first; ++i) grown.append(hash_leaf(test::entry(i)));
  SecondPath second(grown.tree.frontier().serialised());
  grown.tiles.clear();
  for (std::uint64_t i = first; i < first + count; ++i) {
    grown.append(hash_leaf(test::entry(i)));
    second.entry(test::entry(i));
  }
  for (auto const& [id, bytes] : grown.tiles) second.tile({static_cast<std::uint8_t>(id.first), id.second, tile_width}, bytes);
  auto const result = second.finish();
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->size, first + count);
  EXPECT_EQ(result->root, grown.tree.root());
  EXPECT_EQ(result->frontier, grown.tree.frontier().serialised());
}

INSTANTIATE_TEST_SUITE_P(Steps, SecondPathAgrees,
                         ::testing::Values(Step{0, 0}, Step{0, 1}, Step{0, 2}, Step{1, 1}, Step{1, 2}, Step{5, 3}, Step{7, 9}, Step{0, 255},
                                           Step{0, 256}, Step{0, 257}, Step{255, 1}, Step{255, 2}, Step{256, 0}, Step{256, 256},
                                           Step{3, 1'024}, Step{511, 513}, Step{65'535, 1}, Step{65'000, 1'100}));

TEST(SecondPath, FindsWhatIsWrong) {
  Grown grown;
  for (std::uint64_t i = 0; i < 255; ++i) grown.append(hash_leaf(test::entry(i)));
  std::string const frontier = grown.tree.frontier().serialised();
  grown.append(hash_leaf(test::entry(255)));
  std::string const tile = grown.tiles.at({0, 0});
  auto const run = [&](std::string const& row, std::string_view entry, std::string const& bytes, std::uint64_t index = 0) {
    SecondPath second(row);
    second.entry(entry);
    if (!bytes.empty()) second.tile({0, index, tile_width}, bytes);
    return second.finish();
  };
  EXPECT_TRUE(run(frontier, test::entry(255), tile));
  std::string flipped = tile;
  flipped[100] = static_cast<char>(flipped[100] ^ 4);
  EXPECT_THAT(run(frontier, test::entry(255), flipped).error(), HasSubstr("does not fold"));
  EXPECT_THAT(run(frontier, test::entry(254), tile).error(), HasSubstr("does not fold"));
  EXPECT_THAT(run(frontier, test::entry(255), tile.substr(32)).error(), HasSubstr("8160 bytes in the batch"));
  EXPECT_THAT(run(frontier, test::entry(255), "").error(), HasSubstr("full but not in the batch"));
  EXPECT_THAT(run(Frontier().serialised(), test::entry(255), tile).error(), HasSubstr("not full yet"));
  EXPECT_THAT(run("short", test::entry(255), tile).error(), HasSubstr("shorter than its size"));
  EXPECT_THAT(run(frontier.substr(0, frontier.size() - 32), test::entry(255), tile).error(), HasSubstr("fewer hashes"));
  EXPECT_THAT(run(frontier + std::string(32, 'x'), test::entry(255), tile).error(),
              ::testing::AnyOf(HasSubstr("more hashes"), HasSubstr("does not fold")));
  EXPECT_THAT(run(Frontier().serialised() + std::string(32, 'x'), test::entry(0), "").error(), HasSubstr("more hashes"));
}

}  // namespace
}  // namespace sluice::log
