// Order without favour: names decide nothing, lots decide ties, age is lost by coming again, and what is forced comes by (due, lot).
#include "policy/assignment/solver.hpp"
#include "policy/market.hpp"
#include "policy/round_problem.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

using Names = std::array<std::string, 3>;

/// What one of the three tenants asks for.
struct Wish {
  std::size_t tenant = 0;
  std::uint64_t lot = 0;
  std::int32_t cards = 8;
  bool one_type_only = false;
};

/// 144 cards asked for where 96 are: most wishes are alike, so ties are everywhere.
std::vector<Wish> wishes() {
  std::mt19937_64 random(11);
  std::vector<Wish> list;
  for (std::size_t i = 0; i < 18; ++i) list.push_back({i % 3, random(), 8, i % 6 == 5});
  return list;
}

/// A round over these wishes of tenants so named, solved; the tenants differ in their vouchers and quotas.
class Contest {
 public:
  Contest(Names const& names, std::vector<Wish> const& wanted) {
    for (std::string const& name : names) {
      TenantRegistered tenant;
      tenant.by = by_ann();
      tenant.region = {420'100};
      tenant.tenant = {name};
      world_.ok(tenant);
      world_.ok(DepositReceived{yuan(5'000), by_ann(), {}, {name}});
    }
    world_.ok(QuotaSet{by_ann(), 24, {"wuhan"}, {names[1]}});
    world_.ok(ProgrammeDefined{by_ann(), programme_definition()});
    world_.ok(EntitlementIssued{yuan(90), by_ann(), {}, {names[2]}, {"wuhan-2026"}, 1, world_.now, {world_.now.ms + ms_per_day}});
    for (Wish const& wish : wanted) {
      JobAccepted job;
      job.lot = wish.lot;
      job.spec = job_spec();
      job.spec.gang.cards = wish.cards;
      if (wish.one_type_only) job.spec.variants.pop_back();
      job.tenant = {names[wish.tenant]};
      lot_of_[world_.ok(job).accepted.value()] = wish.lot;
    }
    world_.ok(RoundOpened{{1}});
    PinnedMarket const market(world_.state, world_.now);
    RoundProblem const problem = build_problem(market);
    auto const solution = assignment::solve(problem.problem);
    EXPECT_TRUE(solution);
    decision_ = decision_of(problem, {1}, solution->plan, solution->certificate);
    EXPECT_TRUE(check_decision(market, decision_));
  }
  RoundDecided const& decision() const { return decision_; }
  /// Who got what, told by lots: the only thing about a wish that neither renaming nor another order changes.
  std::map<std::uint64_t, std::string> places() const {
    std::map<std::uint64_t, std::string> places;
    auto const plan = decode_plan(*decision_.plan.bytes);
    for (Placement const& placed : plan.value())
      places[lot_of_.at(placed.job)] = placed.type.text + (placed.entitlement ? " with a voucher" : "");
    return places;
  }

 private:
  World world_;
  std::map<JobId, std::uint64_t> lot_of_;
  RoundDecided decision_;
};

TEST(Favour, RelabellingTenantsChangesNothing) {
  Contest const first({"brook", "cedar", "delta"}, wishes());
  ASSERT_LT(first.decision().placed, first.decision().jobs) << "somebody must lose for favour to show";
  ASSERT_GT(first.decision().placed, 0);
  for (Names const& names : {Names{"delta", "brook", "cedar"}, Names{"z", "y", "x"}, Names{"a", "zz", "m"}}) {
    Contest const other(names, wishes());
    EXPECT_EQ(*other.decision().plan.bytes, *first.decision().plan.bytes);
    EXPECT_EQ(*other.decision().prices.bytes, *first.decision().prices.bytes);
    EXPECT_EQ(other.decision().cost, first.decision().cost);
    EXPECT_EQ(other.decision().problem, first.decision().problem) << "an auditor sees the same problem";
  }
}

TEST(Favour, ComingFirstWithinARoundIsNoAdvantage) {
  Contest const first({"brook", "cedar", "delta"}, wishes());
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    std::vector<Wish> shuffled = wishes();
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(seed));
    Contest const other({"brook", "cedar", "delta"}, shuffled);
    EXPECT_EQ(other.decision().cost, first.decision().cost) << seed;
    EXPECT_EQ(other.places(), first.places()) << seed;
  }
}

/// A job that only the whole of wuhan's A100 can run.
JobAccepted whole_cluster(std::uint64_t lot) {
  JobAccepted job;
  job.lot = lot;
  job.spec = job_spec();
  job.spec.gang.cards = 64;
  job.spec.variants.pop_back();
  job.tenant = {"acme"};
  return job;
}

TEST(Favour, OfTwoEqualJobsTheLotDecidesAndNotWhoCameFirst) {
  World world;
  JobId const early = world.ok(whole_cluster(99)).accepted.value();
  JobId const lucky = world.ok(whole_cluster(1)).accepted.value();
  world.decide_well();
  world.place_all();
  EXPECT_EQ(world.job(lucky).status, JobStatus::allocated);
  EXPECT_EQ(world.job(early).status, JobStatus::queued);
}

/// Age counts twice: waiting grows dearer each round, and of two jobs that weigh the same the older goes first.
class FavourOfAge : public ::testing::TestWithParam<std::int32_t> {};

TEST_P(FavourOfAge, IsLostByComingAgain) {
  World world;
  MarketRules rules;
  rules.ageing_ppm_per_round = GetParam();
  world.ok(MarketRulesSet{by_ann(), rules});
  JobId const patient = world.ok(whole_cluster(99)).accepted.value();
  JobId const restless = world.ok(whole_cluster(50)).accepted.value();
  world.ok(RoundOpened{{1}});
  world.ok(RoundAbandoned{Reason::none, {1}});
  world.ok(JobCancelled{by_ann(), restless});
  JobId const again = world.ok(whole_cluster(0)).accepted.value();  // the best lot there is
  world.decide_well();
  world.place_all();
  EXPECT_EQ(world.job(patient).status, JobStatus::allocated) << "it is a round older, and that is content";
  EXPECT_EQ(world.job(again).status, JobStatus::queued);
}

INSTANTIATE_TEST_SUITE_P(Ageing, FavourOfAge, ::testing::Values(0, 20'000));

TEST(Favour, WhatIsForcedComesByDueTimeThenLot) {
  World world;
  auto const with = [&](std::uint64_t lot, std::int64_t in_ms) {
    JobAccepted job;
    job.lot = lot;
    job.spec = job_spec();
    job.spec.deadline = Timestamp{world.now.ms + in_ms};
    job.tenant = {"acme"};
    return world.ok(job).accepted.value();
  };
  JobId const last = with(30, 2'000);
  JobId const second = with(10, 2'000);
  JobId const third = with(20, 2'000);
  JobId const first = with(40, 1'999);
  world.pass(5'000);
  for (JobId const next : {first, second, third, last}) {
    auto const forced = next_forced(world.state, world.now);
    ASSERT_TRUE(forced);
    ASSERT_TRUE(std::holds_alternative<JobExpired>(*forced));
    EXPECT_EQ(std::get<JobExpired>(*forced).job, next);
    // No other may take its turn: this is what a replay checks, too.
    for (JobId const other : {first, second, third, last}) {
      if (other == next || !world.state.jobs.contains(other)) continue;
      EXPECT_EQ(apply(world.state, world.now, JobExpired{other}).error().reason, Reason::forced_event_pending);
    }
    ASSERT_TRUE(apply(world.state, world.now, *forced));
  }
  EXPECT_FALSE(next_forced(world.state, world.now));
}

}  // namespace
}  // namespace sluice::policy
