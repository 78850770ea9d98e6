// The n-th write, sync or open fails: that append fails, nothing acknowledged is lost, there is neither hole nor fork.
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace sluice {
namespace {

struct Injection {
  std::string calls;
  std::string error;
};
std::ostream& operator<<(std::ostream& out, Injection const& injection) { return out << injection.calls << " " << injection.error; }

class SyscallFaults : public ::testing::TestWithParam<Injection> {
 protected:
  void SetUp() override {
    auto const probe = test::run_driver({"strace", "-o", "/dev/null", "true"});
    if (probe.exit_code != 0) GTEST_SKIP() << "strace is not installed or may not trace here";
  }
};

TEST_P(SyscallFaults, LeaveEveryAcknowledgedEntryInPlace) {
  auto const& [calls, error] = GetParam();
  test::TemporaryDirectory const directory = test::TemporaryDirectory::in_memory();
  // A ledger with a past, copied for each fault.
  std::string const base = directory.path() + "/base";
  ASSERT_EQ(test::run_driver(test::append_command(base, 4, 70)).exit_code, 0);
  // The append path of the writing thread and of RocksDB's own comes after the start's calls: early indexes fail the start, later
  // ones the appends. A sample takes every third.
  int const step = test::long_run() ? 1 : 9;
  int hits = 0;
  for (int when = 1; when < 400; when += step) {
    SCOPED_TRACE(calls + " " + error + " at call " + std::to_string(when));
    std::string const ledger = directory.path() + "/ledger";
    std::filesystem::remove_all(ledger);
    std::filesystem::copy(base, ledger, std::filesystem::copy_options::recursive);
    std::vector<std::string> command{
        "strace", "-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=" + calls + ":" + error + ":when=" + std::to_string(when)};
    auto const driver = test::append_command(ledger, 6, 70);
    command.insert(command.end(), driver.begin(), driver.end());
    auto const run = test::run_driver(command);
    std::uint64_t const acked = std::max<std::uint64_t>(run.acked(), 280);
    auto const found = test::verify_with_driver(ledger, acked);
    ASSERT_EQ(found.exit_code, 0) << "the faulty run said:\n" << run.output << "and afterwards:\n" << found.output;
    if (run.exit_code == 0) break;  // the fault came after the last call
    ++hits;
  }
  EXPECT_GT(hits, 0) << "no call was ever hit";
}

INSTANTIATE_TEST_SUITE_P(All, SyscallFaults,
                         ::testing::Values(Injection{"fdatasync", "error=EIO"}, Injection{"fdatasync", "signal=SIGKILL"},
                                           Injection{"pwrite64", "error=EIO"}, Injection{"pwrite64", "error=ENOSPC"},
                                           Injection{"write", "error=EIO"}, Injection{"fsync", "error=EIO"},
                                           Injection{"openat", "error=EMFILE"}));

}  // namespace
}  // namespace sluice
