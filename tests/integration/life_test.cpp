// One job's whole life through the real programs: quote, submit, round, centre, settlement, export, replay.
#include "policy/money.hpp"
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>

namespace sluice::tests {
namespace {

/// Follows the tenant's events by long poll until one of that type is about the job; the events are how the daemon itself tells.
bool wait_for(Client& client, std::string const& job, std::string const& type) {
  std::string next = "0";
  for (int polls = 0; polls < 200; ++polls) {
    Reply const page = client.get("/v1/events?since=" + next + "&wait=30s");
    if (page.status != 200) return false;
    for (auto const& event : page.body.at("data"))
      if (event.value("job", std::string()) == job && event.at("type").get<std::string>().starts_with(type + "/")) return true;
    next = page.body.at("next");
  }
  return false;
}

TEST(Life, AJobIsQuotedPlacedRunSettledAndReplayed) {
  Rig rig({"wuhan", "horinger"}, 3600);
  rig.start_daemon();
  rig.open_accounts();
  std::string const token = rig.add_tenant("acme", "1000");
  Client client = rig.client(token);

  std::string const body = small_job("eval", "0.5", {"sleep", "1800"});
  Reply const submitted = client.post("/v1/jobs", body, "first");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  std::string const job = submitted.body.at("id");
  EXPECT_EQ(submitted.body.at("state"), "queued");
  ASSERT_TRUE(wait_for(client, job, "attempt.settled")) << rig.daemon_log();

  Reply const done = client.get("/v1/jobs/" + job);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.body.at("state"), "completed");
  auto const& attempt = done.body.at("attempts").back();
  EXPECT_EQ(attempt.at("liability"), "tenant");
  EXPECT_EQ(attempt.at("exit_code"), 0);

  // Who runs the platform finds it in the list of all jobs too, though it is history.
  Reply const all = rig.local().get("/v1/jobs?state=completed");
  ASSERT_EQ(all.status, 200) << all.body;
  ASSERT_EQ(all.body.at("data").size(), 1U) << all.body;
  EXPECT_EQ(all.body.at("data").at(0).at("id"), job);

  // The books: what was deposited is what is free and what was paid, to the micro-yuan.
  Reply const balances = client.get("/v1/balances");
  ASSERT_EQ(balances.status, 200);
  auto const& balance = balances.body.at("data").at(0);
  EXPECT_EQ(balance.at("held_yuan"), "0.00");
  auto const free = policy::parse_yuan(balance.at("available_yuan").get<std::string>());
  auto const paid = policy::parse_yuan(attempt.at("settled").at("tenant_paid_yuan").get<std::string>());
  ASSERT_TRUE(free && paid);
  EXPECT_EQ(free->micro_yuan + paid->micro_yuan, policy::yuan(1000).micro_yuan);
  EXPECT_GT(paid->micro_yuan, 0);

