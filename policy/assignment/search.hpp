// The search for better plans: insert a job, eject who is in the way, refill, and accept as annealing does.
#pragma once

#include "policy/assignment/board.hpp"
#include "policy/assignment/lagrangian.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

struct SearchOptions {
  std::uint64_t steps = 0;
  std::uint64_t seed = 0;
  double first_temperature = 0.1;    ///< in typical costs of a placed job
  double cooling = 2.3;              ///< it ends at e^-cooling of that
  std::int64_t stop_at = INT64_MIN;  ///< a plan this cheap cannot be improved
};

struct SearchResult {
  std::vector<std::uint32_t> choice;  ///< the best found, by position
  std::int64_t cost = 0;              ///< of it
  std::uint32_t unplaced = 0;
  std::uint64_t steps = 0;
};

/// Improves a plan. Never worse than where it starts. The board is left in some feasible state.
SearchResult search(Core const& core, Candidates const& candidates, Prices const& prices, Board& board, SearchOptions const& options);

}  // namespace sluice::assignment
