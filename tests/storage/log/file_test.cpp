// Small files: caps, whole replacement, and what is not a file.
#include "storage/log/file.hpp"

#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace sluice::log {
namespace {

using ::testing::HasSubstr;

TEST(File, IsReadWithACap) {
  test::TemporaryDirectory const directory;
  std::string const path = directory.path() + "/file";
  ASSERT_TRUE(write_file(path, "12345", Durability::synced));
  EXPECT_EQ(**read_file(path, 5), "12345");
  EXPECT_THAT(read_file(path, 4).error(), HasSubstr("5 bytes, at most 4"));
  EXPECT_EQ(*read_file(path + "-none", 5), std::nullopt);
  EXPECT_EQ(*read_file(path + "/below-a-file", 5), std::nullopt);
  ASSERT_TRUE(write_file(path, "", Durability::renamed));
  EXPECT_EQ(**read_file(path, 0), "");
}

TEST(File, PipesAndDirectoriesAreRefusedWithoutWaiting) {
  test::TemporaryDirectory const directory;
  std::string const pipe = directory.path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(read_file(pipe, 5).error(), HasSubstr("not a regular file"));
  EXPECT_FALSE(read_file(directory.path(), 5));
  EXPECT_FALSE(read_file("/dev/zero", 5));
}

TEST(File, AFailedWriteLeavesTheOldFile) {
  test::TemporaryDirectory const directory;
  std::string const path = directory.path() + "/file";
  ASSERT_TRUE(write_file(path, "old", Durability::synced, 0600));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  std::filesystem::create_directory(path + ".tmp");  // where the temporary file would go
  EXPECT_THAT(write_file(path, "new", Durability::synced).error(), HasSubstr("create"));
  EXPECT_EQ(**read_file(path, 9), "old");
  EXPECT_THAT(write_file(directory.path() + "/none/file", "new", Durability::renamed).error(), HasSubstr("No such file"));
  std::filesystem::create_directory(directory.path() + "/taken");
  std::filesystem::create_directory(directory.path() + "/taken/inside");
  EXPECT_THAT(write_file(directory.path() + "/taken", "new", Durability::renamed).error(), HasSubstr("rename"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/taken.tmp"));
  EXPECT_FALSE(sync_directory(directory.path() + "/none"));
}

}  // namespace
}  // namespace sluice::log
