// The n-th system call of a kind fails, is interrupted or ends the process: nothing acknowledged is lost, there is neither hole nor fork.
//
// strace counts the calls of each thread and writes down what it injected. The n-th call may be another one in the next run, or be missing
// from it, and a fault may hit what nobody needs (RocksDB's own LOG): so the trace alone says whether a run was hit, and what is judged is
// the ledger it left behind.
#include "tests/drill_length.hpp"
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace sluice {
namespace {

enum class Outcome : bool { any, as_if_nothing_happened };

struct Fault {
  std::string call;
  std::string injected;  // as strace's inject= takes it
  Outcome outcome = Outcome::any;
};
std::ostream& operator<<(std::ostream& out, Fault const& fault) { return out << fault.call << " " << fault.injected; }

constexpr std::uint64_t groups = 6;
constexpr std::uint64_t entries = 70;

class SyscallFaults : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    auto const probe = test::run_driver({"strace", "-o", "/dev/null", "true"});
    if (probe.exit_code != 0) GTEST_SKIP() << "strace is not installed or may not trace here";
    // A ledger with a past, copied for each fault.
    ASSERT_EQ(test::run_driver(test::append_command(base_, 4, entries)).exit_code, 0);
  }

  // Appends to a copy of the ledger under strace, with `inject` unless it is empty.
  test::DriverRun traced_append(std::string const& inject) {
    std::filesystem::remove_all(ledger_);
    std::filesystem::copy(base_, ledger_, std::filesystem::copy_options::recursive);
    // The sanitizers' leak check cannot run in a traced process.
    std::vector<std::string> command{"strace", "-f", "-E", "ASAN_OPTIONS=detect_leaks=0", "-o", trace_, "-e", "trace=" + GetParam().call};
    if (!inject.empty()) command.insert(command.end(), {"-e", "inject=" + inject});
    auto const append = test::append_command(ledger_, groups, entries);
    command.insert(command.end(), append.begin(), append.end());
    return test::run_driver(command);
  }
  std::string trace() const {
    std::stringstream text;
    text << std::ifstream(trace_).rdbuf();
    return text.str();
  }
  // How often the busiest thread made the call.
  int most_calls_of_a_thread() const {
    std::map<std::string, int> calls;
    std::istringstream lines(trace());
    for (std::string line; std::getline(lines, line);) {
      std::string const thread = line.substr(0, line.find(' '));
      if (line.find(GetParam().call + "(") != std::string::npos) ++calls[thread];
    }
    int most = 0;
    for (auto const& [thread, count] : calls) most = std::max(most, count);
    return most;
  }
  // Every index up to `last` in a long run; else the first, the last and some between.
  static std::set<int> sample(int last) {
    int const count = std::min(last, tests::drill_length(4, last));
    std::set<int> chosen;
    for (int i = 0; i < count; ++i) chosen.insert(count == 1 ? last : 1 + (last - 1) * i / (count - 1));
    return chosen;
  }

  test::TemporaryDirectory const directory_ = test::TemporaryDirectory::in_memory();
  std::string const base_ = directory_.path() + "/base";
  std::string const ledger_ = directory_.path() + "/ledger";
  std::string const trace_ = directory_.path() + "/trace";
};

TEST_P(SyscallFaults, LeaveEveryAcknowledgedEntryInPlace) {
  auto const& [call, injected, outcome] = GetParam();
  constexpr std::uint64_t before = 4 * entries;
  ASSERT_EQ(traced_append("").exit_code, 0);
  int const calls = most_calls_of_a_thread();
  ASSERT_GT(calls, 0) << "nothing calls " << call;

  int hit = 0;
  int noticed = 0;
  for (int const when : sample(calls)) {
    SCOPED_TRACE(call + " " + injected + " at call " + std::to_string(when) + " of " + std::to_string(calls));
    auto const run = traced_append(call + ":" + injected + ":when=" + std::to_string(when));
    std::uint64_t const acked = std::max(run.acked(), before);
    auto const found = test::verify_with_driver(ledger_, acked);
    ASSERT_EQ(found.exit_code, 0) << "the faulty run said:\n" << run.output << "and afterwards:\n" << found.output;
    bool const whole = acked == before + groups * entries;
    EXPECT_TRUE(whole || outcome == Outcome::any) << run.output;
    hit += run.signal == SIGKILL || trace().find("(INJECTED)") != std::string::npos ? 1 : 0;
    noticed += run.exit_code != 0 ? 1 : 0;
  }
  EXPECT_GT(hit, 0) << "no call was ever hit";
  EXPECT_EQ(noticed > 0, outcome == Outcome::any) << noticed << " of " << hit << " faults stopped an append";
}

INSTANTIATE_TEST_SUITE_P(All, SyscallFaults,
                         ::testing::Values(Fault{"fdatasync", "error=EIO"}, Fault{"fdatasync", "signal=SIGKILL"},
                                           Fault{"fsync", "error=EIO"}, Fault{"fsync", "signal=SIGKILL"}, Fault{"pwrite64", "error=EIO"},
                                           Fault{"pwrite64", "error=ENOSPC"}, Fault{"pwrite64", "signal=SIGKILL"},
                                           Fault{"pwrite64", "error=EINTR", Outcome::as_if_nothing_happened}, Fault{"write", "error=EIO"},
                                           Fault{"write", "error=ENOSPC"}, Fault{"write", "signal=SIGKILL"},
                                           Fault{"write", "error=EINTR", Outcome::as_if_nothing_happened}, Fault{"read", "error=EIO"},
                                           Fault{"pread64", "error=EIO"}, Fault{"openat", "error=EMFILE"}, Fault{"rename", "error=EIO"},
                                           Fault{"rename", "signal=SIGKILL"}));

}  // namespace
}  // namespace sluice
