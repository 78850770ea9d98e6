// The assignment problem of one round: rows, bundles, bids and jobs as flat arrays of integers.
#pragma once

#include "policy/money.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::assignment {

using policy::Int128;

/// What a row counts. The solver treats all limits alike; the kind is content, shown in explanations and hashed.
/// Do not change the values of existing entries: they are part of every problem's digest.
enum class RowKind : std::uint8_t {
  cards = 0,                 ///< accelerator cards of one offer
  cpu = 1,                   ///< processor cores of one cluster
  memory = 2,                ///< memory of one cluster
  tenant_cluster_quota = 3,  ///< cards one tenant may hold in one cluster
  tenant_budget = 4,         ///< micro-yuan a tenant may still commit
  purse = 5,                 ///< micro-yuan left in a programme
  entity_cap = 6,            ///< micro-yuan one legal entity may still draw
  entitlement = 7,           ///< micro-yuan left on one issued voucher
  other = 8,                 ///< any other limit
  minimum_spend = 9,         ///< the one convex row: a signed minimum, its shortfall priced
};

/// A limit (sum of uses ≤ capacity), or for minimum_spend a target whose shortfall costs shortfall_ppm / 10^6 per unit.
struct Row {
  RowKind kind = RowKind::other;
  std::int32_t shortfall_ppm = 0;  ///< minimum_spend only: 0 … 1,000,000
  std::int64_t capacity = 0;       ///< limit, or target of a minimum_spend; ≥ 0
  std::uint64_t lot = 0;           ///< orders rows that are otherwise alike; no identity, 0 when the caller has none
  std::uint32_t tag = 0;           ///< the caller's own name for the row; never read by the solver
};

/// Which quantity of a bid a use draws on.
enum class Meter : std::uint8_t {
  fixed = 0,  ///< Use::amount itself
  price = 1,  ///< ceil(price × amount / 10^6)
  hold = 2,   ///< ceil(hold × amount / 10^6)
  draw = 3,   ///< ceil(draw × amount / 10^6)
};

/// What a bid takes from one row.
struct Use {
  std::uint32_t row = 0;
  Meter meter = Meter::fixed;
  std::int64_t amount = 0;  ///< ≥ 0: units of the row, or for the other meters a factor in ppm, at most 10^9
};

/// One job. Its bids are the range [first_bid, first_bid + bid_count); jobs that are offered the same may share a range.
struct Job {
  std::int64_t waiting_cost = 0;  ///< micro-yuan charged by the objective when the job waits this round
  std::uint64_t lot = 0;          ///< the drawn lot: the only tie-break between jobs of equal content
  std::uint32_t first_bid = 0;
  std::uint32_t bid_count = 0;
  std::uint32_t accepted_round = 0;  ///< content: of two equal jobs the older one goes first
  std::uint32_t tag = 0;             ///< the caller's own name for the job; never read by the solver
  bool waiting_allowed = true;       ///< false: every plan must place the job
};

/// A whole problem: minimise Σ (price + fairness) of chosen bids + Σ waiting costs + Σ shortfall costs.
///
/// A bid is a column across the bid_* arrays. Its row uses are those of its bundle, and a bundle may be shared by any number of
/// bids, so that bids which differ in money only cost 12 bytes. bid_fairness, bid_hold and bid_draw may be empty (all zero);
/// bid_tag may be empty (a bid's tag is then its bundle's). Build one with Builder (builder.hpp), which shares bundles by itself.
struct Problem {
  std::vector<Row> rows;
  std::vector<std::uint32_t> bundle_first{0};  ///< bundle b has uses[bundle_first[b]] … uses[bundle_first[b + 1]] (excluded)
  std::vector<std::uint32_t> bundle_tag;       ///< usually the offer
  std::vector<Use> uses;                       ///< rows ascend strictly within a bundle
  std::vector<std::uint32_t> bid_bundle;
  std::vector<std::int64_t> bid_price;     ///< micro-yuan, ≥ 0
  std::vector<std::int64_t> bid_fairness;  ///< micro-yuan, either sign; empty: zero
  std::vector<std::int64_t> bid_hold;      ///< micro-yuan, ≥ 0; empty: zero
  std::vector<std::int64_t> bid_draw;      ///< micro-yuan, ≥ 0; empty: zero
  std::vector<std::uint32_t> bid_tag;
  std::vector<Job> jobs;

  std::size_t bid_total() const { return bid_bundle.size(); }
  std::size_t bundle_total() const { return bundle_first.size() - 1; }
  std::int64_t fairness(std::size_t bid) const { return bid_fairness.empty() ? 0 : bid_fairness[bid]; }
  std::int64_t cost(std::size_t bid) const { return bid_price[bid] + fairness(bid); }
  std::uint32_t tag(std::size_t bid) const { return bid_tag.empty() ? bundle_tag[bid_bundle[bid]] : bid_tag[bid]; }
};

/// Limits that keep every sum of the solver and the checker inside 64 and 128 bits.
constexpr std::int64_t sum_limit = std::int64_t{1} << 58;  ///< Σ over jobs of the largest |cost|, waiting included, plus shortfalls
constexpr std::int64_t ppm = 1'000'000;
constexpr std::int64_t ppm_factor_max = 1'000'000'000;
constexpr std::size_t jobs_max = std::size_t{1} << 24;
constexpr std::size_t rows_max = std::size_t{1} << 20;
constexpr std::size_t bids_max = std::size_t{1} << 31;
constexpr std::size_t uses_per_bundle_max = 64;

/// What one use of a bid takes from its row. REQUIRES: a validated problem.
std::int64_t use_amount(Problem const& problem, std::size_t bid, Use const& use);

/// Checks shape and limits. Error: the first thing wrong, where, and what is allowed; such a problem must not be solved.
std::expected<void, std::string> validate(Problem const& problem);

}  // namespace sluice::assignment
