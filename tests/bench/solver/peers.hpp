// The peers that the solver is measured against, behind plain functions, so that their headers stay in their own files.
#pragma once

#include "policy/assignment/problem.hpp"

#include <cstdint>

namespace sluice::bench {

/// What a peer found, in micro-yuan; seconds of CPU spent in it, without building its model.
struct PeerResult {
  double objective = 0;
  double bound = 0;
  double seconds = 0;
  bool finished = false;
};

/// The transportation relaxation (no side rows) as a minimum-cost flow. REQUIRES: one fixed use of equal amount on each bid of a job.
PeerResult lemon_network_simplex(assignment::Problem const& problem);
PeerResult lemon_cost_scaling(assignment::Problem const& problem);

/// The linear relaxation by CLP's dual simplex.
PeerResult clp_dual(assignment::Problem const& problem);

/// The integer problem by CBC, for so many CPU seconds.
PeerResult cbc(assignment::Problem const& problem, double seconds);

/// CPU seconds of this process so far.
double cpu_seconds();

}  // namespace sluice::bench
