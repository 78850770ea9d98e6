// Tile and bundle names and encodings, by the C2SP tlog-tiles text.
#include "storage/log/tile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::log {
namespace {

using ::testing::HasSubstr;

TEST(TilePath, IsWrittenAsTheSpecificationSays) {
  EXPECT_EQ(tile_path({0, 0, 256}), "tile/0/000");
  EXPECT_EQ(tile_path({0, 1234067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({1, 999, 1}), "tile/1/999.p/1");
  EXPECT_EQ(tile_path({7, 1000, 255}), "tile/7/x001/000.p/255");
  EXPECT_EQ(bundle_path(0, 256), "tile/entries/000");
  EXPECT_EQ(bundle_path(70'001, 17), "tile/entries/x070/001.p/17");
}

TEST(TilePath, IsReadBackAsWritten) {
  for (std::uint64_t const index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{999}, std::uint64_t{1000},
                                    std::uint64_t{999'999}, std::uint64_t{1'000'000}, (std::uint64_t{1} << 55) - 1}) {
    for (std::uint32_t const width : {1u, 17u, 255u, 256u}) {
      TileId const id{3, index, width};
      auto const tile = parse_tile_path(tile_path(id));
      ASSERT_TRUE(tile) << tile_path(id);
      EXPECT_FALSE(tile->entries);
      EXPECT_EQ(tile->tile, id);
      auto const bundle = parse_tile_path(bundle_path(index, width));
      ASSERT_TRUE(bundle);
      EXPECT_TRUE(bundle->entries);
      EXPECT_EQ(bundle->tile, (TileId{0, index, width}));
    }
  }
}

TEST(TilePath, OtherSpellingsAreRefused) {
  for (char const* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/001",
                           "tile/00/001",
                           "tile/8/001",
                           "tile/64/001",
                           "tile/-1/001",
                           "tile/a/001",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/x01/001",
                           "tile/0/x1a1/001",
                           "tile/0/001/",
                           "tile/0/001.p",
                           "tile/0/001.p/",
                           "tile/0/001.p/0",
                           "tile/0/001.p/256",
                           "tile/0/001.p/01",
                           "tile/0/001.p/1/",
                           "tile/0/001.p/1x",
                           "tile/0/00a",
                           "tile/0/../001",
                           "/tile/0/001",
                           "tile/0/x999/x999/x999/x999/x999/x999/999",
                           "tile/0/x036/x028/x797/x018/x963/968",
                           "tile/entries/",
                           "tile/entries/1",
                           "tile/data/001",
                           "tile/99999999999999999999/001",
                           "tile/0/001\n"}) {
    EXPECT_FALSE(parse_tile_path(path)) << path;
  }
}

TEST(TileWidth, FollowsTheSize) {
  EXPECT_EQ(tile_width_at(0, 0, 0), 0u);
  EXPECT_EQ(tile_width_at(1, 0, 0), 1u);
  EXPECT_EQ(tile_width_at(256, 0, 0), 256u);
  EXPECT_EQ(tile_width_at(256, 0, 1), 0u);
  EXPECT_EQ(tile_width_at(256, 1, 0), 1u);
  EXPECT_EQ(tile_width_at(257, 0, 1), 1u);
  EXPECT_EQ(tile_width_at(65'536, 1, 0), 256u);
  EXPECT_EQ(tile_width_at(65'536, 2, 0), 1u);
  EXPECT_EQ(tile_width_at(65'535, 2, 0), 0u);
  EXPECT_EQ(tile_width_at(~std::uint64_t{0}, 8, 0), 0u);
  EXPECT_EQ(tile_width_at(~std::uint64_t{0}, 0, ~std::uint64_t{0}), 0u);
}

TEST(Bundle, HoldsEntriesWithSixteenBitLengths) {
  std::string bundle;
  append_to_bundle(bundle, "abc");
  append_to_bundle(bundle, "");
  append_to_bundle(bundle, std::string(65'535, 'z'));
  EXPECT_EQ(bundle.substr(0, 7), std::string("\0\x03"
                                             "abc\0\0",
                                             7));
  BundleCursor cursor(bundle);
  EXPECT_EQ(cursor.next()->bytes, "abc");
  EXPECT_EQ(cursor.next()->bytes, "");
  auto const last = cursor.next();
  EXPECT_EQ(last->offset, 7u);
  EXPECT_EQ(last->bytes.size(), 65'535u);
  EXPECT_TRUE(cursor.at_end());
}

TEST(Bundle, CutShortIsAnErrorWithItsReason) {
  EXPECT_THAT(BundleCursor(std::string_view("\0", 1)).next().error(), HasSubstr("ends inside a length prefix"));
  EXPECT_THAT(BundleCursor(std::string_view("\0\x04"
                                            "abc",
                                            5))
                  .next()
                  .error(),
              HasSubstr("4 bytes is announced, 3 are left"));
}

}  // namespace
}  // namespace sluice::log
