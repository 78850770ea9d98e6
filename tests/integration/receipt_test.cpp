// A tenant's receipt, taken away from the broker and checked without it.
#include "tests/integration/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace sluice::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Receipt, ProvesAJobsAcceptanceWithoutTheBroker) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  std::string const token = rig.add_tenant("acme", "1000");
  Reply const submitted = rig.client(token).post("/v1/jobs", small_job("mine", "0.1", {"sleep", "60"}), "mine");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  std::string const job = submitted.body.at("id");

  std::filesystem::path const errors = rig.folder() / "errors";
  std::filesystem::path const file = rig.folder() / "job.tlog-proof";
  std::filesystem::path const key_file = rig.folder() / "log.vkey";
  auto const ctl = [&](std::vector<std::string> const& arguments) {
    std::vector<std::string> command{SLUICE_PROGRAMS "/sluicectl", "--socket", rig.socket_path()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, errors);
  };
  Finished const receipt = ctl({"receipt", job});
  ASSERT_EQ(receipt.code, 0);
  ASSERT_THAT(receipt.output, StartsWith("c2sp.org/tlog-proof@v1\nextra "));
  std::ofstream(file) << receipt.output;
  std::ofstream(key_file) << ctl({"log", "key"}).output;
  EXPECT_FALSE(rig.export_and_replay().finding);
  EXPECT_EQ(rig.stop_daemon(), 0);

  auto const audit = [&](std::vector<std::string> const& more) {
    std::vector<std::string> command{SLUICE_PROGRAMS "/sluice-audit", "receipt", "--key", key_file, file};
    command.insert(command.end(), more.begin(), more.end());
    return run(command, errors);
  };
  Finished const alone = audit({});
  EXPECT_EQ(alone.code, 0);
  EXPECT_THAT(alone.output, StartsWith("CLEAN: entry " + job + " is in the log "));
  EXPECT_THAT(alone.output, HasSubstr("what   job.accepted/"));
  EXPECT_THAT(alone.output, HasSubstr(R"("tenant":")" + rig.last_tenant() + '"'));
  Finished const with_tree = audit({"--tree", rig.folder() / "tree"});
  EXPECT_EQ(with_tree.code, 0);
  EXPECT_THAT(with_tree.output, HasSubstr("goes on from that checkpoint: it holds this entry"));
}

}  // namespace
}  // namespace sluice::tests
