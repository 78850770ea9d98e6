// The certificate check: written from the problem's definition alone, so that it can judge the solver.
#include "policy/assignment/certificate.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace sluice::assignment {

namespace {

std::unexpected<Violation> violation(ViolationKind kind, std::uint64_t index, std::string text) {
  return std::unexpected(Violation{kind, index, std::move(text)});
}

std::string job_text(std::size_t j) { return "job " + std::to_string(j); }
std::string row_text(std::size_t r) { return "row " + std::to_string(r); }

/// a + b × c; nullopt when 128 bits do not hold it.
std::optional<Int128> add_product(Int128 a, std::int64_t b, std::int64_t c) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, Int128{b} * c, &sum)) return std::nullopt;
  return sum;
}

/// Part 1: the plan obeys every limit. Returns what it takes from each row.
std::expected<std::vector<Int128>, Violation> check_plan(Problem const& problem, Plan const& plan) {
  if (plan.choice.size() != problem.jobs.size())
    return violation(
        ViolationKind::plan_size, plan.choice.size(),
        "the plan has " + std::to_string(plan.choice.size()) + " choices for " + std::to_string(problem.jobs.size()) + " jobs");
  std::vector<Int128> used(problem.rows.size(), 0);
  for (std::size_t j = 0; j < problem.jobs.size(); ++j) {
    Job const& job = problem.jobs[j];
    std::uint32_t const bid = plan.choice[j];
    if (bid == waiting) {
      if (!job.waiting_allowed) return violation(ViolationKind::waiting_not_allowed, j, job_text(j) + " waits but must be placed");
      continue;
    }
    if (bid < job.first_bid || bid - job.first_bid >= job.bid_count)
      return violation(ViolationKind::foreign_bid, j, job_text(j) + " is on bid " + std::to_string(bid) + ", which is not one of its own");
    std::uint32_t const bundle = problem.bid_bundle[bid];
    for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u)
      used[problem.uses[u].row] += use_amount(problem, bid, problem.uses[u]);
  }
  for (std::size_t r = 0; r < problem.rows.size(); ++r)
    if (problem.rows[r].kind != RowKind::minimum_spend && used[r] > problem.rows[r].capacity)
      return violation(ViolationKind::row_exceeded, r,
                       row_text(r) + " is used beyond its capacity of " + std::to_string(problem.rows[r].capacity));
  return used;
}

/// Part 2: what the plan costs, by cause.
CostSplit split_of(Problem const& problem, Plan const& plan, std::vector<Int128> const& used) {
  CostSplit split;
  for (std::size_t j = 0; j < problem.jobs.size(); ++j) {
    std::uint32_t const bid = plan.choice[j];
    if (bid == waiting) {
      split.waiting += problem.jobs[j].waiting_cost;
    } else {
      split.price += problem.bid_price[bid];
      split.fairness += problem.bid_fairness.empty() ? 0 : problem.bid_fairness[bid];
    }
  }
  for (std::size_t r = 0; r < problem.rows.size(); ++r) {
    Row const& row = problem.rows[r];
    if (row.kind != RowKind::minimum_spend || used[r] >= row.capacity) continue;
    split.shortfall += static_cast<std::int64_t>(((row.capacity - used[r]) * row.shortfall_ppm + (ppm - 1)) / ppm);
  }
  return split;
}

/// The part of a bid's priced cost that its bundle fixes, so that bids which share a bundle share the work.
struct BundlePrice {
  Int128 fixed = 0;      ///< Σ ±λ·amount over fixed uses
  bool fits = true;      ///< no fixed use alone exceeds its row: otherwise no plan contains the bid
  bool metered = false;  ///< further uses depend on the bid
};

/// Part 3: the bound that the prices prove.
class Bound {
 public:
  Bound(Problem const& problem, Certificate const& certificate) : problem_(problem), certificate_(certificate) {}

