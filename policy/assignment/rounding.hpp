// From prices to a first plan: several greedy orders, the cheapest kept.
#pragma once

#include "policy/assignment/board.hpp"
#include "policy/assignment/lagrangian.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

enum class RoundingOrder : std::uint8_t {
  big_first,      ///< gangs that fill much of a row first
  certain_first,  ///< jobs whose second-best bid is much worse first
  certain_big,    ///< certain jobs first, then the others by size
  saving_first,   ///< jobs that lose most by waiting, per unit of size, first
};
constexpr std::uint8_t rounding_orders = 4;

/// Places every waiting position greedily, each on its cheapest priced bid that fits.
void round_greedily(Core const& core, Candidates const& candidates, RoundingOrder order, Board& board);

/// One pass over all positions: moves to a cheaper candidate that fits; those that still wait look at all their bids.
void fill(Core const& core, Candidates const& candidates, Board& board);

}  // namespace sluice::assignment
