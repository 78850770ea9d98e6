// Generated rounds for measurements and tests: an integer-only recipe, the same bytes everywhere.
#pragma once

#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::solve {

/// What --generate takes.
struct GenerateOptions {
  std::uint32_t jobs = 1000;  ///< 0 … 2,000,000
  std::uint32_t offers = 50;  ///< 0 … 5,000
  std::uint64_t seed = 1;
  bool side_rows = true;              ///< purses and tenant × offer quotas
  std::uint32_t changed_percent = 0;  ///< a later round: so many percent of the jobs redrawn, capacities moved by up to ±5 %
};

/// "jobs,offers,seed", with ",plain" for no side rows or ",changed=P" for a later round. Error: what is wrong with the text.
std::expected<GenerateOptions, std::string> parse_generate(std::string_view text);

/// The instance. The recipe is written down in README.md; its digests are fixed by a test.
assignment::Problem generate(GenerateOptions const& options);

}  // namespace sluice::solve