  std::expected<std::int64_t, Violation> prove() {
    if (auto ok = check_prices(); !ok) return std::unexpected(ok.error());
    auto const overflow = [] {
      return violation(ViolationKind::overflow, 0, "the priced sums exceed 128 bits: the prices are far too large");
    };
    if (!price_bundles()) return overflow();
    Int128 sum = 0;
    for (std::size_t r = 0; r < problem_.rows.size(); ++r) {
      std::optional<Int128> const next = add_product(sum, -signed_price(r), problem_.rows[r].capacity);
      if (!next) return overflow();
      sum = *next;
    }
    Job const* last = nullptr;
    std::optional<Int128> least;
    for (Job const& job : problem_.jobs) {
      bool const same = last && last->first_bid == job.first_bid && last->bid_count == job.bid_count &&
                        last->waiting_cost == job.waiting_cost && last->waiting_allowed == job.waiting_allowed;
      if (!same) least = least_of(job);
      if (!least || __builtin_add_overflow(sum, *least, &sum)) return overflow();
      last = &job;
    }
    Int128 const bound = -(-sum >> certificate_.price_shift);  // rounded up, as every cost is a whole number
    constexpr Int128 lowest = std::numeric_limits<std::int64_t>::min();
    if (bound > std::numeric_limits<std::int64_t>::max()) return overflow();
    return static_cast<std::int64_t>(std::max(bound, lowest));
  }

 private:
  bool is_minimum(std::size_t row) const { return problem_.rows[row].kind == RowKind::minimum_spend; }
  /// A limit makes its users dearer; a minimum makes them cheaper.
  std::int64_t signed_price(std::size_t row) const { return is_minimum(row) ? -certificate_.row_price[row] : certificate_.row_price[row]; }

  std::expected<void, Violation> check_prices() const {
    if (certificate_.row_price.size() != problem_.rows.size())
      return violation(
          ViolationKind::price_count, certificate_.row_price.size(),
          "there are " + std::to_string(certificate_.row_price.size()) + " prices for " + std::to_string(problem_.rows.size()) + " rows");
    if (certificate_.price_shift > price_shift_max)
      return violation(ViolationKind::price_range, 0, "price_shift is above " + std::to_string(price_shift_max));
    for (std::size_t r = 0; r < problem_.rows.size(); ++r) {
      std::int64_t const price = certificate_.row_price[r];
      if (price < 0) return violation(ViolationKind::price_range, r, row_text(r) + " has a negative price");
      if (is_minimum(r) && Int128{price} * ppm > (Int128{problem_.rows[r].shortfall_ppm} << certificate_.price_shift))
        return violation(ViolationKind::price_range, r, row_text(r) + " has a price above what its shortfall costs");
    }
    return {};
  }

  bool price_bundles() {
    bundles_.resize(problem_.bundle_total());
    for (std::size_t b = 0; b < bundles_.size(); ++b) {
      BundlePrice& bundle = bundles_[b];
      for (std::uint32_t u = problem_.bundle_first[b]; u < problem_.bundle_first[b + 1]; ++u) {
        Use const& use = problem_.uses[u];
        if (use.meter != Meter::fixed) {
          bundle.metered = true;
          continue;
        }
        if (!is_minimum(use.row) && use.amount > problem_.rows[use.row].capacity) bundle.fits = false;
        std::optional<Int128> const next = add_product(bundle.fixed, signed_price(use.row), use.amount);
        if (!next) return false;
        bundle.fixed = *next;
      }
    }
    return true;
  }

  /// Adds the metered uses of a bid. fits turns false when one of them alone exceeds its row; nullopt on overflow.
  std::optional<Int128> priced(std::size_t bid, std::uint32_t bundle, Int128 value, bool& fits) const {
    for (std::uint32_t u = problem_.bundle_first[bundle]; u < problem_.bundle_first[bundle + 1]; ++u) {
      Use const& use = problem_.uses[u];
      if (use.meter == Meter::fixed) continue;
      std::int64_t const amount = use_amount(problem_, bid, use);
      if (!is_minimum(use.row) && amount > problem_.rows[use.row].capacity) fits = false;
      std::optional<Int128> const next = add_product(value, signed_price(use.row), amount);
      if (!next) return std::nullopt;
      value = *next;
    }
    return value;
  }

