// From a pinned market to a decision and its proof, and every way a decision can be wrong.
#include "policy/round_problem.hpp"

#include "policy/assignment/solver.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using testing::World;

class RoundProblemTest : public ::testing::Test {
 protected:
  RoundProblemTest() {
    world_.observe();
    for (int i = 0; i < 12; ++i) {
      JobSpec spec = testing::job_spec();
      spec.gang.cards = 1 << (i % 4);
      spec.work_card_ms = spec.gang.cards * ms_per_hour;
      world_.submit(spec);
    }
    world_.ok(RoundOpened{{world_.state.round.round.value + 1}});
  }
  PinnedMarket pin() const { return PinnedMarket(world_.state, world_.now); }
  static RoundDecided decide(PinnedMarket const& market) {
    RoundProblem const round = build_problem(market);
    auto const solution = assignment::solve(round.problem);
    EXPECT_TRUE(solution) << (solution ? "" : solution.error());
    return decision_of(round, market.round(), solution->plan, solution->certificate);
  }
  World world_;
};

TEST_F(RoundProblemTest, ADecisionOfTheSolverIsProven) {
  PinnedMarket const market = pin();
  RoundDecided const decision = decide(market);
  auto const report = check_decision(market, decision);
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(decision.jobs, 12);
  EXPECT_EQ(decision.placed, 12) << "64 cards are free and 45 are asked for";
  EXPECT_LE(decision.bound, decision.cost);
}

TEST_F(RoundProblemTest, TheProblemDoesNotDependOnHowTheQueueCameAbout) {
  PinnedMarket const market = pin();
  Hash const digest = build_problem(market).digest;
  // After a restart the queue's chunks lie differently; the problem must not.
  auto state = testing::loaded(testing::rows_of(world_.state));
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(build_problem(PinnedMarket(*state, world_.now)).digest, digest);
}

TEST_F(RoundProblemTest, AViewStaysAsItWasPinned) {
  PinnedMarket const market = pin();
  Hash const digest = build_problem(market).digest;
  JobId const first = world_.state.jobs.begin()->first;
  world_.ok(JobCancelled{testing::by_socket(), first});
  EXPECT_EQ(build_problem(market).digest, digest);
  EXPECT_NE(build_problem(pin()).digest, digest);
}

TEST_F(RoundProblemTest, EveryAlteredDecisionIsRefused) {
  PinnedMarket const market = pin();
  RoundDecided const good = decide(market);
  auto const refused = [&](RoundDecided const& decision) { return !check_decision(market, decision).has_value(); };
  ASSERT_FALSE(refused(good));
  RoundDecided bad = good;
  bad.cost.micro_yuan -= 1;
  EXPECT_TRUE(refused(bad)) << "cost";
  bad = good;
  bad.bound.micro_yuan = bad.cost.micro_yuan + 1;
  EXPECT_TRUE(refused(bad)) << "bound";
  bad = good;
  bad.price.micro_yuan += 1;
  EXPECT_TRUE(refused(bad)) << "price";
  bad = good;
  bad.waiting.micro_yuan += 1;
  EXPECT_TRUE(refused(bad)) << "waiting";
  bad = good;
  bad.problem.bytes[0] ^= 1;
  EXPECT_TRUE(refused(bad)) << "digest";
  bad = good;
  ++bad.jobs;
  EXPECT_TRUE(refused(bad)) << "jobs";
  bad = good;
  --bad.placed;
  EXPECT_TRUE(refused(bad)) << "placed";
  bad = good;
  bad.prices = SharedBytes::of("not prices");
  EXPECT_TRUE(refused(bad)) << "prices";
  bad = good;
  bad.plan.bytes = nullptr;
  EXPECT_TRUE(refused(bad)) << "a missing blob proves nothing";

  auto placements = decode_plan(*good.plan.bytes);
  ASSERT_TRUE(placements);
  auto const with = [&](std::vector<Placement> const& plan) {
    RoundDecided decision = good;
    decision.plan = SharedBytes::of(encode_plan(plan));
    decision.placed = static_cast<std::int32_t>(plan.size());
    return decision;
  };
  auto plan = *placements;
  std::swap(plan[0], plan[1]);
  EXPECT_TRUE(refused(with(plan))) << "another order is another favour";
  plan = *placements;
  plan.pop_back();
  EXPECT_TRUE(refused(with(plan))) << "a dropped job";
  plan = *placements;
  plan.push_back(plan.front());
  EXPECT_TRUE(refused(with(plan))) << "a job twice";
  plan = *placements;
  plan[0].extra.micro_yuan += 1;
  EXPECT_TRUE(refused(with(plan))) << "an extra";
  plan = *placements;
  plan[0].account = {999};
  EXPECT_TRUE(refused(with(plan))) << "a bid that does not exist";
  plan = *placements;
  plan[0].job = {999'999};
  EXPECT_TRUE(refused(with(plan))) << "a job that does not exist";
}

TEST_F(RoundProblemTest, PlansReadBackAndHostileTextIsRefused) {
  std::vector<Placement> const plan{{{12}, {"wuhan"}, {"A100"}, 1, {7}, std::nullopt, Money{0}},
                                    {{13}, {"qing-yang.2"}, {"Ascend910B"}, 0, {8}, EntitlementId{99}, Money{5}}};
  std::string const text = encode_plan(plan);
  EXPECT_EQ(text, "12 wuhan A100 1 7 - 0\n13 qing-yang.2 Ascend910B 0 8 99 5\n");
  EXPECT_EQ(decode_plan(text), plan);
  EXPECT_EQ(decode_plan(""), std::vector<Placement>{});
  for (char const* bad : {"12 wuhan A100 1 7 - 0", "12 wuhan A100 1 7 -\n", "012 wuhan A100 1 7 - 0\n", "12 wuhan A100 1 7 - 0 \n",
                          "12  wuhan A100 1 7 - 0\n", "12 wu/han A100 1 7 - 0\n", "-1 wuhan A100 1 7 - 0\n", "\n",
                          "12 wuhan A100 1 7 - 0\n\n", "99999999999999999999 wuhan A100 1 7 - 0\n", "12 wuhan A100 1 7 x 0\n"})
    EXPECT_FALSE(decode_plan(bad)) << bad;
}

}  // namespace
}  // namespace sluice::policy
