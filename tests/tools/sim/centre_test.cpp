// A simulated centre's state machine: queue, time, ends, checkpoints, purses, and the record of runs.
#include "tools/sim/centre.hpp"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

class SimCentreTest : public ::testing::Test {
 protected:
  static CentreScenario scenario() {
    CentreScenario centre;
    centre.name = "q";
    PoolScenario pool;
    pool.accelerator = "A100";
    pool.cards = 8;
    pool.list_price = {{0, policy::yuan(36)}};
    centre.pools.push_back(pool);
    centre.programmes.push_back({"p", 5'000, policy::yuan(10), std::nullopt});
    return centre;
  }
  Order order(std::string attempt, std::int32_t cards, std::vector<std::string> command) const {
    Order made;
    made.account = "acme";
    made.attempt = std::move(attempt);
    made.fingerprint = made.attempt;
    made.accelerator = "A100";
    made.cards = cards;
    made.image = "hub/i";
    made.command = std::move(command);
    made.run_limit_s = 3'600;
    return made;
  }
  Job const& start(Order const& given) {
    auto const submitted = centre.submit(given);
    EXPECT_TRUE(submitted.has_value());
    return *submitted->job;
  }
  std::string state(Job const& job) { return std::string(name_of(job.state)); }

  Checkpoints checkpoints;
  Centre centre{scenario(), 60, 10, checkpoints};
};

TEST_F(SimCentreTest, JobsTakeTimeAndTheQueueKeepsItsOrder) {
  Job const& first = start(order("a-1", 6, {"sleep", "100"}));
  Job const& second = start(order("a-2", 4, {"sleep", "50"}));
  Job const& third = start(order("a-3", 1, {"sleep", "50"}));
  EXPECT_EQ(state(first), "running");
  EXPECT_EQ(state(second), "queued");
  EXPECT_EQ(state(third), "queued") << "nothing overtakes the head";
  centre.advance(99'999);
  EXPECT_EQ(state(first), "running");
  EXPECT_EQ(centre.pools()[0].free, 2);
  EXPECT_EQ(centre.counted("acme", "A100"), std::vector<std::string>{"a-1"});
  centre.advance(100'000);
  EXPECT_EQ(state(first), "completed");
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_EQ(centre.card_ms(first), 600'000);
  EXPECT_EQ(state(second), "running");
  EXPECT_EQ(state(third), "running");
  centre.advance(1'000'000);
  EXPECT_EQ(*second.ended, 150'000) << "events happen at their own time, however far one advances";
  EXPECT_EQ(centre.pools()[0].free, 8);
}

TEST_F(SimCentreTest, EveryEndIsReached) {
  Order limited = order("a-1", 1, {"sleep", "100"});
  limited.run_limit_s = 30;
  Job const& limit = start(limited);
  Job const& failed = start(order("a-2", 1, {"x", "sim:seconds=10", "sim:exit=3"}));
  Job const& preempted = start(order("a-3", 1, {"x", "sim:preempted=5"}));
  Job const& lost = start(order("a-4", 1, {"x", "sim:node_lost=5"}));
  Job const& broken = start(order("a-5", 1, {"x", "sim:start_fails"}));
  Job const& stopped = start(order("a-6", 1, {"sleep", "100"}));
  centre.advance(7'000);
  centre.cancel("acme", stopped.id);
  centre.advance(200'000);
  EXPECT_EQ(state(limit), "timed_out");
  EXPECT_EQ(centre.card_ms(limit), 30'000) << "the site ends it at the limit by itself";
  EXPECT_EQ(state(failed), "failed");
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(state(preempted), "preempted");
  EXPECT_EQ(state(lost), "cluster_failed");
  EXPECT_EQ(state(broken), "start_failed");
  EXPECT_EQ(centre.card_ms(broken), 0);
  EXPECT_EQ(state(stopped), "cancelled");
  EXPECT_EQ(centre.card_ms(stopped), 7'000);
  EXPECT_EQ(centre.runs().size(), 5u) << "what never ran is no run";
}

TEST_F(SimCentreTest, ANameStartsOneJob) {
  Order const once = order("a-1", 1, {"sleep", "10"});
  auto const first = centre.submit(once);
  auto const again = centre.submit(once);
  EXPECT_FALSE(first->existed);
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(first->job, again->job);
  Order other = once;
  other.fingerprint = "other";
  EXPECT_EQ(centre.submit(other).error().code, "attempt_conflict");
  Order foreign = once;
  foreign.account = "globex";
  EXPECT_FALSE(centre.submit(foreign)->existed) << "names are per account";
  EXPECT_EQ(centre.find("globex", first->job->id), nullptr);
  centre.advance(20'000);
  EXPECT_TRUE(centre.submit(once)->existed) << "never forgotten";
  EXPECT_EQ(centre.runs().size(), 2u);
}

TEST_F(SimCentreTest, RefusalsHaveTheirCodes) {
  auto const refusal = [&](Order const& given) { return centre.submit(given).error().code; };
  EXPECT_EQ(refusal(order("b-1", 9, {"x"})), "invalid_order");
  Order priced = order("b-2", 1, {"x"});
  priced.agreed_unit = "card_hour";
  priced.agreed_price = policy::yuan(35);
  EXPECT_EQ(refusal(priced), "price_changed");
  Order programme = order("b-3", 1, {"x"});
  programme.programme = "other";
  EXPECT_EQ(refusal(programme), "invalid_order");
}

TEST_F(SimCentreTest, ACheckpointIsResumedAnywhere) {
  Order first = order("a-1", 1, {"x", "sim:seconds=100", "sim:preempted=40"});
  first.checkpoint = "obs://b/ckpt/";
  start(first);
  centre.advance(50'000);
  Centre elsewhere{scenario(), 60, 10, checkpoints};
  Order second = order("a-2", 1, {"x", "sim:seconds=100"});
  second.checkpoint = "obs://b/ckpt/";
  Job const& resumed = *elsewhere.submit(second)->job;
  elsewhere.advance(59'999);
  EXPECT_EQ(state(resumed), "running");
  elsewhere.advance(60'000);
  EXPECT_EQ(state(resumed), "completed");
  // What is done leaves nothing to resume from: the same order again is the whole work again.
  Order third = order("a-3", 1, {"x", "sim:seconds=100"});
  third.checkpoint = "obs://b/ckpt/";
  Job const& anew = *elsewhere.submit(third)->job;
  elsewhere.advance(159'999);
  EXPECT_EQ(state(anew), "running");
  elsewhere.advance(160'000);
  EXPECT_EQ(state(anew), "completed");
}

TEST_F(SimCentreTest, APurseIsUsedUp) {
  Order paid = order("a-1", 1, {"sleep", "1800"});
  paid.programme = "p";
  start(paid);  // half an hour at 36 yuan, half of it paid: 9 yuan
  centre.advance(1'800'000);
  EXPECT_EQ(centre.remaining("p"), policy::yuan(1));
  paid = order("a-2", 1, {"sleep", "1800"});
  paid.programme = "p";
  start(paid);
  centre.advance(3'600'000);
  EXPECT_EQ(centre.remaining("p"), policy::Money{});
  paid = order("a-3", 1, {"x"});
  paid.programme = "p";
  EXPECT_EQ(centre.submit(paid).error().code, "purse_exhausted");
}

TEST_F(SimCentreTest, LogsGrowWithTimeAndHaveATail) {
  Job const& job = start(order("a-1", 1, {"sleep", "1000"}));
  EXPECT_EQ(centre.log_bytes(job), 0u);
  centre.advance(100'000);
  std::string const whole = centre.log_tail(job, 1u << 20);
  EXPECT_EQ(whole.size(), centre.log_bytes(job));
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 10);
  EXPECT_EQ(centre.log_tail(job, 50), whole.substr(whole.size() - 50));
}

TEST_F(SimCentreTest, BackgroundTakesCardsButNeverOurs) {
  Job const& job = start(order("a-1", 6, {"sleep", "100"}));
  EXPECT_TRUE(centre.set_background("A100", 5));
  EXPECT_EQ(centre.pools()[0].free, 0);
  EXPECT_EQ(state(job), "running");
  EXPECT_FALSE(centre.set_background("H800", 5));
}

}  // namespace
}  // namespace sluice::sim
