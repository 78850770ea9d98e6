// The solver against an exhaustive oracle, against itself under renaming and threads, and on degenerate rounds.
#include "policy/assignment/solver.hpp"

#include "policy/assignment/builder.hpp"
#include "tests/policy/assignment/random_problem.hpp"

#include <gtest/gtest.h>

namespace sluice::assignment {
namespace {

using testing::exhaustive_optimum;
using testing::permuted;
using testing::Permuted;
using testing::random_problem;
using testing::RandomShape;

SolveOptions quick() { return {.iterations = 2, .threads = 1, .seed = 7}; }

/// Solves and checks; the report is what an auditor would see.
struct Checked {
  Solution solution;
  CertificateReport report;
};

Checked solve_and_check(Problem const& problem, SolveOptions const& options = quick(), WarmStart const& warm = {}) {
  auto solution = solve(problem, options, warm);
  EXPECT_TRUE(solution) << solution.error();
  auto report = check_certificate(problem, solution->plan, solution->certificate);
  EXPECT_TRUE(report) << report.error().text;
  if (!report) return {*solution, {}};
  return {*solution, *report};
}

struct Case {
  char const* name;
  RandomShape shape;
};

class SolverOracle : public ::testing::TestWithParam<Case> {};

TEST_P(SolverOracle, NeverBeatsTheOptimumAndBoundsItFromBelow) {
  int found = 0;
  int solved = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Problem const problem = random_problem(seed, GetParam().shape);
    std::optional<std::int64_t> const optimum = exhaustive_optimum(problem);
    auto const solution = solve(problem, quick());
    ASSERT_TRUE(solution);
    if (!optimum) {
      EXPECT_EQ(solution->status, SolveStatus::unplaced) << seed;
      continue;
    }
    ++solved;
    ASSERT_NE(solution->status, SolveStatus::unplaced) << seed;
    auto const report = check_certificate(problem, solution->plan, solution->certificate);
    ASSERT_TRUE(report) << seed << ": " << report.error().text;
    EXPECT_GE(report->cost, *optimum) << seed;
    EXPECT_LE(report->bound, *optimum) << seed;
    EXPECT_LE(solution->search_bound, *optimum) << seed;
    if (solution->status == SolveStatus::optimal) {
      EXPECT_EQ(report->cost, *optimum) << seed;
    }
    found += report->cost == *optimum;
  }
  EXPECT_GT(solved, 0);
  EXPECT_EQ(found, solved) << "instances of this size are always solved";
}

INSTANTIATE_TEST_SUITE_P(Shapes, SolverOracle,
                         ::testing::Values(Case{"plain", {.money_rows = false, .minimums = false}}, Case{"money", {.minimums = false}},
                                           Case{"everything", {}}, Case{"forced", {.forced = true}}, Case{"ties", {.equal_costs = true}},
                                           Case{"one_offer", {.jobs = 9, .offers = 1}}, Case{"wide", {.jobs = 4, .offers = 6}}),
                         [](auto const& shape) { return shape.param.name; });

TEST(Solver, GivesTheSameBytesForAnyNumberOfThreads) {
  Problem const problem = random_problem(5, {.jobs = 300, .offers = 12});
  Solution const one = solve_and_check(problem).solution;
  for (std::uint32_t const threads : {2U, 4U, 64U}) {
    SolveOptions options = quick();
    options.threads = threads;
    Solution const other = solve_and_check(problem, options).solution;
    EXPECT_EQ(one.plan, other.plan);
    EXPECT_EQ(one.certificate, other.certificate);
  }
}

TEST(Solver, FollowsRenamingAndReordering) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Problem const problem = random_problem(seed, {.jobs = 60, .offers = 8});
    Permuted const other = permuted(problem, seed + 100);
    Solution const a = solve_and_check(problem).solution;
    Solution const b = solve_and_check(other.problem).solution;
    EXPECT_EQ(a.certificate.cost, b.certificate.cost) << seed;
    EXPECT_EQ(a.certificate.bound, b.certificate.bound) << seed;
    for (std::uint32_t j = 0; j < other.job_of.size(); ++j) {
      std::uint32_t const before = a.plan.choice[other.job_of[j]];
      std::uint32_t const after = b.plan.choice[j];
      // Jobs that shared a range have bids of their own after the permutation: compare by content.
      ASSERT_EQ(before == waiting, after == waiting) << seed << " job " << j;
      if (before == waiting) continue;
      EXPECT_EQ(problem.bid_price[before], other.problem.bid_price[after]) << seed;
      EXPECT_EQ(problem.tag(before), other.problem.tag(after)) << seed;
    }
  }
}

TEST(Solver, OrdersEqualJobsByRoundThenLot) {
  Builder builder;
  std::uint32_t const cards = builder.add_row({RowKind::cards, 0, 4, 0, 0});
  std::uint32_t const first = builder.add_job({.waiting_cost = 100, .lot = 9, .accepted_round = 2});
  builder.add_bid({.price = 10}, std::vector<Use>{{cards, Meter::fixed, 2}}, 0);
  builder.add_job_like({.waiting_cost = 100, .lot = 5, .accepted_round = 2}, first);
  builder.add_job_like({.waiting_cost = 100, .lot = 99, .accepted_round = 1}, first);
  Problem const problem = builder.finish();
  Solution const solution = solve_and_check(problem).solution;
  EXPECT_EQ(solution.plan.choice[0], waiting) << "newest round, later lot";
  EXPECT_NE(solution.plan.choice[1], waiting);
  EXPECT_NE(solution.plan.choice[2], waiting) << "oldest round";
  EXPECT_EQ(solution.status, SolveStatus::optimal);
  EXPECT_EQ(canonical_order(problem), (std::vector<std::uint32_t>{2, 1, 0}));
}

