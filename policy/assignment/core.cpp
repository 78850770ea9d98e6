// Ranks the rows of every bundle and chooses the fineness of prices.
#include "policy/assignment/core.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace sluice::assignment {

namespace {

/// Prices and priced costs stay below 2^58, so that sums of a handful of them fit 64 bits.
constexpr int priced_bits = 58;
constexpr int finest_shift = 24;
constexpr std::int64_t priced_max = std::int64_t{1} << priced_bits;

}  // namespace

Core::Core(Problem const& whole) : problem(whole), canonical(canonicalise(whole)) {
  std::size_t const rows = problem.rows.size();
  for (std::size_t rank = 0; rank < rows; ++rank) {
    Row const& row = problem.rows[canonical.row_at_rank[rank]];
    capacity.push_back(row.capacity);
    is_minimum.push_back(row.kind == RowKind::minimum_spend ? 1 : 0);
    shortfall_ppm.push_back(row.shortfall_ppm);
  }
  uses.resize(problem.uses.size());
  bundle_fits.assign(problem.bundle_total(), 1);
  bundle_metered.assign(problem.bundle_total(), 0);
  bundle_minimum.assign(problem.bundle_total(), 0);
  for (std::size_t b = 0; b < problem.bundle_total(); ++b) {
    std::uint32_t const first = problem.bundle_first[b];
    std::uint32_t const last = problem.bundle_first[b + 1];
    for (std::uint32_t u = first; u < last; ++u) {
      Use const& use = problem.uses[u];
      uses[u] = {canonical.rank_of_row[use.row], use.meter, use.amount};
      if (is_minimum[uses[u].row]) bundle_minimum[b] = 1;
      if (use.meter != Meter::fixed)
        bundle_metered[b] = 1;
      else if (!is_minimum[uses[u].row] && use.amount > capacity[uses[u].row])
        bundle_fits[b] = 0;
    }
    any_metered = any_metered || bundle_metered[b];
    std::sort(uses.begin() + first, uses.begin() + last, [](CoreUse const& x, CoreUse const& y) { return x.row < y.row; });
  }
  sort_kinds();
  std::uint64_t largest = 1;
  auto const magnitude = [](std::int64_t value) { return static_cast<std::uint64_t>(value < 0 ? -value : value); };
  for (Job const& job : problem.jobs) largest = std::max(largest, magnitude(job.waiting_cost));
  for (std::size_t i = 0; i < problem.bid_total(); ++i) largest = std::max(largest, magnitude(problem.cost(i)));
  std::uint64_t largest_minimum = 0;
  for (std::size_t i = 0; i < problem.bid_total(); ++i) {
    if (!bundle_minimum[problem.bid_bundle[i]]) continue;
    for (CoreUse const& use : uses_of_bundle(problem.bid_bundle[i]))
      if (is_minimum[use.row]) largest_minimum = std::max(largest_minimum, magnitude(amount(i, use)));
  }
  minimums_priced_ = std::bit_width(largest_minimum) <= priced_bits - 8;
  if (minimums_priced_) largest = std::max(largest, largest_minimum);
  price_shift = static_cast<std::uint8_t>(std::clamp(priced_bits - static_cast<int>(std::bit_width(largest)) - 8, 0, finest_shift));
}

void Core::sort_kinds() {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  order.reserve(problem.bundle_total());
  for (std::uint32_t b = 0; b < problem.bundle_total(); ++b) order.emplace_back(canonical.bundle_color[b], b);
  std::ranges::sort(order);
  kind_of_bundle.resize(problem.bundle_total());
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto const [color, bundle] = order[i];
    if (i == 0 || color != order[i - 1].first) {
      auto const taken = uses_of_bundle(bundle);
      kind_uses.insert(kind_uses.end(), taken.begin(), taken.end());
      kind_first.push_back(static_cast<std::uint32_t>(kind_uses.size()));
    }
    kind_of_bundle[bundle] = static_cast<std::uint32_t>(kind_total() - 1);
  }
}

bool Core::fits(std::size_t bid) const {
  std::uint32_t const bundle = problem.bid_bundle[bid];
  if (!bundle_fits[bundle]) return false;
  if (!bundle_metered[bundle]) return true;
  return std::ranges::all_of(uses_of_bundle(bundle),
                             [&](CoreUse const& use) { return is_minimum[use.row] || amount(bid, use) <= capacity[use.row]; });
}

std::int64_t Core::price_max(std::size_t rank) const {
  if (!is_minimum[rank]) return priced_max;
  if (!minimums_priced_) return 0;
  return static_cast<std::int64_t>((Int128{shortfall_ppm[rank]} << price_shift) / ppm);
}

std::int64_t Core::shortfall_cost(std::size_t rank, std::int64_t used) const {
  if (used >= capacity[rank]) return 0;
  return static_cast<std::int64_t>((Int128{capacity[rank] - used} * shortfall_ppm[rank] + (ppm - 1)) / ppm);
}

}  // namespace sluice::assignment
