// Small random problems with every feature, and an exhaustive oracle that shares no code with the solver.
#pragma once

#include "policy/assignment/certificate.hpp"
#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::assignment::testing {

struct RandomShape {
  std::uint32_t jobs = 6;
  std::uint32_t offers = 3;
  bool money_rows = true;    ///< purses, budgets and metered uses
  bool minimums = true;      ///< a minimum_spend row
  bool forced = false;       ///< some jobs may not wait
  bool equal_costs = false;  ///< ties everywhere
  bool duplicates = true;    ///< some jobs equal others
};

Problem random_problem(std::uint64_t seed, RandomShape const& shape);

/// The least cost of any plan, by trying them all; nullopt when none is feasible.
std::optional<std::int64_t> exhaustive_optimum(Problem const& problem);

/// The same problem with rows, bundles, jobs and each job's bids in another order.
struct Permuted {
  Problem problem;
  std::vector<std::uint32_t> job_of;  ///< new job → old job
  std::vector<std::uint32_t> bid_of;  ///< new bid → old bid
};
Permuted permuted(Problem const& problem, std::uint64_t seed);

}  // namespace sluice::assignment::testing
