// The mark outside the database: two slots, one of which may always be torn.
#include "storage/rocks/high_water_mark.hpp"

#include "storage/log/file.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sluice::rocks {
namespace {

using ::testing::HasSubstr;

Mark mark(std::uint64_t size) { return {size, policy::sha256(std::to_string(size)), {size + 100, size * 3, policy::sha256("manifest")}}; }

class HighWaterMarkFile : public ::testing::Test {
 protected:
  Mark reopened() const {
    auto const opened = HighWaterMark::open(path_);
    EXPECT_TRUE(opened && *opened);
    return opened && *opened ? (*opened)->mark() : Mark{};
  }
  std::string bytes() const { return **log::read_file(path_, 1u << 20); }
  void write(std::string const& bytes) const { ASSERT_TRUE(log::write_file(path_, bytes, log::Durability::renamed)); }

  test::TemporaryDirectory directory_;
  std::string const path_ = directory_.path() + "/mark";
};

TEST_F(HighWaterMarkFile, HoldsTheLastMarkWritten) {
  EXPECT_EQ(*HighWaterMark::open(path_), std::nullopt);
  {
    auto created = HighWaterMark::create(path_, mark(0));
    ASSERT_TRUE(created);
    EXPECT_EQ(reopened(), mark(0));
    for (std::uint64_t size = 1; size < 10; ++size) {
      ASSERT_TRUE(created->write(mark(size)));
      EXPECT_EQ(created->mark(), mark(size));
      EXPECT_EQ(reopened(), mark(size));
    }
  }
  auto again = HighWaterMark::open(path_);
  ASSERT_TRUE((*again)->write(mark(10)));
  EXPECT_EQ(reopened(), mark(10));
  EXPECT_EQ(bytes().size(), 8192u);
}

TEST_F(HighWaterMarkFile, ATornWriteLeavesTheMarkBefore) {
  auto created = HighWaterMark::create(path_, mark(0));
  ASSERT_TRUE(created->write(mark(1)));
  std::string const before = bytes();
  ASSERT_TRUE(created->write(mark(2)));
  std::string const after = bytes();
  for (std::size_t torn = 0; torn < 8192; ++torn) {  // the first `torn` bytes are new, the rest old
    if (torn > 140 && torn < 4096) continue;
    if (torn > 4096 + 140 && torn < 8191) continue;
    write(after.substr(0, torn) + before.substr(torn));
    Mark const found = reopened();
    EXPECT_TRUE(found == mark(1) || found == mark(2)) << torn;
  }
}

TEST_F(HighWaterMarkFile, OneDamagedSlotIsSurvivedTwoAreNot) {
  auto created = HighWaterMark::create(path_, mark(0));
  ASSERT_TRUE(created->write(mark(1)));
  ASSERT_TRUE(created->write(mark(2)));
  std::string const good = bytes();
  for (std::size_t slot = 0; slot < 2; ++slot) {
    for (std::size_t byte = 0; byte < 136; ++byte) {
      std::string damaged = good;
      damaged[slot * 4096 + byte] ^= 0x20;
      write(damaged);
      Mark const found = reopened();
      EXPECT_TRUE(found == mark(1) || found == mark(2));
      damaged[(1 - slot) * 4096 + byte] ^= 0x20;
      write(damaged);
      EXPECT_THAT(HighWaterMark::open(path_).error(), HasSubstr("neither of its two slots is whole"));
    }
  }
  write(good.substr(4096) + good.substr(0, 4096));  // slots exchanged: right hashes in the wrong place
  EXPECT_FALSE(HighWaterMark::open(path_));
  write(good.substr(0, 4096));
  EXPECT_TRUE(HighWaterMark::open(path_));
  for (std::size_t const length : {0u, 1u, 100u, 4095u}) {
    write(good.substr(0, length));
    EXPECT_FALSE(HighWaterMark::open(path_)) << length;
  }
  write(good + "x");
  EXPECT_FALSE(HighWaterMark::open(path_));
}

TEST_F(HighWaterMarkFile, WhatCannotBeWrittenIsAnError) {
  EXPECT_THAT(HighWaterMark::create(directory_.path() + "/none/mark", mark(0)).error(), HasSubstr("No such file"));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(HighWaterMark::open(path_).error(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace sluice::rocks