  /// The least priced cost of a job over waiting and every bid that fits; nullopt on overflow.
  std::optional<Int128> least_of(Job const& job) const {
    Int128 const wait = Int128{job.waiting_cost} << certificate_.price_shift;
    std::optional<Int128> least;
    if (job.waiting_allowed) least = wait;
    for (std::size_t bid = job.first_bid; bid < std::size_t{job.first_bid} + job.bid_count; ++bid) {
      std::uint32_t const b = problem_.bid_bundle[bid];
      BundlePrice const& bundle = bundles_[b];
      bool fits = bundle.fits;
      Int128 value = 0;
      if (__builtin_add_overflow(Int128{problem_.cost(bid)} << certificate_.price_shift, bundle.fixed, &value)) return std::nullopt;
      if (bundle.metered) {
        std::optional<Int128> const whole = priced(bid, b, value, fits);
        if (!whole) return std::nullopt;
        value = *whole;
      }
      if (fits && (!least || value < *least)) least = value;
    }
    return least ? least : wait;
  }

  Problem const& problem_;
  Certificate const& certificate_;
  std::vector<BundlePrice> bundles_;
};

}  // namespace

std::expected<CertificateReport, Violation> check_certificate(Problem const& problem, Plan const& plan, Certificate const& certificate) {
  if (auto const valid = validate(problem); !valid) return violation(ViolationKind::malformed_problem, 0, valid.error());
  auto const used = check_plan(problem, plan);
  if (!used) return std::unexpected(used.error());
  CertificateReport report;
  report.split = split_of(problem, plan, *used);
  report.cost = report.split.price + report.split.waiting + report.split.fairness + report.split.shortfall;
  if (certificate.cost != report.cost)
    return violation(ViolationKind::cost_mismatch, 0,
                     "cost is given as " + std::to_string(certificate.cost) + " but the plan costs " + std::to_string(report.cost));
  if (certificate.split != report.split) return violation(ViolationKind::split_mismatch, 0, "the parts of the cost are not the plan's");
  auto const proven = Bound(problem, certificate).prove();
  if (!proven) return std::unexpected(proven.error());
  report.bound_from_prices = *proven;
  report.bound = certificate.bound;
  if (certificate.bound > *proven)
    return violation(ViolationKind::bound_unproven, 0,
                     "bound is given as " + std::to_string(certificate.bound) + " but the prices prove only " + std::to_string(*proven));
  constexpr Int128 most = std::numeric_limits<std::int64_t>::max();
  report.gap =
      static_cast<std::int64_t>(std::min(Int128{report.cost} - report.bound, most));  // a claimed bound may be as low as 64 bits go
  for (Int128 const amount : *used) report.row_use.push_back(static_cast<std::int64_t>(std::min(amount, most)));
  return report;
}

char const* name_of(ViolationKind kind) {
  switch (kind) {
    case ViolationKind::malformed_problem:
      return "malformed_problem";
    case ViolationKind::plan_size:
      return "plan_size";
    case ViolationKind::foreign_bid:
      return "foreign_bid";
    case ViolationKind::waiting_not_allowed:
      return "waiting_not_allowed";
    case ViolationKind::row_exceeded:
      return "row_exceeded";
    case ViolationKind::price_count:
      return "price_count";
    case ViolationKind::price_range:
      return "price_range";
    case ViolationKind::cost_mismatch:
      return "cost_mismatch";
    case ViolationKind::split_mismatch:
      return "split_mismatch";
    case ViolationKind::bound_unproven:
      return "bound_unproven";
    case ViolationKind::overflow:
      return "overflow";
  }
  return "unknown";
}

}  // namespace sluice::assignment
