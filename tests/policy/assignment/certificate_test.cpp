// The checker: accepts every certificate the solver makes, refuses each one with any number altered.
#include "policy/assignment/certificate.hpp"

#include "policy/assignment/blob.hpp"
#include "policy/assignment/solver.hpp"
#include "tests/policy/assignment/random_problem.hpp"

#include <gtest/gtest.h>

namespace sluice::assignment {
namespace {

using testing::random_problem;

struct Proven {
  Problem problem;
  Plan plan;
  Certificate certificate;
};

Proven proven(std::uint64_t seed) {
  Proven out{random_problem(seed, {.jobs = 20, .offers = 5}), {}, {}};
  auto const solution = solve(out.problem, {.iterations = 1});
  out.plan = solution->plan;
  out.certificate = solution->certificate;
  return out;
}

ViolationKind verdict(Proven const& claim) {
  auto const report = check_certificate(claim.problem, claim.plan, claim.certificate);
  EXPECT_FALSE(report) << "a wrong certificate was accepted";
  return report ? ViolationKind::malformed_problem : report.error().kind;
}

TEST(Certificate, RefusesEveryAlteredNumber) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Proven const good = proven(seed);
    ASSERT_TRUE(check_certificate(good.problem, good.plan, good.certificate)) << seed;
    for (std::int64_t const by : {std::int64_t{-1}, std::int64_t{1}, std::int64_t{1} << 40}) {
      Proven bad = good;
      bad.certificate.cost += by;
      EXPECT_EQ(verdict(bad), ViolationKind::cost_mismatch);
      for (std::int64_t CostSplit::* part : {&CostSplit::price, &CostSplit::waiting, &CostSplit::fairness, &CostSplit::shortfall}) {
        bad = good;
        bad.certificate.split.*part += by;
        EXPECT_EQ(verdict(bad), ViolationKind::split_mismatch);
      }
    }
    auto const report = check_certificate(good.problem, good.plan, good.certificate);
    Proven bad = good;
    bad.certificate.bound = report->bound_from_prices + 1;
    EXPECT_EQ(verdict(bad), ViolationKind::bound_unproven);
    bad = good;
    bad.certificate.row_price.pop_back();
    EXPECT_EQ(verdict(bad), ViolationKind::price_count);
    bad = good;
    bad.certificate.row_price[0] = -1;
    EXPECT_EQ(verdict(bad), ViolationKind::price_range);
    bad = good;
    bad.certificate.price_shift = price_shift_max + 1;
    EXPECT_EQ(verdict(bad), ViolationKind::price_range);
    bad = good;
    bad.plan.choice.push_back(waiting);
    EXPECT_EQ(verdict(bad), ViolationKind::plan_size);
    bad = good;
    bad.plan.choice[3] = static_cast<std::uint32_t>(bad.problem.bid_total());
    EXPECT_EQ(verdict(bad), ViolationKind::foreign_bid);
  }
}

TEST(Certificate, RefusesAPriceOfAMinimumAboveItsTariff) {
  Proven bad = proven(4);
  for (std::size_t r = 0; r < bad.problem.rows.size(); ++r)
    if (bad.problem.rows[r].kind == RowKind::minimum_spend)
      bad.certificate.row_price[r] = ((std::int64_t{bad.problem.rows[r].shortfall_ppm} << bad.certificate.price_shift) / ppm) + 1;
  EXPECT_EQ(verdict(bad), ViolationKind::price_range);
}

TEST(Certificate, RefusesAnyOtherChoice) {
  // Moving one job either breaks a limit or changes the cost; both are noticed. Moves of equal cost are the only ones that may pass.
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Proven const good = proven(seed);
    for (std::size_t j = 0; j < good.plan.choice.size(); ++j) {
      Job const& job = good.problem.jobs[j];
      for (std::uint32_t b = 0; b <= job.bid_count; ++b) {
        Proven bad = good;
        bad.plan.choice[j] = b == job.bid_count ? waiting : job.first_bid + b;
        if (bad.plan == good.plan) continue;
        auto const report = check_certificate(bad.problem, bad.plan, bad.certificate);
        refused += !report;
        EXPECT_TRUE(!report || report->cost == good.certificate.cost);
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Certificate, RefusesRowsExceededAndForbiddenWaiting) {
  Proven bad = proven(2);
  std::size_t placed = 0;
  while (bad.plan.choice[placed] == waiting) ++placed;
  Proven over = bad;
  for (Row& row : over.problem.rows)
    if (row.kind != RowKind::minimum_spend) row.capacity = 0;
  EXPECT_EQ(verdict(over), ViolationKind::row_exceeded);
  std::size_t waits = 0;
  while (waits < bad.plan.choice.size() && bad.plan.choice[waits] != waiting) ++waits;
  ASSERT_LT(waits, bad.plan.choice.size());
  bad.problem.jobs[waits].waiting_allowed = false;
  EXPECT_EQ(verdict(bad), ViolationKind::waiting_not_allowed);
}

TEST(Certificate, AnyPricesProveOnlyWhatIsTrue) {
  // Whatever prices someone invents, what they prove stays below the cost of the plan.
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Proven claim = proven(seed % 7 + 1);
    std::uint64_t state = seed;
    for (std::size_t r = 0; r < claim.certificate.row_price.size(); ++r) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      std::int64_t price = static_cast<std::int64_t>(state >> (4 + state % 50));
      if (claim.problem.rows[r].kind == RowKind::minimum_spend) price = 0;
      claim.certificate.row_price[r] = price;
    }
    claim.certificate.bound = INT64_MIN;
    auto const report = check_certificate(claim.problem, claim.plan, claim.certificate);
    EXPECT_TRUE(report ? report->bound_from_prices <= report->cost : report.error().kind == ViolationKind::overflow) << seed;
  }
}

