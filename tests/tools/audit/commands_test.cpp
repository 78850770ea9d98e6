// The program itself: its exit codes, its help and its two forms of a report.
#include "tests/golden/signed_tree.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace sluice::audit {
namespace {

struct Run {
  int code = -1;
  std::string out;
};

Run run(std::string const& arguments) {
  std::string const command = std::string("'" SLUICE_AUDIT "' ") + arguments + " 2>&1";
  Run run;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return run;
  std::array<char, 4'096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) run.out.append(buffer.data(), n);
  int const status = ::pclose(pipe);
  if (WIFEXITED(status)) run.code = WEXITSTATUS(status);
  return run;
}

std::string key() { return "--key '" + golden::signer().verifier().to_string() + "' "; }

TEST(Commands, ExitAsTheHelpSays) {
  EXPECT_EQ(run("--help").code, 0);
  EXPECT_NE(run("--help").out.find("0 no divergence, 1 tampered, 2 signature, 3 policy, 4 round, 5 draw, 6 incomplete"), std::string::npos);
  EXPECT_EQ(run("").code, 64);
  EXPECT_EQ(run("replay").code, 64);
  auto const nonsense = run("replay --key nonsense '" SLUICE_GOLDEN_LOG "'");
  EXPECT_EQ(nonsense.code, 64);
  EXPECT_NE(nonsense.out.find("there is no such file"), std::string::npos) << nonsense.out;
  EXPECT_EQ(run("replay --key /dev/zero '" SLUICE_GOLDEN_LOG "'").code, 64) << "a key that never ends";
  EXPECT_EQ(run("replay " + key() + "'" SLUICE_GOLDEN_LOG "'").code, 0);
  EXPECT_EQ(run("replay --strict " + key() + "'" SLUICE_GOLDEN_LOG "'").code, 6);
  EXPECT_EQ(run("verify " + key() + "'" SLUICE_GOLDEN_LOG "'").code, 0);
  EXPECT_EQ(run("replay " + key() + "/nowhere").code, 6);
}

TEST(Commands, ReportAsTextAndAsJson) {
  EXPECT_TRUE(run("replay " + key() + "'" SLUICE_GOLDEN_LOG "'").out.starts_with("What a replay cannot prove"));
  std::string const json = run("replay --json " + key() + "'" SLUICE_GOLDEN_LOG "'").out;
  EXPECT_TRUE(json.starts_with("{\n  \"result\": \"no_divergence\"")) << json.substr(0, 100);
}

}  // namespace
}  // namespace sluice::audit
