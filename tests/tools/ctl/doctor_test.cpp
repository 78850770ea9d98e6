// doctor: each fault is found and comes with what to do next.
#include "tests/tools/ctl/fake_broker.hpp"
#include "tests/tools/ctl/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ctime>
#include <map>

namespace sluice::ctl_test {
namespace {

using testing::HasSubstr;

std::string date_in(std::int64_t seconds) {
  std::time_t const then = std::time(nullptr) + seconds;
  std::tm parts{};
  ::gmtime_r(&then, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text.data();
}

struct Patient {
  int ready = 200;
  std::string checks = R"([{"name":"disk","ok":true}])";
  std::int64_t clock_s = 0;
  int checkpoint_size = 101;
  nlohmann::json status = {{"sequence", "100"},
                           {"admission", "open"},
                           {"control", {{"rounds", "running"}, {"dispatch", "running"}}},
                           {"disk", {{"free_bytes", "9000000000"}, {"stop_below_bytes", "600000000"}}},
                           {"clock", {{"step_ms", 3}}},
                           {"attempts_unknown", 0},
                           {"overrides_waiting", 0}};
  std::string zhongwei = "healthy";
  std::string refuses_status;  ///< a problem code
  FakeBroker broker{[this](FakeRequest const& request) {
    FakeReply reply;
    reply.headers = {{"Date", date_in(clock_s)}};
    if (request.path == "/readyz") {
      reply.status = ready;
      reply.body = fmt::format(R"({{"ok":{},"checks":{}}})", ready == 200, checks);
    } else if (request.path == "/v1/status") {
      if (!refuses_status.empty()) return problem(refuses_status == "role_forbidden" ? 403 : 401, refuses_status);
      reply.body = status.dump();
    } else if (request.path.starts_with("/v1/clusters")) {
      reply.body =
          fmt::format(R"({{"data":[{{"name":"wuhan","health":"healthy"}},{{"name":"zhongwei","health":"{}"}}],"next":null}})", zhongwei);
    } else {
      reply.content_type = "text/plain";
      reply.body = fmt::format("o\n{}\n{}=\n\n\u2014 o Az3g\n", checkpoint_size, std::string(43, 'A'));
    }
    return reply;
  }};
  Folder folder;

  // A stand-in for the daemon's program.
  std::string program(std::string const& body) const {
    auto const path = folder.file("sluiced", "#!/bin/sh\n" + body + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  /// Verdict and action of each check.
  std::map<std::string, std::pair<std::string, std::string>> examine(int expected, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--json", "--server", broker.url(), "doctor"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto const ran = run(arguments);
    EXPECT_EQ(ran.status, expected) << ran.out << ran.err;
    std::map<std::string, std::pair<std::string, std::string>> found;
    for (auto const& each : nlohmann::json::parse(ran.out)) {
      found[each.at("check").get<std::string>()] = {each.at("verdict").get<std::string>(), each.at("action").get<std::string>()};
      if (each.at("verdict") == "FAIL") {
        EXPECT_NE(each.at("action"), "") << each;
      }
    }
    return found;
  }
};

TEST(Doctor, FindsNothingWrong) {
  Patient patient;
  auto const found = patient.examine(0, {"--sluiced", patient.program("test \"$1 $2\" = '--check-config --config'"), "--config", "x.toml"});
  for (char const* const check : {"configuration", "readiness", "clock", "key", "disk", "clusters", "log"})
    EXPECT_EQ(found.at(check).first, "ok") << check;
  EXPECT_EQ(run({"--server", patient.broker.url(), "doctor"}).out.substr(0, 4), "skip") << "no configuration on this machine";
}

TEST(Doctor, FindsAFaultInTheConfiguration) {
  Patient patient;
  auto const program = patient.program("echo 'sluice.toml:3:1: listn: unknown key, did you mean listen'; exit 1");
  EXPECT_EQ(patient.examine(1, {"--sluiced", program, "--config", "x.toml"}).at("configuration").first, "FAIL");
  auto const shown = run({"--server", patient.broker.url(), "doctor", "--sluiced", program, "--config", "x.toml"});
  EXPECT_THAT(shown.out, HasSubstr("did you mean listen"));
  EXPECT_EQ(patient.examine(1, {"--sluiced", "/nonexistent/sluiced", "--config", "x.toml"}).at("configuration").first, "FAIL");
}

TEST(Doctor, FindsThatItIsNotReady) {
  Patient patient;
  patient.ready = 503;
  patient.checks = R"([{"name":"disk","ok":false,"detail":"420 MiB are free"}])";
  EXPECT_EQ(patient.examine(1).at("readiness").first, "FAIL");
  EXPECT_THAT(run({"--server", patient.broker.url(), "doctor"}).out, HasSubstr("disk: 420 MiB are free"));
}

TEST(Doctor, FindsClocksThatDisagree) {
  Patient patient;
  patient.clock_s = 3'600;
  EXPECT_EQ(patient.examine(0).at("clock").first, "warn");
  patient.clock_s = 0;
  patient.status["clock"]["step_ms"] = -61'000;
  EXPECT_THAT(patient.examine(1).at("clock step").second, HasSubstr("clock accept"));
}

TEST(Doctor, FindsAFullDisk) {
  Patient patient;
  patient.status["disk"]["free_bytes"] = "1000000000";
  EXPECT_EQ(patient.examine(0).at("disk").first, "warn");
  patient.status["disk"]["free_bytes"] = "500000000";
  EXPECT_EQ(patient.examine(1).at("disk").first, "FAIL");
}

TEST(Doctor, FindsAMissingPieceOfTheLog) {
  Patient patient;
  patient.checkpoint_size = 100;
  EXPECT_EQ(patient.examine(1).at("log").first, "FAIL") << "entry 100 is durable, so a checkpoint of 100 entries lacks one";
}

TEST(Doctor, FindsWhatWaitsForPeople) {
  Patient patient;
  patient.status["control"] = {{"rounds", "paused"}, {"dispatch", "frozen"}, {"reason", "maintenance"}};
  patient.status["attempts_unknown"] = 2;
  patient.status["overrides_waiting"] = 1;
  patient.zhongwei = "lost";
  auto const found = patient.examine(0);
  EXPECT_THAT(found.at("dispatch").second, HasSubstr("dispatch resume"));
  EXPECT_THAT(found.at("rounds").second, HasSubstr("rounds resume"));
  EXPECT_THAT(found.at("attempts").second, HasSubstr("attempt resolve"));
  EXPECT_THAT(found.at("overrides").second, HasSubstr("override list"));
  EXPECT_EQ(found.at("clusters").first, "warn");
  EXPECT_THAT(run({"--server", patient.broker.url(), "doctor"}).out, HasSubstr("clusters: zhongwei lost"));
  patient.status["admission"] = "stopped";
  patient.status["admission_reason"] = {{"code", "x"}, {"en", "why"}, {"zh", "因"}};
  EXPECT_EQ(patient.examine(1).at("admission").first, "FAIL");
}

TEST(Doctor, TellsAKeyThatMayNotFromAKeyThatIsNone) {
  Patient patient;
  patient.refuses_status = "role_forbidden";
  EXPECT_EQ(patient.examine(0).at("key").first, "ok");
  patient.refuses_status = "key_invalid";
  EXPECT_EQ(patient.examine(1).at("key").first, "FAIL");
}

TEST(Doctor, FindsThatNobodyAnswers) {
  Folder const folder;
  auto const ran = run({"--json", "--socket", (folder.path() / "none").string(), "doctor"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("systemctl status sluiced"));
  auto const not_socket = run({"--socket", folder.file("plain", ""), "doctor"});
  EXPECT_THAT(not_socket.out, HasSubstr("is no socket"));
}

}  // namespace
}  // namespace sluice::ctl_test
