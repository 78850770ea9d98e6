// SIGHUP: the files change, the daemon follows, and whatever is wrong with them it goes on as before.
#include "tests/integration/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class Reload : public ::testing::Test {
 protected:
  Rig rig{{"wuhan", "qingyang"}, 600};
  std::string token;

  void SetUp() override {
    rig.start_daemon();
    rig.open_accounts();
    token = rig.add_tenant("acme", "1000");
  }
  fs::path file(std::string const& name) const { return rig.folder() / "config" / name; }
  std::string text(std::string const& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(std::string const& name, std::string const& content) const { std::ofstream(file(name), std::ios::binary) << content; }
  void change(std::string const& name, std::string const& from, std::string const& to) const {
    std::string content = text(name);
    ASSERT_NE(content.find(from), std::string::npos) << from;
    content.replace(content.find(from), from.size(), to);
    write(name, content);
  }
  json cluster(std::string const& name) const { return rig.client(token).get("/v1/clusters/" + name).body; }
  /// A job goes to its end: the clusters can be spoken to.
  void expect_to_run(std::string const& key) {
    Client client = rig.client(token);
    Reply const submitted = client.post("/v1/jobs", small_job("after", "0.1", {"sleep", "60"}), key);
    ASSERT_EQ(submitted.status, 201) << submitted.body;
    std::string const id = submitted.body.at("id");
    std::string next = "0";
    for (int polls = 0; polls < 200; ++polls) {
      Reply const page = client.get("/v1/events?since=" + next + "&wait=30s");
      ASSERT_EQ(page.status, 200);
      for (auto const& event : page.body.at("data"))
        if (event.value("job", std::string()) == id && event.at("type").get<std::string>().starts_with("attempt.settled/")) return;
      next = page.body.at("next");
    }
    FAIL() << rig.daemon_log();
  }
};

TEST_F(Reload, ClustersAreSpokenToAfterItAsBefore) {
  rig.reload_daemon();
  rig.reload_daemon();
  expect_to_run("k");
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST_F(Reload, AClusterIsAddedChangedTakenOutAndTakenBack) {
  std::string const qingyang = text("clusters/qingyang.toml");
  write("clusters/new-one.toml", qingyang);  // another name for a site that exists
  change("clusters/wuhan.toml", "offer_max_age_ms = ", "max_runtime_s = 36000\noffer_max_age_ms = ");
  fs::remove(file("clusters/qingyang.toml"));
  for (auto const& programme : fs::directory_iterator(file("programmes"))) {
    std::ifstream stream(programme.path());
    std::string const content{std::istreambuf_iterator<char>(stream), {}};
    if (content.find("\"qingyang\"") != std::string::npos) fs::remove(programme.path());
  }
  rig.reload_daemon();
  EXPECT_EQ(rig.client(token).get("/v1/clusters/new-one").status, 200) << rig.daemon_log();
  EXPECT_EQ(rig.client(token).get("/v1/clusters/qingyang").status, 404) << "empty, so it has left";
  write("clusters/qingyang.toml", qingyang);
  rig.reload_daemon();
  EXPECT_EQ(cluster("qingyang").value("admission", std::string()), "open") << cluster("qingyang");
  rig.reload_daemon();
  EXPECT_THAT(rig.daemon_log(), HasSubstr("reloaded events=0")) << "nothing changed, nothing said";
  expect_to_run("k");
  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST_F(Reload, WhatIsWrongChangesNothing) {
  std::string const wuhan = text("clusters/wuhan.toml");
  change("clusters/wuhan.toml", "region = 420100", "region = 42");
  rig.reload_daemon();
  EXPECT_THAT(rig.daemon_log(), HasSubstr("reload_refused"));
  EXPECT_THAT(rig.daemon_log(), HasSubstr("region: must be a GB/T 2260 code of six digits"));
  write("clusters/wuhan.toml", wuhan);

  change("clusters/wuhan.toml", "rounding = ", "minimum_ms = 60000\nrounding = ");
  rig.reload_daemon();
  EXPECT_THAT(rig.daemon_log(), HasSubstr("set version = 2 or higher"));
  write("clusters/wuhan.toml", wuhan + "= broken");
  rig.reload_daemon();
  EXPECT_THAT(rig.daemon_log(), HasSubstr("syntax"));
  write("clusters/wuhan.toml", wuhan);
  expect_to_run("k");
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST_F(Reload, SettingsThatCannotFollowAreNamed) {
  change("sluice.toml", "effort = ", "effort = 1  # ");
  change("sluice.toml", "level = \"info\"", "level = \"debug\"");
  rig.reload_daemon();
  EXPECT_THAT(rig.daemon_log(), HasSubstr("setting_waits_for_restart setting=rounds.effort"));
  EXPECT_THAT(rig.daemon_log(), HasSubstr("setting_waits_for_restart setting=logging.level"));
  EXPECT_EQ(rig.stop_daemon(), 0);
}

}  // namespace
}  // namespace sluice::tests
