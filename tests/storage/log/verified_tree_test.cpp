// Reading an exported tree: the whole of it, parts of it, and every kind of change to it found and named.
#include "storage/log/verified_tree.hpp"

#include "storage/log/file.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tree.hpp"
#include "tests/storage/log/exported_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace sluice::log {
namespace {

using Check = Divergence::Check;
using ::testing::HasSubstr;

// All that an auditor's verify does: checkpoint, every tile, every entry.
std::expected<std::uint64_t, Divergence> verify(test::ExportedTree const& exported) {
  DirectorySource source(exported.directory.path());
  auto tree = VerifiedTree::open(source, exported.verifiers);
  if (!tree) return std::unexpected(tree.error());
  std::uint64_t seen = 0;
  auto const read = tree->entries(0, tree->size(), [&](Sequence i, std::string_view bytes) {
    EXPECT_EQ(bytes, test::entry(i)) << "an unproved entry was handed on";
    ++seen;
    return true;
  });
  if (!read) return std::unexpected(read.error());
  if (auto tiles = tree->check_tiles(); !tiles) return std::unexpected(tiles.error());
  return seen;
}

void flip(std::string const& path, std::size_t bit) {
  auto bytes = **read_file(path, 1u << 26);
  ASSERT_LT(bit / 8, bytes.size());
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  ASSERT_TRUE(write_file(path, bytes, Durability::renamed));
}

TEST(VerifiedTree, ReadsEveryEntryAtManySizes) {
  for (std::uint64_t const size : {0u, 1u, 2u, 255u, 256u, 257u, 512u, 1'000u}) {
    test::ExportedTree const exported(size);
    auto const seen = verify(exported);
    ASSERT_TRUE(seen) << seen.error().message();
    EXPECT_EQ(*seen, size);
  }
}

TEST(VerifiedTree, ReadsThreeLevels) {
  test::ExportedTree const exported(65'536 + 300);
  auto const seen = verify(exported);
  ASSERT_TRUE(seen) << seen.error().message();
  EXPECT_EQ(*seen, exported.ledger.size());
}

TEST(VerifiedTree, ReadsRangesAndStopsWhenAsked) {
  test::ExportedTree const exported(700);
  DirectorySource source(exported.directory.path());
  auto tree = VerifiedTree::open(source, exported.verifiers);
  ASSERT_TRUE(tree);
  std::vector<Sequence> seen;
  ASSERT_TRUE(tree->entries(254, 5, [&](Sequence i, std::string_view bytes) {
    EXPECT_EQ(bytes, test::entry(i));
    seen.push_back(i);
    return true;
  }));
  EXPECT_THAT(seen, ::testing::ElementsAre(254, 255, 256, 257, 258));
  seen.clear();
  ASSERT_TRUE(tree->entries(690, ~std::uint64_t{0}, [&](Sequence i, std::string_view) {
    seen.push_back(i);
    return i < 692;
  }));
  EXPECT_THAT(seen, ::testing::ElementsAre(690, 691, 692));
  ASSERT_TRUE(tree->entries(700, 1, [](Sequence, std::string_view) -> bool { throw std::logic_error("nothing is there"); }));
}

TEST(VerifiedTree, ItsTilesMakeProofs) {
  test::ExportedTree const exported(600);
  DirectorySource source(exported.directory.path());
  auto tree = VerifiedTree::open(source, exported.verifiers);
  ASSERT_TRUE(tree);
  TileBytesReader const tiles = [&](TileId const& id) -> std::expected<std::string, std::string> {
    auto const hashes = tree->tile(id.level, id.index);
    if (!hashes) return std::unexpected(hashes.error().message());
    std::string bytes;
    for (policy::Hash const& hash : *hashes) bytes.append(reinterpret_cast<char const*>(hash.bytes.data()), 32);
    return bytes;
  };
  auto const proof = build_inclusion_proof(node_reader(tiles, 600), 300, 600);
  ASSERT_TRUE(proof) << proof.error();
  EXPECT_TRUE(verify_inclusion(*proof, 300, 600, hash_leaf(test::entry(300)), exported.ledger.checkpoint().root));
}

TEST(VerifiedTree, AnOlderCheckpointReadsANewerTree) {
  test::ExportedTree exported(200);
  Checkpoint const kept{"log.sluice.test/one", 200, exported.ledger.checkpoint().root, {}};
  test::grow(exported.ledger, 256);
  exported.export_again();
  DirectorySource source(exported.directory.path());
  auto tree = VerifiedTree::open(source, kept);
  ASSERT_TRUE(tree) << tree.error().message();
  std::uint64_t seen = 0;
  auto const read = tree->entries(0, 1'000, [&](Sequence, std::string_view) { return ++seen > 0; });
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(seen, 200u);
}

// The tree of 1,000 entries has 4 bundles, 4 + 1 tiles and a checkpoint. Bits are drawn with a fixed seed, some in every file.
TEST(VerifiedTree, FlippedBitsAreFoundAtTheRightFileAndEntry) {
  test::ExportedTree const exported(1'000);
  std::mt19937_64 random(20261122);
  std::vector<std::string> const paths{"checkpoint",       "tile/0/000",       "tile/0/001",
                                       "tile/0/002",       "tile/0/003.p/232", "tile/1/000.p/3",
                                       "tile/entries/000", "tile/entries/001", "tile/entries/003.p/232"};
  for (std::string const& path : paths) {
    std::string const file = exported.file(path);
    std::string const good = **read_file(file, 1u << 26);
    for (int sample = 0; sample < 60; ++sample) {
      std::size_t const bit = random() % (good.size() * 8);
      SCOPED_TRACE(path + " bit " + std::to_string(bit));
      flip(file, bit);
      auto const seen = verify(exported);
      ASSERT_FALSE(seen);
      Divergence const& divergence = seen.error();
      EXPECT_EQ(divergence.file, path) << divergence.message();
      if (path.starts_with("tile/entries")) {
        // The entry whose bytes (or length prefix) hold the bit.
        BundleCursor cursor(good);
        std::uint64_t entry = std::stoull(path.substr(13, 3)) * 256;
        std::size_t offset = 0;
        while (offset + 2 + cursor.next()->bytes.size() <= bit / 8) {
          offset = cursor.offset();
          ++entry;
        }
        EXPECT_EQ(divergence.entry, entry) << divergence.message();
        EXPECT_EQ(divergence.position, offset);
        EXPECT_THAT(divergence.check, ::testing::AnyOf(Check::entry_hash, Check::bundle_form));
      } else if (path != "checkpoint") {
        EXPECT_EQ(divergence.check, Check::tile_hash);
        EXPECT_EQ(divergence.position, bit / 8 / 32) << divergence.message();
      } else {
        EXPECT_EQ(divergence.check, Check::signature);
      }
      ASSERT_TRUE(write_file(file, good, Durability::renamed));
    }
  }
  EXPECT_TRUE(verify(exported));
}

class DamagedTree : public ::testing::Test {
 protected:
  test::ExportedTree const exported_{600};
  Divergence found() const {
    auto const seen = verify(exported_);
    EXPECT_FALSE(seen);
    return seen ? Divergence{} : seen.error();
  }
  std::string read(std::string const& path) const { return **read_file(exported_.file(path), 1u << 26); }
  void write(std::string const& path, std::string const& bytes) const {
    ASSERT_TRUE(write_file(exported_.file(path), bytes, Durability::renamed));
  }
};

TEST_F(DamagedTree, MissingFilesAreNamed) {
  for (std::string const path :
       {"checkpoint", "tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"}) {
    std::string const good = read(path);
    std::filesystem::remove(exported_.file(path));
    Divergence const divergence = found();
    EXPECT_EQ(divergence.check, Check::missing) << path;
    EXPECT_EQ(divergence.file, path);
    EXPECT_THAT(divergence.message(), HasSubstr("missing in " + path));
    write(path, good);
  }
}

TEST_F(DamagedTree, FilesCutShortOrGrownAreNamed) {
  for (std::string const path : {"tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"}) {
    std::string const good = read(path);
    write(path, good.substr(0, good.size() - 1));
    EXPECT_EQ(found().file, path);
    write(path, "");
    EXPECT_EQ(found().file, path);
    write(path, good + "x");
    EXPECT_EQ(found().file, path);
    write(path, good);
  }
}

TEST_F(DamagedTree, OversizedOrUnreadableFilesAreNamed) {
  std::string const good = read("tile/0/000");
  write("tile/0/000", good + good);
  EXPECT_EQ(found().check, Check::unreadable);
  write("tile/0/000", good);
  std::filesystem::remove(exported_.file("checkpoint"));
  std::filesystem::create_directory(exported_.file("checkpoint"));
  EXPECT_EQ(found().check, Check::unreadable);
}

// A forger who changes an entry and all hashes above it up to the right edge still lacks the signed root.
TEST_F(DamagedTree, AConsistentForgeryMeetsTheSignedRoot) {
  MemoryLedger forger(test::signer('F'), make_memory_disk());
  std::vector<std::string> entries = test::entries(0, 600);
  entries[3] = "forged";
  ASSERT_TRUE(forger.append(1, 0, {entries, {}, {}}, {}));
  test::TemporaryDirectory const forged;
  ASSERT_TRUE(export_tree(forger, forged.path()));
  std::string const signed_by_us = read("checkpoint");
  std::filesystem::copy(forged.path(), exported_.directory.path(),
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(found().check, Check::signature);  // the forger's own checkpoint
  write("checkpoint", signed_by_us);
  Divergence const divergence = found();
  EXPECT_EQ(divergence.check, Check::root);
  EXPECT_EQ(divergence.file, "checkpoint");
  // With our right edge put back, the tile below it is the one that does not fit.
  test::ExportedTree again(600);
  write("tile/1/000.p/2", **read_file(again.file("tile/1/000.p/2"), 10'000));
  Divergence const below = found();
  EXPECT_EQ(below.check, Check::tile_hash);
  EXPECT_EQ(below.file, "tile/0/000");
  EXPECT_EQ(below.entry, 0u);
  EXPECT_THAT(below.expected, HasSubstr("a tile that folds to"));
}

TEST_F(DamagedTree, FullTileServesWhereThePartialOneIsGone) {
  // What a log server does once a tile is full; here the full files are longer than our checkpoint knows.
  test::ExportedTree longer(768);
  for (char const* path : {"tile/0/002", "tile/entries/002"}) write(path, **read_file(longer.file(path), 1u << 26));
  std::filesystem::remove(exported_.file("tile/0/002.p/88"));
  std::filesystem::remove(exported_.file("tile/entries/002.p/88"));
  auto const seen = verify(exported_);
  ASSERT_TRUE(seen) << seen.error().message();
  EXPECT_EQ(*seen, 600u);
  std::string const full = read("tile/0/002");
  write("tile/0/002", full.substr(0, 88 * 32));  // a partial tile under the full tile's name
  EXPECT_EQ(found().file, "tile/0/002");
}

TEST_F(DamagedTree, BlobsAreProvedByTheirName) {
  DirectorySource source(exported_.directory.path());
  auto tree = VerifiedTree::open(source, exported_.verifiers);
  ASSERT_TRUE(tree);
  std::filesystem::create_directory(exported_.file("blob"));
  write(blob_path(policy::sha256("plan")), "plan");
  EXPECT_EQ(tree->blob(policy::sha256("plan")), "plan");
  write(blob_path(policy::sha256("plan")), "plane");
  EXPECT_EQ(tree->blob(policy::sha256("plan")).error().check, Check::blob_hash);
  EXPECT_EQ(tree->blob(policy::sha256("none")).error().check, Check::missing);
}

}  // namespace
}  // namespace sluice::log
