// The MANIFEST's known prefix: grown is fine, cut, changed or older is not.
#include "storage/rocks/manifest_watch.hpp"

#include "storage/log/file.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sluice::rocks {
namespace {

using ::testing::HasSubstr;

class Manifest : public ::testing::Test {
 protected:
  void write(std::string const& name, std::string const& bytes) const {
    ASSERT_TRUE(log::write_file(directory_.path() + "/" + name, bytes, log::Durability::renamed));
  }
  void append(std::string const& name, std::string const& bytes) const {
    std::string const path = directory_.path() + "/" + name;
    std::FILE* const file = std::fopen(path.c_str(), "ab");
    ASSERT_NE(file, nullptr);
    std::fputs(bytes.c_str(), file);
    std::fclose(file);
  }
  std::string problem(ManifestPoint const& point) const {
    auto const checked = check_manifest(directory_.path(), point);
    return checked ? "" : checked.error();
  }
  test::TemporaryDirectory directory_;
};

TEST_F(Manifest, GrowsButNeverShrinksOrChanges) {
  write("CURRENT", "MANIFEST-000007\n");
  write("MANIFEST-000007", "edits");
  ManifestWatch watch(directory_.path());
  auto const first = watch.observe();
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(*first, (ManifestPoint{7, 5, policy::sha256("edits")}));
  EXPECT_EQ(*watch.observe(), *first);
  append("MANIFEST-000007", " and more");
  EXPECT_EQ(problem(*first), "");
  auto const second = watch.observe();
  EXPECT_EQ(*second, (ManifestPoint{7, 14, policy::sha256("edits and more")}));
  EXPECT_EQ(problem(*second), "");
  write("MANIFEST-000007", "edits and mor");
  EXPECT_THAT(problem(*second), HasSubstr("it ends at byte 13; it had 14 bytes"));
  EXPECT_EQ(problem(*first), "");
  write("MANIFEST-000007", "edits And more and more");
  EXPECT_THAT(problem(*second), HasSubstr("its first 14 bytes have changed"));
  EXPECT_EQ(problem({}), "");  // none known
}

TEST_F(Manifest, ANewerOneCannotBeCheckedAnOlderOneIsRefused) {
  write("CURRENT", "MANIFEST-000007\n");
  write("MANIFEST-000007", "edits");
  EXPECT_EQ(problem({6, 100, {}}), "");
  EXPECT_THAT(problem({8, 1, {}}), HasSubstr("MANIFEST-000008 was in use already: an older version was put back"));
  ManifestWatch watch(directory_.path());
  ASSERT_TRUE(watch.observe());
  write("MANIFEST-000009", "new");
  write("CURRENT", "MANIFEST-000009\n");
  std::filesystem::remove(directory_.path() + "/MANIFEST-000007");
  EXPECT_EQ(*watch.observe(), (ManifestPoint{9, 3, policy::sha256("new")}));
}

TEST_F(Manifest, ABadCurrentIsNamed) {
  for (char const* bytes : {"", "MANIFEST-000007", "MANIFEST-x\n", "MANIFEST-\n", "OTHER\n", "MANIFEST-000007 \n"}) {
    write("CURRENT", bytes);
    EXPECT_THAT(problem({7, 1, {}}), HasSubstr("names no MANIFEST")) << bytes;
    EXPECT_FALSE(ManifestWatch(directory_.path()).observe());
  }
  std::filesystem::remove(directory_.path() + "/CURRENT");
  EXPECT_THAT(problem({7, 1, {}}), HasSubstr("missing or names no MANIFEST"));
  write("CURRENT", "MANIFEST-000007\n");
  EXPECT_THAT(problem({7, 1, {}}), HasSubstr("No such file"));
  EXPECT_FALSE(ManifestWatch(directory_.path()).observe());
}

}  // namespace
}  // namespace sluice::rocks
