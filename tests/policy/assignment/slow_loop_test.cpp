// Explanations, reservations for aged gangs, and the commitment planner.
#include "policy/assignment/builder.hpp"
#include "policy/assignment/explain.hpp"
#include "policy/assignment/planner.hpp"
#include "policy/assignment/reservation.hpp"
#include "policy/assignment/solver.hpp"
#include "tests/policy/assignment/random_problem.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::assignment {
namespace {

TEST(Explain, NamesWhatBlocksAndWhatWouldHelp) {
  Builder builder;
  std::uint32_t const near = builder.add_row({RowKind::cards, 0, 4, 0, 0});
  std::uint32_t const tiny = builder.add_row({RowKind::cards, 0, 1, 0, 1});
  std::uint32_t const dear = builder.add_row({RowKind::cards, 0, 9, 0, 2});
  for (int i = 0; i < 2; ++i) {
    builder.add_job({.waiting_cost = 1'000, .lot = static_cast<std::uint64_t>(i)});
    builder.add_bid({.price = 100}, std::vector<Use>{{near, Meter::fixed, 2}}, 0);
  }
  std::uint32_t const loser = builder.add_job({.waiting_cost = 300, .lot = 7});
  builder.add_bid({.price = 100}, std::vector<Use>{{near, Meter::fixed, 2}}, 0);
  builder.add_bid({.price = 10}, std::vector<Use>{{tiny, Meter::fixed, 2}}, 1);
  builder.add_bid({.price = 5'000}, std::vector<Use>{{dear, Meter::fixed, 2}}, 2);
  Problem const problem = builder.finish();
  auto const solution = solve(problem, {.iterations = 1});
  auto const report = check_certificate(problem, solution->plan, solution->certificate);
  ASSERT_TRUE(report);
  ASSERT_EQ(solution->plan.choice[loser], waiting);
  auto const obstacles = explain_waiting(problem, solution->plan, solution->certificate, report->row_use, loser);
  ASSERT_EQ(obstacles.size(), 3U);
  EXPECT_EQ(problem.tag(obstacles[0].bid), 0U);
  EXPECT_EQ(obstacles[0].row, near);
  EXPECT_EQ(obstacles[0].fit_ppm, 0);
  EXPECT_EQ(obstacles[1].kind, ObstacleKind::too_dear);
  EXPECT_EQ(obstacles[1].limit, 5'000);
  EXPECT_EQ(obstacles[1].raise, 4'700);
  EXPECT_EQ(obstacles[2].kind, ObstacleKind::never_fits);
  EXPECT_EQ(obstacles[2].fit_ppm, 500'000);
  EXPECT_TRUE(explain_waiting(problem, solution->plan, solution->certificate, report->row_use, 0).empty());
}

TEST(Reservation, OldestFirstStickyAndNothingForTheYoung) {
  std::vector<OfferCards> const offers{{.total = 16, .free = 4, .draining = {{100, 4}, {300, 8}}},
                                       {.total = 16, .free = 0, .draining = {{200, 16}}}};
  std::vector<WaitingGang> gangs{{.cards = 8, .waited_ms = 50, .lot = 1, .offers = {0, 1}, .reserved = {}},
                                 {.cards = 8, .waited_ms = 90, .lot = 2, .offers = {0, 1}, .reserved = {}},
                                 {.cards = 8, .waited_ms = 10, .lot = 3, .offers = {0, 1}, .reserved = {}}};
  auto const first = reserve_for_aged(gangs, offers, 0, {.age_ms = 20});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].gang, 1U);
  EXPECT_EQ(first[0].offer, 0U);
  EXPECT_EQ(first[0].held, 4);
  EXPECT_EQ(first[0].ready_at_ms, 100);
  EXPECT_EQ(first[1].gang, 0U);
  EXPECT_EQ(first[1].offer, 1U) << "the first eight to drain at offer 0 are spoken for";
  gangs[0].reserved = 0;
  EXPECT_EQ(reserve_for_aged(gangs, offers, 0, {.age_ms = 20})[0].offer, 0U) << "a reservation is kept even where another offer is sooner";
}

/// One simulated site against a stream of small jobs that takes every free card at once, with limits chosen to hurt.
std::int64_t longest_wait(std::uint64_t seed, std::int64_t age, std::int64_t limit, std::uint32_t gang_total) {
  std::mt19937_64 draw(seed);
  OfferCards offer{.total = 32, .free = 32, .draining = {}};
  struct Gang {
    WaitingGang waits;
    std::int64_t arrived;
  };
  std::vector<Gang> gangs;
  std::int64_t longest = 0;
  for (std::int64_t now = 0; now < 40 * limit; ++now) {
    std::erase_if(offer.draining, [&](Draining const& end) {
      if (end.ends_at_ms > now) return false;
      offer.free += end.cards;
      return true;
    });
    if (gangs.size() < gang_total && now % limit == 1)
      gangs.push_back({{.cards = 16 + static_cast<std::int64_t>(draw() % 17), .lot = draw(), .offers = {0}, .reserved = {}}, now});
    std::vector<WaitingGang> waiting_now;
    for (Gang& gang : gangs) {
      gang.waits.waited_ms = now - gang.arrived;
      waiting_now.push_back(gang.waits);
    }
    std::int64_t held = 0;
    std::vector<bool> started(gangs.size(), false);
    for (Reservation const& r : reserve_for_aged(waiting_now, {offer}, now, {.age_ms = age})) {
      gangs[r.gang].waits.reserved = r.offer;
      if (r.held < waiting_now[r.gang].cards) {
        held += r.held;
        continue;
      }
      longest = std::max(longest, now - gangs[r.gang].arrived);
      offer.free -= waiting_now[r.gang].cards;
      offer.draining.push_back({now + limit, waiting_now[r.gang].cards});
      started[r.gang] = true;
    }
    for (std::size_t g = gangs.size(); g-- > 0;)
      if (started[g]) gangs.erase(gangs.begin() + static_cast<std::ptrdiff_t>(g));
    // The adversary: single cards, as many as are left, each for as long as it may or for one tick.
    for (; offer.free > held; --offer.free)
      offer.draining.push_back({now + (draw() % 2 ? limit : 1 + static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(limit))), 1});
  }
  return longest;
}

TEST(Reservation, WaitingIsBoundedUnderAnyStreamOfSmallJobs) {
  constexpr std::int64_t age = 30;
  constexpr std::int64_t limit = 25;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::int64_t const alone = longest_wait(seed, age, limit, 1);
    EXPECT_GT(alone, 0);
    EXPECT_LE(alone, age + limit) << seed;
    EXPECT_LE(longest_wait(seed, age, limit, 3), age + 3 * 2 * limit) << seed;
    EXPECT_GT(longest_wait(seed, 1'000'000, limit, 1) == 0 ? 1 : 0, 0) << "without reservations the gang never starts";
  }
}

/// Facility location by trying every set of contracts and every assignment.
std::optional<std::int64_t> exhaustive_commitments(Problem const& problem, std::vector<Contract> const& contracts) {
  std::optional<std::int64_t> best;
  for (std::uint32_t set = 0; set < 1U << contracts.size(); ++set) {
    std::vector<std::uint8_t> sign;
    std::int64_t opening = 0;
    for (std::size_t c = 0; c < contracts.size(); ++c) {
      sign.push_back(static_cast<std::uint8_t>(set >> c & 1U));
      if (sign[c]) opening += contracts[c].opening_cost;
    }
    auto const cost = testing::exhaustive_optimum(signed_problem(problem, contracts, sign));
    if (cost && (!best || *cost + opening < *best)) best = *cost + opening;
  }
  return best;
}

TEST(Planner, MatchesExhaustiveSearchAndItsBoundHolds) {
  int optimal = 0;
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    std::mt19937_64 draw(seed);
    auto const between = [&](std::int64_t low, std::int64_t high) {
      return low + static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(high - low + 1));
    };
    Builder builder;
    std::vector<Contract> contracts;
    for (std::uint32_t c = 0; c < 4; ++c) {
      Contract contract;
      contract.capacity_row = builder.add_row({RowKind::cards, 0, between(6, 14), 0, c});
      if (seed % 2 == 0) contract.minimum_row = builder.add_row({RowKind::minimum_spend, 1'000'000, between(0, 300), 0, c});
      contract.opening_cost = seed % 2 == 0 ? 0 : between(20, 200);
      contracts.push_back(contract);
    }
    for (std::uint32_t j = 0; j < 6; ++j) {
      builder.add_job({.waiting_cost = 400, .lot = draw(), .waiting_allowed = seed % 3 == 0});
      std::int64_t const cards = between(1, 5);
      for (Contract const& contract : contracts) {
        std::vector<Use> uses{{contract.capacity_row, Meter::fixed, cards}};
        if (contract.minimum_row != 0xffffffff) uses.push_back({contract.minimum_row, Meter::price, 1'000'000});
        builder.add_bid({.price = between(5, 90)}, uses, contract.capacity_row);
      }
    }
    Problem const problem = builder.finish();
    auto const best = exhaustive_commitments(problem, contracts);
    auto const plan = plan_commitments(problem, contracts, {.evaluations = 30});
    ASSERT_TRUE(plan) << plan.error();
    ASSERT_EQ(plan->feasible, best.has_value()) << seed;
    EXPECT_LE(plan->bound, *best) << seed;
    EXPECT_GE(plan->cost, *best) << seed;
    EXPECT_LE(plan->bound, commitment_bound(problem, contracts, plan->job_price));
    optimal += plan->cost == *best;
  }
  EXPECT_GE(optimal, 12) << "out of 15";
}

TEST(Planner, RefusesMalformedContracts) {
  Problem problem;
  problem.rows = {{RowKind::cards, 0, 1, 0, 0}, {RowKind::minimum_spend, 0, 1, 0, 0}};
  EXPECT_FALSE(plan_commitments(problem, {{.capacity_row = 5}}, {}));
  EXPECT_FALSE(plan_commitments(problem, {{.capacity_row = 1}}, {}));
  EXPECT_FALSE(plan_commitments(problem, {{.capacity_row = 0}, {.capacity_row = 0}}, {}));
  EXPECT_FALSE(plan_commitments(problem, {{.capacity_row = 0, .minimum_row = 0}}, {}));
  EXPECT_FALSE(plan_commitments(problem, {{.capacity_row = 0, .opening_cost = -1}}, {}));
  EXPECT_TRUE(plan_commitments(problem, {{.capacity_row = 0, .minimum_row = 1}}, {}));
}

}  // namespace
}  // namespace sluice::assignment
