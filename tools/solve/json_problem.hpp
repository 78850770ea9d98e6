// A problem as JSON, format "sluice-problem/1" (README.md has the grammar).
#pragma once

#include "policy/assignment/problem.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace sluice::solve {

/// Error: every wrong field by its pointer, one a line.
std::expected<assignment::Problem, std::string> read_problem(std::string_view text);

}  // namespace sluice::solve
