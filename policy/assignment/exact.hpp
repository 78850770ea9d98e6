// Proof of optimality for small rounds: Lagrangian over the assignment of jobs, a knapsack for each offer, branch and bound.
#pragma once

#include "policy/assignment/core.hpp"
#include "policy/assignment/lagrangian.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

struct ExactOptions {
  std::uint64_t work = 0;           ///< cells of dynamic programming that may be filled
  std::uint32_t root_steps = 300;   ///< subgradient steps at the root
  std::uint32_t branch_steps = 24;  ///< and at every other node
};

struct ExactResult {
  bool proven = false;                ///< the returned plan is optimal
  std::int64_t bound = INT64_MIN;     ///< no plan costs less; the plan's cost when proven
  std::vector<std::uint32_t> choice;  ///< by position; the given plan or a better one
  std::uint64_t work = 0;             ///< cells filled
  std::uint64_t nodes = 0;
};

/// Whether the method applies: few jobs, and knapsacks whose tables fit.
bool exact_applies(Core const& core);

/// Starts from the prices of the relaxation and a feasible plan (by position, everything that must be placed placed) of the given cost.
/// Integers only decide: multipliers are integers, the tables are exact, doubles only size the steps. Variable fixing from the tables of
/// both directions and depth-first branching follow Posta, Ferland, Michelon (2012) for the generalised assignment problem; limits other
/// than the knapsacks stay in the Lagrangian.
ExactResult prove(Core const& core, Prices const& prices, std::vector<std::uint32_t> const& choice, std::int64_t cost,
                  ExactOptions const& options);

}  // namespace sluice::assignment
