// From a pinned market to the round's problem, and from a solver's plan back to placements.
#pragma once

#include "policy/assignment/certificate.hpp"
#include "policy/assignment/problem.hpp"
#include "policy/pricing.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::policy {

/// The assignment problem of a round with the way back: which job and which bid each index means.
struct RoundProblem {
  assignment::Problem problem;
  std::vector<std::shared_ptr<Job const>> jobs;  ///< by problem job index
  std::vector<BidKey> bids;                      ///< by bid tag
  Hash digest;                                   ///< of the problem: round.decided cites it
};

/// Builds the problem of DESIGN §3.4 from the view. Deterministic; the same view gives the same bytes.
RoundProblem build_problem(PinnedMarket const& market);

/// Placements in the problem's canonical order, with each job's extra.
std::vector<Placement> placements_of(RoundProblem const& round, assignment::Plan const& plan, assignment::Certificate const& certificate);

/// The plan as a blob that people can read: one line per placement, in canonical order,
/// "job cluster type variant account entitlement-or-dash extra-micro-yuan\n".
std::string encode_plan(std::vector<Placement> const& placements);
/// Error: where the bytes stop making sense.
std::expected<std::vector<Placement>, std::string> decode_plan(std::string_view bytes);

/// The entry that records a solver's answer: placements and prices as blobs, cost, its parts, and bound.
RoundDecided decision_of(RoundProblem const& round, RoundNumber number, assignment::Plan const& plan,
                         assignment::Certificate const& certificate);

/// The check that a decision must pass before it is submitted, and that replay repeats: the problem rebuilt from the view has this
/// digest, the plan is feasible and in canonical order, cost and bound are what the entry says. Error: the first thing wrong.
std::expected<assignment::CertificateReport, std::string> check_decision(PinnedMarket const& market, RoundDecided const& decision);

}  // namespace sluice::policy