  Reply const explained = client.get("/v1/jobs/" + job + "/explain");
  ASSERT_EQ(explained.status, 200);
  EXPECT_LE(explained.body.at("summary").size(), 5U);
  EXPECT_GE(explained.body.at("summary").size(), 1U);

  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.jobs, 1U);
  EXPECT_EQ(report.figures.settlements, 1U);
  EXPECT_GE(report.figures.rounds_decided, 1U);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST(Life, AStopSaysSoBeforeItStopsServing) {
  Rig rig({"wuhan"}, 3600);
  rig.configure("unix_socket", "\"run/sluice.sock\"\nunready_ms = 60000");
  rig.start_daemon();
  Client client = rig.client(rig.add_tenant("acme", "1000"));
  EXPECT_EQ(client.get("/readyz").status, 200);
  ASSERT_EQ(::kill(rig.daemon_pid(), SIGTERM), 0);
  int status = 200;
  for (int tries = 0; status == 200 && tries < 100'000; ++tries) status = client.get("/readyz").status;
  EXPECT_EQ(status, 503);
  EXPECT_EQ(client.get("/livez").status, 200);
  EXPECT_EQ(client.post("/v1/jobs", small_job("late", "0.1", {"sleep", "60"}), "late").status, 201);
  EXPECT_EQ(rig.stop_daemon(), 0) << "the second signal ends the window";
  rig.start_daemon();
  EXPECT_EQ(rig.export_and_replay().figures.jobs, 1U) << "what was taken in the window is kept";
  ASSERT_EQ(::kill(rig.daemon_pid(), SIGTERM), 0);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

// With the greatest effort a solve outlasts any patience; what it was about stays in the queue, and the next start decides anew.
TEST(Life, AStopDoesNotWaitForASolve) {
  Rig rig({"wuhan", "horinger"}, 3600);
  rig.configure("effort", "100000");
  rig.start_daemon();
  rig.open_accounts();
  Client admin = rig.local();
  ASSERT_EQ(admin.post("/v1/rounds/pause", R"({"reason":"test"})", "").status, 200);
  Client client = rig.client(rig.add_tenant("acme", "1000000"));
  constexpr int jobs = 400;  // of their own sizes, and more cards than there are
  for (int i = 1; i <= jobs; ++i) {
    std::string const key = "job-" + std::to_string(i);
    Reply const reply = client.post("/v1/jobs", small_job(key, "0." + std::to_string(1'000 + i * 7), {"sleep", "60"}, 1 + i % 64), key);
    ASSERT_EQ(reply.status, 201) << reply.body;
  }
  std::string const since = admin.get("/v1/events?since=0&wait=0&limit=1000").body.at("next");
  ASSERT_EQ(admin.post("/v1/rounds/resume", R"({"reason":"test"})", "").status, 200);
  Reply const opened = admin.get("/v1/events?since=" + since + "&wait=30s&type=round.opened");
  ASSERT_EQ(opened.status, 200) << opened.body;
  ASSERT_FALSE(opened.body.at("data").empty()) << rig.daemon_log();
  EXPECT_EQ(rig.stop_daemon(), 0);

  rig.configure("effort", "0");
  rig.start_daemon();
  Reply const abandoned = rig.local().get("/v1/events?since=" + since + "&wait=30s&type=round.abandoned");
  ASSERT_EQ(abandoned.status, 200) << abandoned.body;
  EXPECT_FALSE(abandoned.body.at("data").empty()) << "the round was decided before the stop: this test has proved nothing";
  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.jobs, static_cast<std::uint64_t>(jobs));
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST(Life, ClustersAreStillSpokenToAfterAReload) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  rig.open_accounts();
  Client client = rig.client(rig.add_tenant("acme", "1000"));
  rig.reload_daemon();
  rig.reload_daemon();
  Reply const submitted = client.post("/v1/jobs", small_job("eval", "0.1", {"sleep", "60"}), "k");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  EXPECT_TRUE(wait_for(client, submitted.body.at("id"), "attempt.settled")) << rig.daemon_log();
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST(Life, AnotherTenantsJobDoesNotExist) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  rig.open_accounts();
  std::string const mine = rig.add_tenant("acme", "1000");
  std::string const theirs = rig.add_tenant("other", "1000");
  Client owner = rig.client(mine);
  Client stranger = rig.client(theirs);
  Reply const submitted = owner.post("/v1/jobs", small_job("secret-name", "0.1", {"sleep", "60"}), "k");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  std::string const path = "/v1/jobs/" + submitted.body.at("id").get<std::string>();
  Reply const missing = stranger.get("/v1/jobs/999999999");
  for (std::string const& target : {path, path + "/explain", path + "/logs"}) {
    Reply const reply = stranger.get(target);
    EXPECT_EQ(reply.status, 404) << target;
    EXPECT_EQ(reply.body.at("code"), missing.body.at("code")) << target;
  }
  EXPECT_EQ(stranger.del(path).status, 404);
  Reply const list = stranger.get("/v1/jobs");
  EXPECT_EQ(list.body.at("data").size(), 0U);
  Reply const events = stranger.get("/v1/events?since=0&wait=0");
  EXPECT_EQ(events.body.dump().find(submitted.body.at("id").get<std::string>() + "\",\"tenant"), std::string::npos);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST(Life, AWaitingJobIsCancelledAtOnceAndImpossibleOnesAreRefusedWithReasons) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  std::string const token = rig.add_tenant("acme", "1000");  // no accounts: everything waits
  Client client = rig.client(token);
  Reply const submitted = client.post("/v1/jobs", small_job("waits", "0.1", {"sleep", "60"}), "k");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  Reply const cancelled = client.del("/v1/jobs/" + submitted.body.at("id").get<std::string>());
  EXPECT_EQ(cancelled.status, 200) << cancelled.body;
  EXPECT_EQ(cancelled.body.at("state"), "cancelled");

  Reply const impossible = client.post("/v1/jobs", small_job("too big", "0.1", {"sleep", "60"}, 5'000), "big");
  EXPECT_EQ(impossible.status, 422);
  EXPECT_EQ(impossible.body.at("code"), "job_impossible");
  EXPECT_EQ(impossible.body.at("clusters").at(0).at("reasons").at(0).at("code"), "gang_too_large");
  EXPECT_EQ(rig.stop_daemon(), 0);
}

TEST(Life, CanariesInPrivateFieldsAppearNowhereElse) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  rig.open_accounts();
  std::string const token = rig.add_tenant("canary-company", "1000");
  std::string const other = rig.add_tenant("other", "1000");
  Client client = rig.client(token);
  nlohmann::json job = nlohmann::json::parse(small_job("canary-name", "0.1", {"canary-command"}));
  job["variants"][0]["image"] = "hub.example/canary-image:1";
  job["variants"][0]["environment"] = {{"K", "canary-environment"}};
  job["inputs"] = {"obs://b/canary-input/"};
  Reply const submitted = client.post("/v1/jobs", job.dump(), "canary-idempotency");
  ASSERT_EQ(submitted.status, 201) << submitted.body;
  ASSERT_TRUE(wait_for(client, submitted.body.at("id"), "attempt.settled")) << rig.daemon_log();

  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  std::string everything =
      rig.daemon_log() + rig.local().get("/v1/status").body.dump() + rig.client(other).get("/v1/events?since=0&wait=0").body.dump();
  for (auto const& file : std::filesystem::recursive_directory_iterator(rig.folder() / "tree")) {
    if (!file.is_regular_file()) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    everything.append(std::istreambuf_iterator<char>(stream), {});
  }
  ASSERT_GT(everything.size(), 1'000U);
  EXPECT_EQ(everything.find("canary"), std::string::npos);
  EXPECT_EQ(everything.find(token), std::string::npos);
  EXPECT_EQ(everything.find("token-of-wuhan"), std::string::npos);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

}  // namespace
}  // namespace sluice::tests
