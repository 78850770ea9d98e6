// The report: one self-contained HTML page about a solve.
#pragma once

#include "policy/assignment/solver.hpp"

#include <string>

namespace sluice::solve {

/// Convergence of bound and plan, use of each row, prices, and why jobs wait. No script, no outside resource.
std::string write_report(assignment::Problem const& problem, assignment::Solution const& solution,
                         assignment::CertificateReport const& report);

}  // namespace sluice::solve
