// kill -9 at moments drawn by a fixed seed: nothing acknowledged is lost or replaced, and the ledger opens without help.
#include "tests/drill_length.hpp"
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace sluice {
namespace {

TEST(Kill, NothingAcknowledgedIsLostOrReplaced) {
  test::TemporaryDirectory const directory = test::TemporaryDirectory::in_memory();
  std::string const ledger = directory.path() + "/ledger";
  std::string const roots = directory.path() + "/roots";
  std::mt19937_64 random(16);
  std::uint64_t acked = 0;
  int const rounds = tests::drill_length(12, 2'000);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::uint64_t const entries = 1 + random() % 60;
    auto const run = test::run_driver(test::append_command(ledger, 1'000'000, entries, std::to_string(round)), 1 + random() % 40);
    ASSERT_EQ(run.signal, SIGKILL) << run.output;
    ASSERT_GE(run.acked(), acked);
    acked = run.acked();
    std::ofstream(roots, std::ios::app) << run.roots();
    if (tests::is_long_run() && round % 20 != 0) continue;  // each start verifies the right edge; the whole log now and then
    auto const found = test::verify_with_driver(ledger, acked, roots);
    ASSERT_EQ(found.exit_code, 0) << found.output;
  }
}

// The check above must bite: a root that was never this log's is found out.
TEST(Kill, AnotherHistoryIsFoundOut) {
  test::TemporaryDirectory const directory = test::TemporaryDirectory::in_memory();
  std::string const ledger = directory.path() + "/ledger";
  std::string const roots = directory.path() + "/roots";
  auto const run = test::run_driver(test::append_command(ledger, 3, 10, "one"));
  auto const other = test::run_driver(test::append_command(directory.path() + "/other", 3, 10, "another"));
  ASSERT_EQ(run.acked(), 30u);
  std::ofstream(roots) << run.roots();
  EXPECT_EQ(test::verify_with_driver(ledger, 30, roots).exit_code, 0);
  std::ofstream(roots) << other.roots();
  auto const found = test::verify_with_driver(ledger, 30, roots);
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_NE(found.output.find("the root of 10 entries is not the one that was acknowledged"), std::string::npos) << found.output;
}

}  // namespace
}  // namespace sluice
