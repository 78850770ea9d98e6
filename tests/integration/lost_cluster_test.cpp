// A cluster that disappears in the middle of a run, comes back, and still runs what the broker had given up.
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>

namespace sluice::tests {
namespace {

/// Reads the tenant's events until `done` says so.
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

bool is(nlohmann::json const& event, std::string const& type) { return event.at("type").get<std::string>().starts_with(type + "/"); }

TEST(LostCluster, AReturningClusterIsReconciledNothingIsPaidTwice) {
  Rig rig({"wuhan"}, 60);
  rig.start_daemon();
  rig.open_accounts();
  std::string const token = rig.add_tenant("acme", "10000");
  Client client = rig.client(token);
  Reply const submitted = client.post("/v1/jobs", small_job("long", "0.5", {"sleep", "1200"}), "k");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  std::string const job = submitted.body.at("id");
  ASSERT_TRUE(follow(client, [&](auto const& event) { return is(event, "attempt.started"); })) << rig.daemon_log();

  // Gone while it runs; the job goes on there, unseen. Back after the broker has been restarted in between, as it would be at night.
  Client centres = rig.centres();
  ASSERT_EQ(centres.post("/control/trouble", R"({"line":"wuhan disappears"})", "").status, 200);
  rig.kill_daemon();
  rig.start_daemon();
  Client after = rig.client(token);
  Reply const meanwhile = after.get("/v1/jobs/" + job);
  ASSERT_EQ(meanwhile.status, 200);
  EXPECT_EQ(meanwhile.body.at("state"), "running");
  ASSERT_EQ(centres.post("/control/trouble", R"({"line":"wuhan comes back"})", "").status, 200);

  ASSERT_TRUE(follow(after, [&](auto const& event) { return is(event, "attempt.settled"); })) << rig.daemon_log();
  Reply const done = after.get("/v1/jobs/" + job);
  EXPECT_EQ(done.body.at("state"), "completed") << done.body;
  EXPECT_EQ(done.body.at("attempts").size(), 1U);
  Reply const explained = after.get("/v1/jobs/" + job + "/explain");
  EXPECT_FALSE(explained.body.at("details").at("history").empty());

  Reply const runs = rig.centres().get("/control/runs");
  EXPECT_EQ(runs.body.at("runs").size(), 1U) << runs.body;
  EXPECT_TRUE(runs.body.at("twice").empty());
  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.settlements, 1U);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST(LostCluster, AnAnswerThatIsSwallowedIsLookedUpNeverSentAgain) {
  Rig rig({"wuhan"}, 600);
  rig.start_daemon();
  rig.open_accounts();
  std::string const token = rig.add_tenant("acme", "10000");
  Client client = rig.client(token);
  ASSERT_EQ(rig.centres().post("/control/trouble", R"({"line":"wuhan swallows 1 times"})", "").status, 200);
  Reply const submitted = client.post("/v1/jobs", small_job("swallowed", "0.1", {"sleep", "360"}), "k");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  ASSERT_TRUE(follow(client, [&](auto const& event) { return is(event, "attempt.settled"); })) << rig.daemon_log();
  Reply const runs = rig.centres().get("/control/runs");
  EXPECT_EQ(runs.body.at("runs").size(), 1U) << runs.body;
  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

}  // namespace
}  // namespace sluice::tests