TEST(Certificate, ExtraIsZeroWithoutPolicyAndMeasuresItOtherwise) {
  // Two offers; fairness makes the job take the dearer one.
  Problem problem;
  problem.rows = {{RowKind::cards, 0, 4, 0, 0}, {RowKind::cards, 0, 4, 0, 1}};
  problem.uses = {{0, Meter::fixed, 1}, {1, Meter::fixed, 1}};
  problem.bundle_first = {0, 1, 2};
  problem.bundle_tag = {0, 1};
  problem.bid_bundle = {0, 1};
  problem.bid_price = {100, 130};
  problem.bid_fairness = {50, 0};
  problem.jobs = {{.waiting_cost = 1'000, .first_bid = 0, .bid_count = 2}};
  auto const solution = solve(problem, {.iterations = 1});
  ASSERT_TRUE(solution);
  EXPECT_EQ(solution->plan.choice[0], 1U);
  EXPECT_EQ(extra_per_job(problem, solution->plan, solution->certificate), std::vector<std::int64_t>{30});
  problem.bid_fairness = {0, 0};
  auto const fair = solve(problem, {.iterations = 1});
  EXPECT_EQ(extra_per_job(problem, fair->plan, fair->certificate), std::vector<std::int64_t>{0});
}

TEST(Blob, RoundTripsAndRefusesHostileBytes) {
  Proven const good = proven(3);
  std::vector<std::uint8_t> const plan = write_plan(good.plan);
  std::vector<std::uint8_t> const prices = write_prices(good.certificate);
  ASSERT_TRUE(read_plan(plan));
  EXPECT_EQ(*read_plan(plan), good.plan);
  auto const read = read_prices(prices);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->row_price, good.certificate.row_price);
  EXPECT_EQ(read->price_shift, good.certificate.price_shift);
  for (std::size_t cut = 0; cut < plan.size(); ++cut) EXPECT_FALSE(read_plan(policy::Bytes{plan.data(), cut})) << cut;
  for (std::size_t cut = 0; cut < prices.size(); ++cut) EXPECT_FALSE(read_prices(policy::Bytes{prices.data(), cut})) << cut;
  for (std::size_t at = 0; at < 8; ++at) {
    std::vector<std::uint8_t> altered = plan;
    altered[at] ^= 0x80;
    EXPECT_FALSE(read_plan(altered)) << at;
  }
  std::vector<std::uint8_t> negative = prices;
  negative[9] = 0xff;
  EXPECT_FALSE(read_prices(negative));
  std::vector<std::uint8_t> longer = prices;
  longer.push_back(0);
  EXPECT_FALSE(read_prices(longer));
}

TEST(Blob, DigestCoversEveryField) {
  Problem const problem = random_problem(9, {});
  policy::Hash const before = digest(problem);
  EXPECT_EQ(digest(problem), before);
  auto const differs = [&](auto const& change) {
    Problem other = problem;
    change(other);
    return digest(other) != before;
  };
  EXPECT_TRUE(differs([](Problem& p) { ++p.rows[0].capacity; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.rows[0].lot; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.rows[0].tag; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.rows.back().shortfall_ppm; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.uses[0].amount; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.bundle_tag[0]; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.bid_price[0]; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.bid_hold[0]; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.jobs[0].waiting_cost; }));
  EXPECT_TRUE(differs([](Problem& p) { ++p.jobs[0].lot; }));
  EXPECT_TRUE(differs([](Problem& p) { p.jobs[0].waiting_allowed = !p.jobs[0].waiting_allowed; }));
}

}  // namespace
}  // namespace sluice::assignment
