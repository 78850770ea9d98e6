// Public text instances: generalised assignment and single-source facility location, as lists of whole numbers.
#pragma once

#include "policy/assignment/planner.hpp"
#include "policy/assignment/problem.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::solve {

/// OR-Library style GAP: m n, then m × n costs, m × n weights, m capacities; minimise, every job placed. Error: what, and which number.
std::expected<assignment::Problem, std::string> read_gap(std::string_view text);

struct FacilityInstance {
  assignment::Problem problem;
  std::vector<assignment::Contract> contracts;
};

/// nf nc, nf capacities, nf opening costs, nc demands, then nc rows of nf total assignment costs. Whole numbers; a fraction such as 12.00
/// is accepted where it is zero. Error: what, and which number.
std::expected<FacilityInstance, std::string> read_sscflp(std::string_view text);

}  // namespace sluice::solve
