// The classes and bids that one run of the dual works on: all of them, a sample, or the candidates.
#pragma once

#include "policy/assignment/lagrangian.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

/// One item per class taken. Costs are micro-yuan as doubles: they only suggest directions.
struct Slice {
  std::vector<std::uint32_t> first{0};  ///< item i has arcs first[i] … first[i + 1] - 1
  std::vector<std::uint32_t> bid;
  std::vector<std::uint32_t> kind;  ///< of the bid's bundle
  std::vector<double> cost;
  std::vector<double> price;    ///< empty: as cost
  std::vector<double> hold;     ///< empty: zero
  std::vector<double> draw;     ///< empty: zero
  std::vector<double> waiting;  ///< waiting cost; infinite (1e300) where waiting is not allowed
  std::vector<double> scale;    ///< typical cost of the item: its unit of smoothing
  std::vector<std::uint32_t> copies;
  double fraction = 1.0;  ///< of all jobs that the slice holds: capacities are scaled by it

  std::size_t items() const { return copies.size(); }
};

/// The first classes (their order is pseudo-random, so a prefix is a sample) until about `arcs_max` bids.
Slice sample_slice(Core const& core, std::size_t arcs_max);
/// Every class with its candidates only.
Slice candidate_slice(Core const& core, Candidates const& candidates);

}  // namespace sluice::assignment
