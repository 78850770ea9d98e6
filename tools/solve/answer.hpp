// The answer: one JSON object that the program prints and --check reads.
#pragma once

#include "policy/assignment/planner.hpp"
#include "policy/assignment/solver.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace sluice::solve {

/// {"bids","bound","classes","cost","gap","iterations","plan","price_shift","prices","problem","search_bound","split","status"}: README.md.
std::string write_answer(assignment::Problem const& problem, assignment::Solution const& solution);

/// Verifies an answer against a problem in the checker's words. Error: the first violation. `plan` alone names offers; where a job has
/// several bids on one offer, `bids` (the bid's place among the job's bids) decides, or the cheapest of them when `bids` is absent.
std::expected<assignment::CertificateReport, std::string> check_answer(assignment::Problem const& problem, std::string_view answer);

/// The planner's answer: {"bound","cost","evaluations","gap","open","plan","prices"}.
std::string write_commitments(assignment::Problem const& problem, std::vector<assignment::Contract> const& contracts,
                              assignment::CommitmentPlan const& plan);

/// Verifies such an answer: every customer at one open facility, capacities, cost, and the bound from the prices. Returns "cost bound gap".
std::expected<std::string, std::string> check_commitments(assignment::Problem const& problem,
                                                          std::vector<assignment::Contract> const& contracts, std::string_view answer);

/// (cost − bound) ÷ max(1, |bound|) as a decimal with eight digits after the point, rounded up.
std::string format_gap(std::int64_t cost, std::int64_t bound);

}  // namespace sluice::solve
