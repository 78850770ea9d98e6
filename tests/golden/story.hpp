// Three days of a small broker in which everything happens that can be an entry.
#pragma once

#include "policy/events/event.hpp"

#include <vector>

namespace sluice::golden {

/// The entries, each accepted by the state machine and checked against every invariant. Rounds are decided by the solver.
std::vector<policy::Stamped> story();

}  // namespace sluice::golden
