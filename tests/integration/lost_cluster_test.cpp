// Clusters that lose answers, fall silent, come back, forget, and run what they were not asked to: nothing runs twice unseen, nothing is
// paid twice, nothing is silently lost, and explain tells the story.
#include "tests/integration/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::tests {
namespace {

using nlohmann::json;
using testing::HasSubstr;

bool is(json const& event, std::string const& type) { return event.at("type").get<std::string>().starts_with(type + "/"); }
bool is(json const& event, std::string const& type, std::string const& attempt) {
  return is(event, type) && event.value("attempt", std::string()) == attempt;
}

/// Reads the tenant's events from the first on until `done` says so.
template <class Done>
bool follow(Client& client, Done done) {
  std::string next = "0";
  for (int polls = 0; polls < 400; ++polls) {
    Reply const page = client.get("/v1/events?since=" + next + "&wait=30s");
    if (page.status != 200) return false;
    for (auto const& event : page.body.at("data"))
      if (done(event)) return true;
    next = page.body.at("next");
  }
  return false;
}

class LostCluster : public ::testing::Test {
 protected:
  void begin(std::vector<std::string> const& clusters, int compression) {
    rig.emplace(clusters, compression, Rig::Patience::short_lived);
    rig->start_daemon();
    rig->open_accounts();
    token = rig->add_tenant("acme", "10000");
  }
  std::string submit(std::vector<std::string> const& command, int limit_s = 7'200) {
    json body = json::parse(small_job("drill", "0.001", command));
    body["max_runtime_s"] = limit_s;
    Reply const submitted = rig->client(token).post("/v1/jobs", body.dump(), "k");
    EXPECT_EQ(submitted.status, 201) << submitted.body;
    return submitted.body.value("id", std::string());
  }
  void trouble(std::string const& line) {
    Reply const done = rig->centres().post("/control/trouble", json{{"line", line}}.dump(), "");
    ASSERT_EQ(done.status, 200) << done.body;
  }
  bool wait_for(std::string const& type) {
    Client client = rig->client(token);
    return follow(client, [&](json const& event) { return is(event, type); });
  }
  bool wait_for(std::string const& type, std::string const& attempt) {
    Client client = rig->client(token);
    return follow(client, [&](json const& event) { return is(event, type, attempt); });
  }
  json job(std::string const& id) { return rig->client(token).get("/v1/jobs/" + id).body; }
  /// The summary and the history, a line each.
  std::string story(std::string const& id) {
    Reply const explained = rig->client(token).get("/v1/jobs/" + id + "/explain");
    EXPECT_EQ(explained.status, 200);
    std::string text;
    for (json const& line : explained.body.at("summary")) text += line.get<std::string>() + '\n';
    for (json const& row : explained.body.at("details").at("history")) text += row.at("what").at("en").get<std::string>() + '\n';
    return text;
  }
  json runs() { return rig->centres().get("/control/runs").body; }
  void expect_clean_replay(std::uint64_t settlements) {
    audit::Report const report = rig->export_and_replay();
    EXPECT_FALSE(report.finding) << audit::to_text(report);
    EXPECT_EQ(report.figures.settlements, settlements);
    EXPECT_EQ(rig->stop_daemon(), 0);
  }

