// Every file of an export, damaged in every way: found, named, and never more than a report.
#include "tests/tools/audit/map_source.hpp"

#include <gtest/gtest.h>

namespace sluice::audit {
namespace {

using testing::MapSource;
using testing::replayed;

class Damage : public ::testing::Test {
 protected:
  MapSource const& sound() const {
    static MapSource const source = MapSource::of(SLUICE_GOLDEN_LOG);
    return source;
  }
  /// Damages one file, expects the audit to name it, and gives the finding's class.
  Class found(std::string const& path, std::string const& bytes, std::string const& what, ReplayOptions const& options = {}) {
    MapSource source = sound();
    source.files[path] = bytes;
    Report const report = replayed(source, options);
    EXPECT_TRUE(report.finding) << path << ": " << what;
    if (!report.finding) return Class::clean;
    EXPECT_EQ(report.finding->file, path) << what << "\n" << to_text(report);
    EXPECT_NE(to_text(report).find("DIVERGENCE"), std::string::npos);
    return report.finding->kind;
  }
  static bool is_checkpoint(std::string const& path) { return path == "checkpoint"; }
};

TEST_F(Damage, TheLogIsSoundToBeginWith) {
  MapSource source = sound();
  EXPECT_FALSE(replayed(source).finding);
  EXPECT_GE(source.files.size(), 8u) << "checkpoint, two tiles and two bundles of the lowest level, one above, blobs";
}

TEST_F(Damage, AFlippedBitIsFoundAndItsFileNamed) {
  for (auto const& [path, bytes] : sound().files) {
    // Of a long file every 251st byte, and all at its beginning and end.
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      if (at >= 12 && at + 12 < bytes.size() && at % 251 != 0) continue;
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      Class const kind = found(path, flipped, "bit of byte " + std::to_string(at));
      EXPECT_EQ(kind, is_checkpoint(path) ? Class::signature : Class::tampered) << path << " byte " << at;
    }
  }
}

TEST_F(Damage, AShortenedOrLengthenedFileIsFound) {
  for (auto const& [path, bytes] : sound().files) {
    for (std::size_t const size : {std::size_t{0}, std::size_t{1}, bytes.size() / 2, bytes.size() - 1}) {
      if (size >= bytes.size()) continue;
      EXPECT_NE(found(path, bytes.substr(0, size), "cut to " + std::to_string(size)), Class::clean);
    }
    EXPECT_NE(found(path, bytes + '\0', "a byte more"), Class::clean);
    EXPECT_NE(found(path, bytes + bytes, "twice"), Class::clean);
  }
}

TEST_F(Damage, AMissingFileIsIncompleteAndNamed) {
  for (auto const& [path, bytes] : sound().files) {
    MapSource source = sound();
    source.files.erase(path);
    Report const report = replayed(source);
    ASSERT_TRUE(report.finding) << path;
    EXPECT_EQ(report.finding->kind, Class::incomplete) << path;
    EXPECT_EQ(report.finding->file, path);
  }
}

TEST_F(Damage, FilesInEachOthersPlaceAreFound) {
  for (auto it = sound().files.begin(); std::next(it) != sound().files.end(); ++it)
    EXPECT_NE(found(it->first, std::next(it)->second, "with the bytes of " + std::next(it)->first), Class::clean);
}

TEST_F(Damage, WithoutAReplayBytesAndBlobsAreCheckedAllTheSame) {
  ReplayOptions bytes_only;
  bytes_only.apply = false;
  for (auto const& [path, bytes] : sound().files) {
    std::string flipped = bytes;
    flipped[bytes.size() / 2] ^= 1;
    EXPECT_NE(found(path, flipped, "verify", bytes_only), Class::clean);
  }
}

TEST_F(Damage, AnotherKeyIsNotTheLogs) {
  MapSource source = sound();
  std::string const seed(32, 'H');
  log::NoteSigner const other("sluice.example/log", log::Ed25519Key::from_seed(policy::bytes_of(seed)).value());
  Report const report = replay(source, other.verifier(), {});
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->kind, Class::signature);
  EXPECT_EQ(report.exit_code(), 2);
}

}  // namespace
}  // namespace sluice::audit
