// Starts that must be refused: each says what, where and what to do, ends with its own exit code, and leaves the ledger as it was.
#include "tests/integration/process.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <sstream>

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string const program = SLUICE_PROGRAMS "/sluiced";

class RefusedStart : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "config/clusters");
    fs::create_directories(folder_ / "config/programmes");
    fs::copy_file(fs::path(SLUICE_SOURCE) / "config/equivalence.toml", folder_ / "config/equivalence.toml");
    std::ofstream(folder_ / "config/sluice.toml")
        << "[log]\norigin = \"sluice.test/refused\"\n[keys]\ndirectory = \"" << (folder_ / "credentials").string()
        << "\"\n[listen]\naddress = \"127.0.0.1\"\nport = 0\nunix_socket = \"\"\n[storage]\nballast_mib = 0\nfree_space_floor_mib = 64\n"
        << "data_directory = \"" << data_.string() << "\"\nhigh_water_mark_file = \"" << (data_ / "mark").string()
        << "\"\ntenant_key_directory = \"" << (data_ / "keys").string() << "\"\n";
    ASSERT_EQ(run({program, "--config", folder_ / "config", "--create-keys"}, errors_).code, 0) << said();
    run_once({});
  }
  // Up to ready, then stopped.
  void run_once(std::vector<std::string> const& more) {
    NotifySocket notify(folder_ / "notify");
    Process daemon({.arguments = command(more), .errors = errors_, .environment = {notify.environment()}, .listens = false});
    ASSERT_TRUE(notify.wait_until_ready(daemon)) << said();
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0) << said();
  }
  int refused() {
    fs::remove(errors_);
    return run(command({}), errors_).code;
  }
  std::vector<std::string> command(std::vector<std::string> const& more) const {
    std::vector<std::string> arguments{program, "--config", folder_ / "config"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string said() const {
    std::stringstream text;
    text << std::ifstream(errors_).rdbuf();
    return text.str();
  }

  test::TemporaryDirectory const directory_;
  fs::path const folder_ = directory_.path();
  fs::path const data_ = folder_ / "data";
  fs::path const errors_ = folder_ / "errors";
};

TEST_F(RefusedStart, AnotherMasterKeyIsAMatterOfConfiguration) {
  std::ofstream(folder_ / "credentials/master-key") << std::string(64, 'a') << '\n';
  EXPECT_EQ(refused(), 78);
  EXPECT_THAT(said(), HasSubstr("sealed under another master key"));
}

TEST_F(RefusedStart, AfterANewMasterKeyOnlyThatOneOpens) {
  std::string const next = std::string(64, 'b') + '\n';
  std::ofstream(folder_ / "next") << next;
  auto const rewrap = [&] { return run({program, "--config", folder_ / "config", "--rewrap-keys", folder_ / "next"}, errors_).code; };
  ASSERT_EQ(rewrap(), 0) << said();
  EXPECT_EQ(rewrap(), 0) << "as after an interruption: " << said();
  EXPECT_EQ(refused(), 78);
  std::ofstream(folder_ / "credentials/master-key") << next;
  run_once({});
  std::ofstream(folder_ / "next") << "short\n";
  EXPECT_EQ(rewrap(), 78);
  EXPECT_THAT(said(), HasSubstr("a master key is 64 lower-case hexadecimal digits"));
}

TEST_F(RefusedStart, AMissingKeyFileIsNamed) {
  fs::remove(folder_ / "credentials/master-key");
  EXPECT_EQ(refused(), 78);
  EXPECT_THAT(said(), HasSubstr("master-key: No such file or directory; before the first start"));
}

TEST_F(RefusedStart, ASecondDaemonLeavesTheFirstAlone) {
  NotifySocket notify(folder_ / "notify");
  fs::path const first_errors = folder_ / "first";
  Process daemon({.arguments = command({}), .errors = first_errors, .environment = {notify.environment()}, .listens = false});
  ASSERT_TRUE(notify.wait_until_ready(daemon));
  EXPECT_EQ(refused(), 74);
  EXPECT_THAT(said(), HasSubstr("another process has this ledger open; stop it"));
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

TEST_F(RefusedStart, ALostMarkOrKeyDirectoryIsAdoptedOnlyByName) {
  fs::remove(data_ / "mark");
  EXPECT_EQ(refused(), 74);
  EXPECT_THAT(said(), HasSubstr("no high-water mark at"));
  run_once({"--adopt-without-mark"});
  fs::remove_all(data_ / "keys");
  EXPECT_EQ(refused(), 74);
  EXPECT_THAT(said(), HasSubstr("restore the key directory from its backup"));
  run_once({"--adopt-without-keys"});
  run_once({});
}

}  // namespace
}  // namespace sluice::tests
