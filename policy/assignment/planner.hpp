// The slow loop: which offered contracts to sign, given the demand that is forecast.
#pragma once

#include "policy/assignment/solver.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::assignment {

/// A contract on offer: its bids are those that use its capacity row. Unsigned, none of them exists. Signed, it costs opening_cost, and its
/// minimum_spend row, if it has one, charges what the demand leaves unused, so that the effective price includes an unused minimum.
struct Contract {
  std::uint32_t capacity_row = 0;          ///< used in fixed amounts; at most one contract's row per bid
  std::uint32_t minimum_row = 0xffffffff;  ///< of kind minimum_spend; 0xffffffff: none
  std::int64_t opening_cost = 0;           ///< micro-yuan, ≥ 0
  std::int32_t lead_days = 0;              ///< until it can be used; contracts later than the horizon must not be given
};

struct PlannerOptions {
  std::uint32_t evaluations = 60;      ///< sets of contracts that are priced by a solve each
  std::uint32_t bound_steps = 400;     ///< subgradient steps for the bound
  std::uint32_t solve_iterations = 1;  ///< effort of each evaluation; the last one gets ten times as much
  std::uint64_t seed = 0;
};

struct CommitmentPlan {
  bool feasible = false;
  std::vector<std::uint8_t> sign;       ///< per contract
  Plan plan;                            ///< of the demand, under the contracts signed
  std::int64_t cost = 0;                ///< opening costs included
  std::int64_t bound = 0;               ///< no choice of contracts costs less
  std::vector<std::int64_t> job_price;  ///< proves the bound: see commitment_bound
  std::uint32_t evaluations = 0;
};

/// Single-source capacitated facility location by a Lagrangian that names the promising contracts, then add, drop and swap, each step
/// priced by a warm solve of the assignment. Deterministic. Error: a malformed problem or contract, and where.
std::expected<CommitmentPlan, std::string> plan_commitments(Problem const& problem, std::vector<Contract> const& contracts,
                                                            PlannerOptions const& options);

/// The bound that prices per job prove: Σ_j min(v_j, waiting) + Σ_contracts min(0, opening − knapsack of max(0, v_j − cost)) − Σ of such
/// gains on bids of no contract; knapsacks relaxed to fractions, limits but the contracts' left out. All integers; valid for any prices.
/// Anyone can repeat it. REQUIRES: a valid problem, one price per job.
std::int64_t commitment_bound(Problem const& problem, std::vector<Contract> const& contracts, std::vector<std::int64_t> const& job_price);

/// The problem as it is when exactly these contracts are signed.
Problem signed_problem(Problem const& problem, std::vector<Contract> const& contracts, std::vector<std::uint8_t> const& sign);

}  // namespace sluice::assignment