TEST(Solver, WarmStartIsNeverTrusted) {
  Problem const problem = random_problem(11, {.jobs = 80, .offers = 6});
  Solution const cold = solve_and_check(problem).solution;
  WarmStart const last{cold.certificate.row_price, cold.certificate.price_shift, cold.plan.choice};
  EXPECT_LE(solve_and_check(problem, quick(), last).report.cost, cold.certificate.cost);
  WarmStart wild;
  wild.row_price = {INT64_MAX, -5, INT64_MIN, 1};
  wild.price_shift = 255;
  wild.choice = {0, 1, waiting, 4'000'000'000U};
  solve_and_check(problem, quick(), wild);
  wild.price_shift = 0;
  wild.row_price.assign(1'000, INT64_MAX);
  wild.choice.assign(1'000, 3);
  solve_and_check(problem, quick(), wild);
}

TEST(SolverDegenerate, NoJobsNoOffersNoRows) {
  EXPECT_EQ(solve_and_check(Problem{}).report.cost, 0);
  Builder only_rows;
  only_rows.add_row({RowKind::cards, 0, 4, 0, 0});
  EXPECT_EQ(solve_and_check(only_rows.finish()).report.cost, 0);
  Builder only_jobs;
  only_jobs.add_job({.waiting_cost = 5});
  only_jobs.add_job({.waiting_cost = 7});
  Checked const waits = solve_and_check(only_jobs.finish());
  EXPECT_EQ(waits.report.cost, 12);
  EXPECT_EQ(waits.report.bound, 12);
  EXPECT_EQ(waits.solution.status, SolveStatus::optimal);
}

TEST(SolverDegenerate, ZeroCapacityAndJobsLargerThanAnyCluster) {
  Builder builder;
  std::uint32_t const none = builder.add_row({RowKind::cards, 0, 0, 0, 0});
  std::uint32_t const some = builder.add_row({RowKind::cards, 0, 8, 0, 1});
  builder.add_job({.waiting_cost = 100});
  builder.add_bid({.price = 1}, std::vector<Use>{{none, Meter::fixed, 1}}, 0);
  builder.add_job({.waiting_cost = 100});
  builder.add_bid({.price = 1}, std::vector<Use>{{some, Meter::fixed, 9}}, 1);
  Checked const checked = solve_and_check(builder.finish());
  EXPECT_EQ(checked.report.cost, 200);
  EXPECT_EQ(checked.report.bound, 200) << "bids that can never fit do not weaken the bound";
}

TEST(SolverDegenerate, RefusesCostsNearTheLimitOfSixtyFourBits) {
  for (std::int64_t const cost : {std::int64_t{1} << 62, (std::int64_t{1} << 62) - 1, INT64_MAX, INT64_MIN}) {
    Builder builder;
    builder.add_job({.waiting_cost = cost});
    auto const solution = solve(builder.finish(), quick());
    ASSERT_FALSE(solution) << cost;
    EXPECT_NE(solution.error().find("costs too large"), std::string::npos) << solution.error();
  }
  Builder sum;
  for (int i = 0; i < 3; ++i) sum.add_job({.waiting_cost = sum_limit / 2});
  EXPECT_FALSE(solve(sum.finish(), quick()));
  Builder largest;
  std::uint32_t const cards = largest.add_row({RowKind::cards, 0, 1, 0, 0});
  largest.add_job({.waiting_cost = sum_limit});
  largest.add_bid({.price = sum_limit - 1}, std::vector<Use>{{cards, Meter::fixed, 1}}, 0);
  EXPECT_EQ(solve_and_check(largest.finish()).report.cost, sum_limit - 1);
}

TEST(SolverDegenerate, AMillionIdenticalJobs) {
  Builder builder;
  std::vector<std::uint32_t> cards;
  for (std::uint32_t o = 0; o < 4; ++o) cards.push_back(builder.add_row({RowKind::cards, 0, 150'000 + 2 * o, 0, o}));
  std::uint32_t const first = builder.add_job({.waiting_cost = 1'000, .lot = 1});
  for (std::uint32_t o = 0; o < 4; ++o) builder.add_bid({.price = 100 + 10 * o}, std::vector<Use>{{cards[o], Meter::fixed, 2}}, o);
  for (std::uint64_t j = 1; j < 1'000'000; ++j) builder.add_job_like({.waiting_cost = 1'000, .lot = j + 1}, first);
  Problem const problem = builder.finish();
  Checked const checked = solve_and_check(problem);
  EXPECT_EQ(checked.solution.classes, 1U);
  EXPECT_LE(checked.report.gap, checked.report.cost / 10'000) << "one class has next to no gap when the gang divides every capacity";
  EXPECT_EQ(checked.report.split.waiting, std::int64_t{1'000'000 - 300'006} * 1'000);
}

}  // namespace
}  // namespace sluice::assignment
