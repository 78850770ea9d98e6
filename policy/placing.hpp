// A decided round carried out: which event the plan's next job gives on the state as it is now.
#pragma once

#include "policy/apply.hpp"

#include <optional>

namespace sluice::policy {

/// allocation.made when the plan's next placement still holds on the current state, allocation.skipped with the reason when it does
/// not; nullopt when no decided plan has a placement left. `at` is the time the event will be applied at.
std::optional<Event> next_placement(State const& state, Timestamp at);

}  // namespace sluice::policy
