// Canonical order: names and input order removed, equal jobs merged, rows ranked by what uses them.
#pragma once

#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

/// A problem seen without its names. Everything the solver does follows these orders.
struct Canonical {
  std::vector<std::uint32_t> rank_of_row;   ///< problem row → rank
  std::vector<std::uint32_t> row_at_rank;   ///< rank → problem row
  std::vector<std::uint64_t> bundle_color;  ///< per bundle: equal for bundles that use the same rows alike
  std::vector<std::uint32_t> job_order;     ///< jobs by (class, accepted_round, lot); classes in pseudo-random order of content
  std::vector<std::uint64_t> job_color;     ///< per job: content without lot and accepted_round
  std::vector<std::uint32_t>
      class_first;  ///< class k holds job_order[class_first[k]] … job_order[class_first[k + 1] - 1]; its first job stands for it

  std::size_t class_total() const { return class_first.size() - 1; }
};

/// REQUIRES: a validated problem.
Canonical canonicalise(Problem const& problem);

/// The bids of a job in canonical order: cost, price, hold, draw, bundle.
std::vector<std::uint32_t> ordered_bids(Problem const& problem, Canonical const& canonical, Job const& job);

/// The bid of `job` that is equal to `bid` of `like`. REQUIRES: both jobs are of one class.
std::uint32_t bid_of_copy(Problem const& problem, Canonical const& canonical, Job const& like, std::uint32_t bid, Job const& job);

}  // namespace sluice::assignment
