// kill -9 at moments drawn by a fixed seed: nothing acknowledged is lost, and the ledger opens without help.
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

TEST(Kill, NothingAcknowledgedIsLost) {
  test::TemporaryDirectory const directory = test::TemporaryDirectory::in_memory();
  std::string const ledger = directory.path() + "/ledger";
  std::mt19937_64 random(16);
  std::uint64_t acked = 0;
  int const rounds = test::long_run() ? 2'000 : 12;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::uint64_t const entries = 1 + random() % 60;
    auto const run = test::run_driver(test::append_command(ledger, 1'000'000, entries), 1 + random() % 40);
    ASSERT_EQ(run.signal, SIGKILL) << run.output;
    ASSERT_GE(run.acked(), acked);
    acked = run.acked();
    if (test::long_run() && round % 20 != 0) continue;  // each start verifies the right edge; the whole log now and then
    auto const found = test::verify_with_driver(ledger, acked);
    ASSERT_EQ(found.exit_code, 0) << found.output;
  }
}

}  // namespace
}  // namespace sluice
