// The exact Lagrangian pass: what a set of integer prices proves, and which bids are near-best under it.
#pragma once

#include "policy/assignment/core.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

/// Prices by rank, in units of 2^-price_shift micro-yuan.
using Prices = std::vector<std::int64_t>;

/// Bids of all classes that are worth considering, cheapest (priced) first.
struct Candidates {
  std::vector<std::uint32_t> first;  ///< class k has bid[first[k]] … bid[first[k + 1] - 1]
  std::vector<std::uint32_t> bid;    ///< of the class's first job
  std::vector<std::int64_t> priced;  ///< cost plus prices, times 2^price_shift
  std::vector<std::int64_t> least;   ///< per class: the least priced cost, waiting included
};

/// The cost that prices add to a bid, with the part that its bundle fixes computed once.
class Pricing {
 public:
  Pricing(Core const& core, Prices const& prices);

  /// Cost of the bid plus what its uses cost, times 2^price_shift; saturates far above any waiting cost.
  std::int64_t priced(std::size_t bid) const {
    std::uint32_t const bundle = core_.problem.bid_bundle[bid];
    std::int64_t const value = (core_.problem.cost(bid) << core_.price_shift) + fixed_[bundle];
    return core_.bundle_metered[bundle] ? metered(bid, bundle, value) : value;
  }

 private:
  std::int64_t metered(std::size_t bid, std::uint32_t bundle, std::int64_t value) const;

  Core const& core_;
  Prices const& prices_;
  std::vector<std::int64_t> fixed_;
};

/// Above this a priced cost is saturated.
constexpr std::int64_t priced_limit = std::int64_t{1} << 60;

/// The proven bound: ceil(2^-shift (Σ least − Σ λ·capacity + Σ ψ·target)). Saturation only ever lowers it.
std::int64_t bound_of(Core const& core, Prices const& prices, std::uint32_t threads);

/// Up to `most` bids per class whose priced cost is within `slack` (times 2^price_shift) of the least.
Candidates candidates_of(Core const& core, Prices const& prices, std::uint32_t most, std::int64_t slack, std::uint32_t threads);

/// Whether a bid can be left out because waiting is never dearer, whatever the prices.
inline bool loses_to_waiting(Core const& core, Job const& job, std::size_t bid) {
  return job.waiting_allowed && core.problem.cost(bid) > job.waiting_cost && !core.bundle_minimum[core.problem.bid_bundle[bid]];
}

}  // namespace sluice::assignment
