// Plans, the certificate that proves how good one is, and the check that needs no solver.
#pragma once

#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::assignment {

/// choice[j] of a job that waits.
constexpr std::uint32_t waiting = 0xffffffff;

/// Where each job goes: an index into the problem's bids (not into the job's range), or `waiting`.
struct Plan {
  std::vector<std::uint32_t> choice;
  bool operator==(Plan const&) const = default;
};

/// The cost of a plan by cause, micro-yuan. cost = price + waiting + fairness + shortfall.
struct CostSplit {
  std::int64_t price = 0;
  std::int64_t waiting = 0;
  std::int64_t fairness = 0;
  std::int64_t shortfall = 0;  ///< each row's rounded up to whole micro-yuan
  bool operator==(CostSplit const&) const = default;
};

/// Claims about a plan that anyone can check in one pass over the bids.
///
/// row_price[r] × 2^-price_shift is the multiplier of row r in micro-yuan per unit: what one more unit of it would save.
/// For a minimum_spend row it is the part of the tariff the commitment pays back, at most shortfall_ppm / 10^6.
struct Certificate {
  std::vector<std::int64_t> row_price;  ///< ≥ 0, one per row
  std::uint8_t price_shift = 16;        ///< 0 … 32
  std::int64_t cost = 0;                ///< of the plan
  std::int64_t bound = 0;               ///< no plan costs less
  CostSplit split;
  bool operator==(Certificate const&) const = default;
};

/// Largest price_shift.
constexpr std::uint8_t price_shift_max = 32;

/// What the check established.
struct CertificateReport {
  std::int64_t cost = 0;
  std::int64_t bound = 0;              ///< the claimed bound, proven
  std::int64_t bound_from_prices = 0;  ///< the best bound these prices prove: ≥ the claimed one
  std::int64_t gap = 0;                ///< cost − bound, ≥ 0
  CostSplit split;
  std::vector<std::int64_t> row_use;  ///< of the plan, one per row
};

/// The first thing a certificate gets wrong.
enum class ViolationKind : std::uint8_t {
  malformed_problem,    ///< validate() refuses it
  plan_size,            ///< not one choice per job
  foreign_bid,          ///< a choice outside the job's bids
  waiting_not_allowed,  ///< a job that must be placed waits
  row_exceeded,         ///< a limit is broken
  price_count,          ///< not one price per row
  price_range,          ///< a negative price, a price of a minimum_spend above its tariff, or a bad shift
  cost_mismatch,        ///< the claimed cost is not the plan's
  split_mismatch,       ///< a part of the cost is not the plan's
  bound_unproven,       ///< the prices prove less than claimed
  overflow,             ///< prices so large that 128 bits do not hold the sums
};

struct Violation {
  ViolationKind kind = ViolationKind::malformed_problem;
  std::uint64_t index = 0;  ///< the job or row concerned, where there is one
  std::string text;         ///< what is wrong, where, and what was expected
};

/// Re-proves a plan and its certificate: shape, feasibility, cost, split and bound; one integer pass with 128-bit sums. Shares no code with
/// the solver beyond the problem type. The bound is weak duality: for prices λ ≥ 0,
/// Σ_j min(waiting, min_b cost + Σ λ·use) − Σ λ·capacity (+ ψ·target for minimum spends) ≤ the cost of every plan; bids that alone break a
/// limit are left out of the minimum, and the sum is rounded up, costs being whole.
std::expected<CertificateReport, Violation> check_certificate(Problem const& problem, Plan const& plan, Certificate const& certificate);

/// Per job, how much dearer its bid is for its tenant than the one it would have had without fairness and commitments:
/// max(0, price(chosen) − price(b*)), b* minimising cost plus row prices with fairness and minimum_spend prices at zero (ties: the
/// lower price). 0 for jobs that wait. REQUIRES: a certificate that check_certificate accepts.
std::vector<std::int64_t> extra_per_job(Problem const& problem, Plan const& plan, Certificate const& certificate);

/// Stable name of a kind, e.g. "row_exceeded".
char const* name_of(ViolationKind kind);

}  // namespace sluice::assignment
