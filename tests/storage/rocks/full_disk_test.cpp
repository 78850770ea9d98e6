// A disk of 48 MiB filled up: refused at the floor while the ledger goes on; past the floor, still nothing acknowledged is lost.
#include "storage/log/file.hpp"
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/rocks/rocks_fixture.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sluice {
namespace {

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=48m") != 0) {
      GTEST_SKIP() << "mounting a small tmpfs needs root with CAP_SYS_ADMIN: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  test::TemporaryDirectory directory_;
  bool mounted_ = false;
};

TEST_F(FullDisk, TheFloorStopsAppendsBeforeTheDatabaseMeetsIt) {
  rocks::Options options = test::rocks_options(directory_.path() + "/ledger");
  options.free_bytes_floor = 16u << 20;
  auto opened = rocks::RocksLedger::open(options, test::signer(), test::master_key);
  ASSERT_TRUE(opened) << opened.error().message;
  rocks::RocksLedger& ledger = **opened;
  std::string const filler = directory_.path() + "/filler";
  ASSERT_TRUE(ledger.append(1, 0, test::full_group(0, 10), test::derived(0, 10)));
  auto const space = ledger.free_space();
  ASSERT_TRUE(space);
  ASSERT_TRUE(log::write_file(filler, std::string(space->available_bytes - (15u << 20), 'x'), log::Durability::renamed));
  auto const refused = ledger.append(1, 10, test::full_group(10, 10), test::derived(10, 10));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, log::AppendError::Kind::no_space);
  EXPECT_TRUE(ledger.writable());
  EXPECT_EQ(*ledger.entry(9), test::entry(9));
  std::filesystem::remove(filler);
  EXPECT_TRUE(ledger.append(1, 10, test::full_group(10, 10), test::derived(10, 10)));
}

TEST_F(FullDisk, WithoutAFloorNothingAcknowledgedIsLost) {
  std::string const ledger = directory_.path() + "/ledger";
  auto const run = test::run_driver(test::append_command(ledger, 1'000'000, 1'000));
  EXPECT_NE(run.exit_code, 0);  // an error, or RocksDB's own abort on ENOSPC
  ASSERT_GT(run.acked(), 0u);
  // Room again, elsewhere: what was acknowledged is there.
  test::TemporaryDirectory const roomy;
  std::filesystem::copy(ledger, roomy.path() + "/ledger", std::filesystem::copy_options::recursive);
  auto const found = test::verify_with_driver(roomy.path() + "/ledger", run.acked());
  EXPECT_EQ(found.exit_code, 0) << found.output;
}

// RocksDB would abort the process: a disk that filled up while nobody was there is named instead, and nothing is touched.
TEST_F(FullDisk, IsNamedAtStart) {
  std::string const ledger = directory_.path() + "/ledger";
  std::string const filler = directory_.path() + "/filler";
  ASSERT_EQ(test::run_driver(test::append_command(ledger, 10, 1'000)).acked(), 10'000u);
  auto const space = rocks::free_space(directory_.path());
  ASSERT_TRUE(space);
  ASSERT_TRUE(log::write_file(filler, std::string(space->available_bytes, 'x'), log::Durability::renamed));
  auto const full = test::verify_with_driver(ledger, 10'000);
  EXPECT_EQ(full.exit_code, 3) << full.output;
  EXPECT_NE(full.output.find(" bytes free, opening the database takes up to "), std::string::npos) << full.output;
  EXPECT_NE(full.output.find("make room"), std::string::npos) << full.output;
  std::filesystem::remove(filler);
  EXPECT_EQ(test::verify_with_driver(ledger, 10'000).exit_code, 0);
}

}  // namespace
}  // namespace sluice