  std::optional<Rig> rig;
  std::string token;
};

TEST_F(LostCluster, AnAnswerThatIsSwallowedIsLookedUpNeverSentAgain) {
  begin({"wuhan"}, 600);
  trouble("wuhan swallows 1 times");
  submit({"sleep", "360"});
  ASSERT_TRUE(wait_for("attempt.settled")) << rig->daemon_log();
  EXPECT_EQ(runs().at("runs").size(), 1U) << runs();
  expect_clean_replay(1);
}

// The look-up by name finds nothing although the job is there; the cluster's list names it.
TEST_F(LostCluster, AFalseAbsenceIsNotBelievedAgainstTheClustersOwnList) {
  begin({"wuhan"}, 60);
  trouble("wuhan swallows 1 times");
  trouble("wuhan denies");
  submit({"sleep", "600"});
  ASSERT_TRUE(wait_for("attempt.settled")) << rig->daemon_log();
  EXPECT_EQ(runs().at("runs").size(), 1U) << runs();
  expect_clean_replay(1);
}

TEST_F(LostCluster, ARestartInTheSilenceLosesNothing) {
  begin({"wuhan"}, 60);
  std::string const id = submit({"sleep", "1200"});
  ASSERT_TRUE(wait_for("attempt.started")) << rig->daemon_log();
  trouble("wuhan disappears");
  rig->kill_daemon();
  rig->start_daemon();
  EXPECT_EQ(job(id).at("state"), "running");
  trouble("wuhan comes back");
  ASSERT_TRUE(wait_for("attempt.settled")) << rig->daemon_log();
  EXPECT_EQ(job(id).at("state"), "completed");
  EXPECT_EQ(job(id).at("attempts").size(), 1U);
  EXPECT_EQ(runs().at("runs").size(), 1U) << runs();
  expect_clean_replay(1);
}

// Given up, with its limit far away: nothing else may be started, and the cluster's return lets it go on.
TEST_F(LostCluster, WhatWasGivenUpGoesOnWhereItWasWhenItIsHeardOfAgain) {
  begin({"wuhan", "qingyang"}, 60);
  std::string const id = submit({"sleep", "2400"});
  ASSERT_TRUE(wait_for("attempt.started")) << rig->daemon_log();
  std::string const cluster = job(id).at("attempts").at(0).at("placement").at("cluster");
  trouble(cluster + " disappears");
  ASSERT_TRUE(wait_for("attempt.lost")) << rig->daemon_log();
  EXPECT_EQ(job(id).at("state"), "lost");
  EXPECT_THAT(story(id), HasSubstr("given up: the cluster does not say what became of it"));
  trouble(cluster + " comes back");
  ASSERT_TRUE(wait_for("attempt.settled")) << rig->daemon_log();
  EXPECT_EQ(job(id).at("state"), "completed");
  EXPECT_EQ(job(id).at("attempts").size(), 1U);
  EXPECT_EQ(runs().at("runs").size(), 1U) << runs();
  expect_clean_replay(1);
}

// The limit has passed, so a second run was made elsewhere; but the first cluster did not keep the limit and still runs when it is back.
TEST_F(LostCluster, ARunThatWasReplacedIsStoppedWhenItsClusterComesBackAndIsNotPaid) {
  begin({"wuhan", "qingyang"}, 10);
  std::string const id = submit({"sleep", "36000", "sim:ignores_limit"}, 12);
  std::string const first = id + "-1";
  std::string const second = id + "-2";
  ASSERT_TRUE(wait_for("attempt.started", first)) << rig->daemon_log();
  std::string const cluster = job(id).at("attempts").at(0).at("placement").at("cluster");
  trouble(cluster + " disappears");
  ASSERT_TRUE(wait_for("attempt.started", second)) << rig->daemon_log();
  EXPECT_NE(job(id).at("attempts").at(1).at("placement").at("cluster"), cluster);

  trouble(cluster + " comes back");
  ASSERT_TRUE(wait_for("attempt.settled", first)) << rig->daemon_log();
  json const replaced = job(id).at("attempts").at(0);
  EXPECT_EQ(replaced.at("liability"), "nobody");
  EXPECT_EQ(replaced.at("settled").at("tenant_paid_yuan"), "0.00");
  EXPECT_EQ(job(id).at("state"), "running") << "the second run goes on";
  std::string const told = story(id);
  EXPECT_THAT(told, HasSubstr("Attempt 1 at " + cluster + " was given up"));
  EXPECT_THAT(told, HasSubstr("the tenant does not pay for it"));
  EXPECT_THAT(told, HasSubstr("stopped by the broker"));
  EXPECT_THAT(told, HasSubstr("the centre has no claim to the rest"));

  EXPECT_EQ(rig->client(token).del("/v1/jobs/" + id).status, 202);
  ASSERT_TRUE(wait_for("attempt.settled", second)) << rig->daemon_log();
  json const all = runs();
  ASSERT_EQ(all.at("runs").size(), 2U) << all;
  for (json const& run : all.at("runs")) EXPECT_EQ(run.at("end"), "cancelled") << all;
  expect_clean_replay(2);
}

// 201, and then the cluster knows nothing: the job is not forgotten with it.
TEST_F(LostCluster, AnAttemptThatItsClusterForgotIsDeclinedAndTheJobGoesElsewhere) {
  begin({"wuhan", "qingyang"}, 60);
  trouble("qingyang forgets 1 times");  // the cheaper one
  std::string const id = submit({"sleep", "60"});
  ASSERT_TRUE(wait_for("attempt.settled")) << rig->daemon_log();
  EXPECT_EQ(job(id).at("state"), "completed");
  EXPECT_EQ(runs().at("runs").size(), 1U) << runs();
  EXPECT_THAT(story(id), HasSubstr("declined: it never ran there, and costs nothing"));
  expect_clean_replay(1);
}

TEST_F(LostCluster, ASecondRunOfOneAttemptIsStoppedAndPaidOnce) {
  begin({"wuhan"}, 60);
  trouble("wuhan duplicates 1 times");
  submit({"sleep", "1800"});
  ASSERT_TRUE(wait_for("attempt.settled")) << rig->daemon_log();
  json const all = runs();
  ASSERT_EQ(all.at("runs").size(), 2U) << "the centre did start it twice";
  std::vector<std::string> ends{all.at("runs").at(0).at("end"), all.at("runs").at(1).at("end")};
  std::ranges::sort(ends);
  EXPECT_EQ(ends, (std::vector<std::string>{"cancelled", "completed"}));
  EXPECT_THAT(rig->daemon_log(), HasSubstr("stray_job"));
  expect_clean_replay(1);
}

}  // namespace
}  // namespace sluice::tests
