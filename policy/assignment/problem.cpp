// What a well-formed problem is.
#include "policy/assignment/problem.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::assignment {

namespace {

std::unexpected<std::string> bad(std::string const& where, std::string const& what) { return std::unexpected(where + ": " + what); }

std::string at(char const* array, std::size_t index) { return std::string(array) + "[" + std::to_string(index) + "]"; }

Int128 ceil_ppm(std::int64_t quantity, std::int64_t factor) {
  Int128 const product = Int128{quantity} * factor;
  return (product + (ppm - 1)) / ppm;
}

std::int64_t quantity_of(Problem const& problem, std::size_t bid, Meter meter) {
  switch (meter) {
    case Meter::price:
      return problem.bid_price[bid];
    case Meter::hold:
      return problem.bid_hold.empty() ? 0 : problem.bid_hold[bid];
    case Meter::draw:
      return problem.bid_draw.empty() ? 0 : problem.bid_draw[bid];
    case Meter::fixed:
      break;
  }
  return 0;
}

std::expected<void, std::string> validate_rows(Problem const& problem, Int128& total) {
  if (problem.rows.size() > rows_max) return bad("rows", "more than " + std::to_string(rows_max));
  for (std::size_t r = 0; r < problem.rows.size(); ++r) {
    Row const& row = problem.rows[r];
    if (row.kind > RowKind::minimum_spend) return bad(at("rows", r), "unknown kind");
    if (row.capacity < 0 || row.capacity > sum_limit) return bad(at("rows", r), "capacity outside 0 … 2^58");
    if (row.kind != RowKind::minimum_spend && row.shortfall_ppm != 0)
      return bad(at("rows", r), "only a minimum_spend row prices a shortfall");
    if (row.shortfall_ppm < 0 || row.shortfall_ppm > ppm) return bad(at("rows", r), "shortfall_ppm outside 0 … 1000000");
    total += ceil_ppm(row.capacity, row.shortfall_ppm);
  }
  return {};
}

std::expected<void, std::string> validate_bundles(Problem const& problem) {
  if (problem.bundle_first.empty() || problem.bundle_first.front() != 0 || problem.bundle_first.back() != problem.uses.size())
    return bad("bundle_first", "must start at 0 and end at the number of uses");
  if (problem.bundle_tag.size() != problem.bundle_total()) return bad("bundle_tag", "not one per bundle");
  for (std::size_t b = 0; b < problem.bundle_total(); ++b) {
    std::uint32_t const first = problem.bundle_first[b];
    std::uint32_t const last = problem.bundle_first[b + 1];
    if (last < first || last > problem.uses.size()) return bad(at("bundle_first", b + 1), "must not decrease");
    if (last - first > uses_per_bundle_max) return bad(at("bundle_first", b), "more than " + std::to_string(uses_per_bundle_max) + " uses");
    for (std::uint32_t u = first; u < last; ++u) {
      Use const& use = problem.uses[u];
      if (use.row >= problem.rows.size()) return bad(at("uses", u), "no such row");
      if (u > first && use.row <= problem.uses[u - 1].row) return bad(at("uses", u), "rows must ascend within a bundle");
      if (use.meter > Meter::draw) return bad(at("uses", u), "unknown meter");
      std::int64_t const most = use.meter == Meter::fixed ? sum_limit : ppm_factor_max;
      if (use.amount < 0 || use.amount > most) return bad(at("uses", u), "amount outside 0 … " + std::to_string(most));
    }
  }
  return {};
}

std::expected<void, std::string> validate_bids(Problem const& problem) {
  std::size_t const n = problem.bid_total();
  if (n > bids_max) return bad("bids", "more than " + std::to_string(bids_max));
  if (problem.bid_price.size() != n) return bad("bid_price", "not one per bid");
  for (auto const* optional : {&problem.bid_fairness, &problem.bid_hold, &problem.bid_draw})
    if (!optional->empty() && optional->size() != n) return bad("bid_fairness, bid_hold, bid_draw", "neither empty nor one per bid");
  if (!problem.bid_tag.empty() && problem.bid_tag.size() != n) return bad("bid_tag", "neither empty nor one per bid");
  std::vector<bool> metered(problem.bundle_total());
  for (std::size_t b = 0; b < problem.bundle_total(); ++b)
    for (std::uint32_t u = problem.bundle_first[b]; u < problem.bundle_first[b + 1]; ++u)
      if (problem.uses[u].meter != Meter::fixed) metered[b] = true;
  auto const in_range = [](std::int64_t value) { return value >= 0 && value <= sum_limit; };
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t const bundle = problem.bid_bundle[i];
    if (bundle >= problem.bundle_total()) return bad(at("bid_bundle", i), "no such bundle");
    if (!in_range(problem.bid_price[i])) return bad(at("bid_price", i), "outside 0 … 2^58");
    if (!problem.bid_hold.empty() && !in_range(problem.bid_hold[i])) return bad(at("bid_hold", i), "outside 0 … 2^58");
    if (!problem.bid_draw.empty() && !in_range(problem.bid_draw[i])) return bad(at("bid_draw", i), "outside 0 … 2^58");
    std::int64_t const fairness = problem.fairness(i);
    if (fairness < -sum_limit || fairness > sum_limit) return bad(at("bid_fairness", i), "outside -2^58 … 2^58");
    if (!metered[bundle]) continue;
    for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u) {
      Use const& use = problem.uses[u];
      if (use.meter != Meter::fixed && ceil_ppm(quantity_of(problem, i, use.meter), use.amount) > sum_limit)
        return bad(at("bids", i), "takes more than 2^58 units of rows[" + std::to_string(use.row) + "]");
    }
  }
  return {};
}

