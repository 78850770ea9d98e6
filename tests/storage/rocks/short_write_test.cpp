// A kernel that takes only a part of each write: nothing is lost, and no one notices.
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(ShortWrites, AreContinued) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's runtime does not share a process with a preloaded write()";
#endif
  test::TemporaryDirectory const directory = test::TemporaryDirectory::in_memory();
  std::uint64_t acked = 0;
  for (std::uint64_t const groups : {20u, 30u}) {  // the second run recovers, and makes tables of, what the first one wrote
    std::vector<std::string> command{"env", "LD_PRELOAD=" SLUICE_SHORT_WRITES};
    auto const append = test::append_command(directory.path() + "/ledger", groups, 70);
    command.insert(command.end(), append.begin(), append.end());
    auto const run = test::run_driver(command);
    ASSERT_EQ(run.exit_code, 0) << run.output;
    acked += groups * 70;
    EXPECT_EQ(run.acked(), acked);
    std::size_t const report = run.output.find("writes cut short: ");
    ASSERT_NE(report, std::string::npos) << run.output;
    EXPECT_GT(std::stoull(run.output.substr(report + 18)), 2 * groups);
    EXPECT_EQ(test::verify_with_driver(directory.path() + "/ledger", acked).exit_code, 0);
  }
}

}  // namespace
}  // namespace sluice
