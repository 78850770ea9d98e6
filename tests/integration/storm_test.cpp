// Many troubles at once, by seed: whatever clusters do, no attempt runs twice, no two runs of one job overlap, every job ends settled or
// says why, and the log replays clean.
#include "tests/drill_length.hpp"
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace sluice::tests {
namespace {

using nlohmann::json;

// Not among them: "duplicates" (the centre itself starts an order twice) and "denies" (it says that it does not have what it has). What a
// lying centre comes to is tested apart.
std::vector<std::string> const troubles{
    "slow 1s for 60s",   "drips for 60s",      "hangs for 60s",    "truncates for 60s",   "garbage for 60s",     "floods 2 times",
    "html for 60s",      "wrong-type for 60s", "fails for 120s",   "unavailable for 60s", "throttles for 60s",   "unauthorised 1 times",
    "redirects for 60s", "stale for 120s",     "ageless for 60s",  "zero-price for 120s", "priceless for 60s",   "uncounted for 120s",
    "refuses for 60s",   "forgets 2 times",    "swallows 3 times", "disappears for 90s",  "disappears for 600s", "dies"};

class Storm : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  std::vector<std::string> const clusters{"wuhan", "qingyang", "horinger"};
  Rig rig{clusters, 0, Rig::Patience::short_lived};
  std::mt19937 chance{GetParam()};
  std::string token;
  std::string next_event = "0";
  std::vector<std::string> jobs;

  std::size_t any(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(chance); }
  template <class Item>
  Item const& any_of(std::vector<Item> const& items) {
    return items[any(items.size())];
  }

  void submit() {
    std::vector<std::string> command{"sleep", std::to_string(30 * (1 + any(20)))};
    std::size_t const kind = any(12);
    if (kind == 0) command.emplace_back("sim:exit=3");
    if (kind == 1) command.emplace_back("sim:preempted=40");
    if (kind == 2) command.emplace_back("sim:node_lost=40");
    if (kind == 3) command.emplace_back("sim:start_fails");
    if (kind == 4) command.emplace_back("sim:ignores_stop");
    std::string const key = "job-" + std::to_string(jobs.size());
    int const cards = 1 << any(4);
    Reply const reply = rig.client(token).post("/v1/jobs", small_job(key, "0.001", command, cards, 1 + static_cast<int>(any(4))), key);
    ASSERT_EQ(reply.status, 201) << reply.body;
    jobs.push_back(reply.body.at("id"));
    if (any(15) == 0) rig.client(token).del("/v1/jobs/" + jobs.back());
  }
  /// Lets simulated time pass, and real time until the daemon has something to say, or for a second.
  void go_on(int simulated_s) {
    ASSERT_EQ(rig.centres().post("/control/advance", json{{"ms", simulated_s * 1'000}}.dump(), "").status, 200);
    Reply const page = rig.client(token).get("/v1/events?since=" + next_event + "&wait=1s");
    ASSERT_EQ(page.status, 200);
    next_event = page.body.at("next");
  }
  bool is_over(std::string const& id) {
    json const job = rig.client(token).get("/v1/jobs/" + id).body;
    std::string const state = job.at("state");
    if (state != "completed" && state != "failed" && state != "cancelled") return false;
    for (json const& attempt : job.at("attempts"))
      if (attempt.at("settled").is_null() && attempt.at("liability") == "disputed") return false;
    return true;
  }
  std::string explain(std::string const& id) { return rig.client(token).get("/v1/jobs/" + id + "/explain").body.dump(1); }
};

TEST_P(Storm, NothingRunsTwiceAndEveryJobEnds) {
  rig.start_daemon();
  rig.open_accounts();
  token = rig.add_tenant("acme", "1000000");
  constexpr int steps = 40;
  for (int step = 0; step < steps; ++step) {
    if (any(2) == 0) {
      std::string const line = any_of(clusters) + " " + any_of(troubles);
      ASSERT_EQ(rig.centres().post("/control/trouble", json{{"line", line}}.dump(), "").status, 200) << line;
    }
    submit();
    submit();
    if (any(20) == 0) {
      rig.kill_daemon();
      rig.start_daemon();
    }
    go_on(static_cast<int>(10 + any(40)));
  }
  ASSERT_EQ(rig.centres().post("/control/trouble", R"({"line":"all comes back"})", "").status, 200);
  // The operator's word, for clusters whose credential was refused.
  for (std::string const& cluster : clusters)
    rig.local().post("/v1/clusters/" + cluster + "/resume", R"({"reason":"after the storm"})", "");
  std::size_t over = 0;
  for (int turn = 0; turn < 600 && over < jobs.size(); ++turn) {
    go_on(60);
    while (over < jobs.size() && is_over(jobs[over])) ++over;
  }
  ASSERT_EQ(over, jobs.size()) << "job " << jobs[over] << " has no end: " << explain(jobs[over]) << rig.daemon_log();

  json const runs = rig.centres().get("/control/runs").body;
  EXPECT_EQ(runs.at("twice"), json::array());
  std::map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>> by_job;
  for (json const& run : runs.at("runs")) {
    std::string const attempt = run.at("attempt");
    std::string const job = attempt.substr(0, attempt.rfind('-'));
    by_job[job].emplace_back(run.at("started_ms"), run.value("ended_ms", INT64_MAX));
  }
  for (auto& [job, spans] : by_job) {
    std::ranges::sort(spans);
    for (std::size_t i = 1; i < spans.size(); ++i) EXPECT_LE(spans[i - 1].second, spans[i].first) << job << " ran in two places at once";
  }
  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.jobs, jobs.size());
  EXPECT_EQ(rig.stop_daemon(), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Storm, ::testing::Range(1U, 1U + drill_length(2U, 100U)));

}  // namespace
}  // namespace sluice::tests
