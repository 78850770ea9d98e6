// The extra of a moved job: what policy and commitments, not the market, made it dearer.
#include "policy/assignment/certificate.hpp"

#include <algorithm>

namespace sluice::assignment {

namespace {

/// Price of a bid plus what it takes from the limits at their prices, fairness and minimum spends left out; scaled by 2^shift.
Int128 market_cost(Problem const& problem, Certificate const& certificate, std::size_t bid) {
  Int128 value = Int128{problem.bid_price[bid]} << certificate.price_shift;
  std::uint32_t const bundle = problem.bid_bundle[bid];
  for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u) {
    Use const& use = problem.uses[u];
    if (problem.rows[use.row].kind == RowKind::minimum_spend) continue;
    value += Int128{certificate.row_price[use.row]} * use_amount(problem, bid, use);
  }
  return value;
}

bool fits(Problem const& problem, std::size_t bid) {
  std::uint32_t const bundle = problem.bid_bundle[bid];
  return std::all_of(
      problem.uses.begin() + problem.bundle_first[bundle], problem.uses.begin() + problem.bundle_first[bundle + 1], [&](Use const& use) {
        return problem.rows[use.row].kind == RowKind::minimum_spend || use_amount(problem, bid, use) <= problem.rows[use.row].capacity;
      });
}

}  // namespace

std::vector<std::int64_t> extra_per_job(Problem const& problem, Plan const& plan, Certificate const& certificate) {
  std::vector<std::int64_t> extra(problem.jobs.size(), 0);
  for (std::size_t j = 0; j < problem.jobs.size(); ++j) {
    if (plan.choice[j] == waiting) continue;
    Job const& job = problem.jobs[j];
    std::size_t best = plan.choice[j];
    Int128 least = market_cost(problem, certificate, best);
    for (std::size_t bid = job.first_bid; bid < std::size_t{job.first_bid} + job.bid_count; ++bid) {
      if (!fits(problem, bid)) continue;
      Int128 const value = market_cost(problem, certificate, bid);
      if (value < least || (value == least && problem.bid_price[bid] < problem.bid_price[best])) {
        least = value;
        best = bid;
      }
    }
    extra[j] = std::max<std::int64_t>(0, problem.bid_price[plan.choice[j]] - problem.bid_price[best]);
  }
  return extra;
}

}  // namespace sluice::assignment
