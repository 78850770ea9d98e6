// Free space and ballast.
#include "storage/rocks/disk_space.hpp"

#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace sluice::rocks {
namespace {

using ::testing::HasSubstr;

TEST(FreeSpaceOf, APathThatIsThere) {
  test::TemporaryDirectory const directory;
  auto const space = free_space(directory.path());
  ASSERT_TRUE(space);
  EXPECT_GT(space->available_bytes, 0u);
  EXPECT_GE(space->total_bytes, space->available_bytes);
  EXPECT_THAT(free_space(directory.path() + "/none").error(), HasSubstr("No such file"));
}

TEST(Ballast, IsAllocatedReleasedAndResized) {
  test::TemporaryDirectory const directory;
  std::string const path = directory.path() + "/ballast";
  EXPECT_EQ(*place_ballast(path, 1u << 20, 0), true);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 1 << 20);
  EXPECT_GE(status.st_blocks * 512, 1 << 20);  // allocated, not sparse
  EXPECT_EQ(*place_ballast(path, 1u << 20, 0), true);
  EXPECT_EQ(*place_ballast(path, 2u << 20, 0), true);
  EXPECT_EQ(std::filesystem::file_size(path), 2u << 20);
  EXPECT_TRUE(release_ballast(path));
  EXPECT_TRUE(release_ballast(path));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(*place_ballast(path, 1u << 20, ~std::uint64_t{0}), false);  // no room for it
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(*place_ballast(path, 1u << 20, 0), true);
  EXPECT_EQ(*place_ballast(path, 0, 0), false);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(place_ballast(directory.path() + "/none/ballast", 1, 0));
}

}  // namespace
}  // namespace sluice::rocks
