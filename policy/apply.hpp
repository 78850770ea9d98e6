// The state machine: apply one event at one time, or say why not. Pure and deterministic.
#pragma once

#include "policy/events/event.hpp"
#include "policy/state/state.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::policy {

/// Why an event does not apply. The state is unchanged.
struct Refusal {
  Reason reason = Reason::malformed;
  std::string where;  ///< which member or thing: "spec.gang.cards", "tenant t-7k3m", for people
};

/// What changed that someone outside may have to act on. Level-triggered: whoever acts looks at the state, not at history.
struct Effects {
  std::vector<JobId> jobs;          ///< changed or created
  std::vector<AttemptId> attempts;  ///< changed or created: dispatch, look up, meter or stop as their status says
  bool round_relevant = false;      ///< the next round could decide differently
  std::optional<JobId> accepted;    ///< JobAccepted: the new job
};

using Transition = std::expected<Effects, Refusal>;

/// Applies entry number state.governance.sequence. Checks first, mutation last; a refusal leaves the state untouched.
/// Refuses any event while next_forced() names another one that must come first.
Transition apply(State& state, Timestamp at, Event const& event);

/// The event that must come next at `at`, before any other: settlement of an ended attempt, then expiries due at or before `at` by
/// (due, lot), then the removal of an empty draining cluster. nullopt when none is.
std::optional<Event> next_forced(State const& state, Timestamp at);

/// Rows changed since the last call, in key order, each once. The writer stores them in the batch of the Group.
std::vector<RowChange> take_changed_rows(State& state);
/// Their keys alone, for those who check them and store nothing.
std::set<std::string> take_changed_keys(State& state);
/// Jobs that became final and left the state since the last call, as history rows (key, value).
std::vector<RowChange> take_history_rows(State& state);

}  // namespace sluice::policy
