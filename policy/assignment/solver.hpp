// The solver: a feasible plan at near-least cost, with prices that prove how near.
#pragma once

#include "policy/assignment/certificate.hpp"
#include "policy/assignment/options.hpp"
#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::assignment {

/// Where the last round ended. Both parts are hints: any content, of any size, is safe and changes only effort and quality.
struct WarmStart {
  std::vector<std::int64_t> row_price;  ///< one per row of the new problem; entries beyond are ignored, missing ones are zero
  std::uint8_t price_shift = 16;
  std::vector<std::uint32_t> choice;  ///< one bid of the new problem per job of it, or waiting; others are ignored
};

enum class SolveStatus : std::uint8_t {
  feasible,  ///< the plan obeys everything; see the certificate for its distance from the optimum
  optimal,   ///< feasible, and the search proved that no plan costs less (the certificate's bound may still be lower)
  unplaced,  ///< some jobs that may not wait found no place: the plan leaves them waiting and check_certificate will say so
};

/// One point of the way: after which pass, how good bound and plan were.
struct Progress {
  std::uint64_t iteration = 0;
  std::int64_t bound = 0;
  std::int64_t cost = 0;
};

struct Solution {
  SolveStatus status = SolveStatus::feasible;
  Plan plan;
  Certificate certificate;        ///< its bound follows from its prices alone
  std::int64_t search_bound = 0;  ///< ≥ certificate.bound: also counts what branching proved, which only a repeat of the search confirms
  std::uint64_t iterations = 0;   ///< passes and steps used
  std::uint64_t classes = 0;      ///< distinct jobs after merging
  std::vector<Progress> progress;
};

/// Solves the round's problem. Pure: the same problem gives the same bytes on every run, machine, optimisation level and thread count, and
/// permuting or renaming rows, bundles, bids and jobs permutes the answer alike (rows alike in everything, lot included, may swap).
/// Error: what validate() says; nothing else fails.
std::expected<Solution, std::string> solve(Problem const& problem, SolveOptions const& options = {}, WarmStart const& warm = {});

/// Jobs in canonical order: accepted_round, content, lot. Allocations are made in this order. REQUIRES: a validated problem.
std::vector<std::uint32_t> canonical_order(Problem const& problem);

}  // namespace sluice::assignment
