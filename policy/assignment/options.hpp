// How hard the solver may try: plain numbers, no clock.
#pragma once

#include <cstdint>

namespace sluice::assignment {

struct SolveOptions {
  /// Effort in units of about one pass over all bids for the prices and one improving step per job for the plan. 0: a feasible plan and a
  /// bound, as fast as possible; 100: the everyday setting; beyond: the search for a better plan goes on in proportion.
  std::uint32_t iterations = 100;
  /// Threads used during the call, 1 … 64. The answer is the same bytes for any number.
  std::uint32_t threads = 1;
  /// Steers the random choices of the search; the round's number is a good one.
  std::uint64_t seed = 0;
};

}  // namespace sluice::assignment
