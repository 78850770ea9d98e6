// kill -9 at random moments under load: whatever was acknowledged is there once, nothing else happened twice, and the log replays clean.
#include "tests/drill_length.hpp"
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace sluice::tests {
namespace {

/// What clients know: which key was acknowledged as which job.
class Acknowledged {
 public:
  void add(std::string const& key, std::string const& job) {
    std::lock_guard const lock(mutex_);
    auto const [it, fresh] = jobs_.emplace(key, job);
    if (!fresh && it->second != job) twice_.insert(key);
  }
  std::map<std::string, std::string> jobs() const {
    std::lock_guard const lock(mutex_);
    return jobs_;
  }
  std::set<std::string> twice() const {
    std::lock_guard const lock(mutex_);
    return twice_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> jobs_;
  std::set<std::string> twice_;  ///< keys that were answered with two different jobs
};

TEST(Kill, EveryAcknowledgedJobIsThereOnceAndTheLogReplaysClean) {
  int const kills = drill_length(8, 500);
  constexpr int clients = 4;
  std::mt19937 random(20261122);
  Rig rig({"wuhan", "horinger"}, 3600);
  rig.start_daemon();
  rig.open_accounts();
  std::string const token = rig.add_tenant("acme", "1000000000");

  Acknowledged acknowledged;
  std::set<std::string> asked;  // keys sent at least once
  int next_key = 0;
  for (int kill = 0; kill < kills; ++kill) {
    int const after = std::uniform_int_distribution(1, 60)(random);
    std::atomic<int> answers = 0;
    std::atomic<bool> over = false;
    // Keys that were sent and not acknowledged are asked again first, with the same body: they may or may not have happened.
    std::vector<std::vector<std::string>> work(clients);
    auto const known = acknowledged.jobs();
    int turn = 0;
    for (std::string const& key : asked)
      if (!known.contains(key)) work[static_cast<std::size_t>(turn++ % clients)].push_back(key);
    for (int i = 0; i < 100; ++i) {
      std::string key = "k" + std::to_string(next_key++);
      asked.insert(key);
      work[static_cast<std::size_t>(i % clients)].push_back(std::move(key));
    }
    std::vector<std::thread> threads;
    for (int c = 0; c < clients; ++c) {
      threads.emplace_back([&, c] {
        Client client = rig.client(token);
        for (std::string const& key : work[static_cast<std::size_t>(c)]) {
          if (over) return;
          Reply const reply = client.post("/v1/jobs", small_job(key, "0.1", {"sleep", "60"}), key);
          if (reply.status == 201) acknowledged.add(key, reply.body.at("id"));
          if (reply.status == 0) return;  // the daemon is gone
          if (++answers == after) {
            over = true;
            rig.kill_daemon();
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (rig.daemon_runs()) rig.kill_daemon();
    rig.start_daemon();
  }

  EXPECT_EQ(acknowledged.twice(), std::set<std::string>{});
  // Every acknowledged job is there, under the id that was acknowledged, and no other job exists but those that were asked for.
  auto const jobs = acknowledged.jobs();
  ASSERT_GT(jobs.size(), static_cast<std::size_t>(kills));
  std::set<std::string> listed;
  Client client = rig.client(token);
  std::string target = "/v1/jobs?limit=1000";
  while (true) {
    Reply const page = client.get(target);
    ASSERT_EQ(page.status, 200) << page.body;
    for (auto const& job : page.body.at("data")) EXPECT_TRUE(listed.insert(job.at("id")).second) << "listed twice: " << job;
    if (page.body.at("next").is_null()) break;
    target = "/v1/jobs?limit=1000&cursor=" + page.body.at("next").get<std::string>();
  }
  std::set<std::string> ids;
  for (auto const& [key, id] : jobs) {
    EXPECT_TRUE(ids.insert(id).second) << "one job for two keys: " << id;
    EXPECT_TRUE(listed.contains(id)) << "acknowledged and lost: " << key << " " << id;
  }
  EXPECT_LE(listed.size(), asked.size());
  // The same key again gives the same job, not a new one.
  auto const& [some_key, some_id] = *jobs.begin();
  Reply const again = client.post("/v1/jobs", small_job(some_key, "0.1", {"sleep", "60"}), some_key);
  EXPECT_EQ(again.status, 201);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.body.at("id"), some_id);

  audit::Report const report = rig.export_and_replay();
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.jobs, listed.size());

  // No attempt ever ran twice, as the centres themselves counted.
  Reply const runs = rig.centres().get("/control/runs");
  ASSERT_EQ(runs.status, 200);
  EXPECT_EQ(runs.body.at("twice"), nlohmann::json::array()) << runs.body.at("twice");
  EXPECT_EQ(rig.stop_daemon(), 0);
}

}  // namespace
}  // namespace sluice::tests