/// The largest |cost| a job can have; several jobs may share one range, so the last one is remembered.
class LargestCost {
 public:
  explicit LargestCost(Problem const& problem) : problem_(problem) {}

  Int128 of(Job const& job) {
    if (job.first_bid != first_ || job.bid_count != count_) {
      first_ = job.first_bid;
      count_ = job.bid_count;
      largest_ = 0;
      for (std::size_t i = first_; i < std::size_t{first_} + count_; ++i) {
        std::int64_t const cost = problem_.cost(i);
        largest_ = std::max(largest_, cost < 0 ? -cost : cost);
      }
    }
    return std::max<Int128>(largest_, job.waiting_cost < 0 ? -Int128{job.waiting_cost} : Int128{job.waiting_cost});
  }

 private:
  Problem const& problem_;
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  std::int64_t largest_ = 0;
};

}  // namespace

std::int64_t use_amount(Problem const& problem, std::size_t bid, Use const& use) {
  if (use.meter == Meter::fixed) return use.amount;
  std::int64_t const quantity = quantity_of(problem, bid, use.meter);
  if (use.amount == ppm) return quantity;
  return static_cast<std::int64_t>(ceil_ppm(quantity, use.amount));
}

std::expected<void, std::string> validate(Problem const& problem) {
  Int128 total = 0;
  if (auto ok = validate_rows(problem, total); !ok) return ok;
  if (auto ok = validate_bundles(problem); !ok) return ok;
  if (auto ok = validate_bids(problem); !ok) return ok;
  if (problem.jobs.size() > jobs_max) return bad("jobs", "more than " + std::to_string(jobs_max));
  LargestCost largest(problem);
  for (std::size_t j = 0; j < problem.jobs.size(); ++j) {
    Job const& job = problem.jobs[j];
    if (std::size_t{job.first_bid} + job.bid_count > problem.bid_total()) return bad(at("jobs", j), "bids outside the problem");
    total += largest.of(job);
    if (total > sum_limit)
      return bad(at("jobs", j), "costs too large: the jobs' largest costs and all shortfalls together must stay within 2^58 micro-yuan");
  }
  return {};
}

}  // namespace sluice::assignment
