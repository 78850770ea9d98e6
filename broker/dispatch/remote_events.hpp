// From what a cluster says of an attempt to the entries that record it: pure.
#pragma once

#include "connectors/observations.hpp"
#include "policy/state/state.hpp"

#include <optional>
#include <vector>

namespace sluice::broker {

/// What ended it, as the log names it; nullopt while it has not ended, or when the cluster does not say what ended it.
std::optional<policy::Outcome> outcome_of(connectors::RemoteStatus const& status);

/// Cumulative use: what the site metered, else card count × (ended or now − started); nullopt when neither is known.
std::optional<std::int64_t> card_ms_of(policy::Attempt const& attempt, connectors::RemoteStatus const& status, policy::Timestamp now);

/// True when the limit that the cluster enforces has passed since the attempt started, and `grace_ms` more: its run is surely over.
bool run_is_over(policy::Attempt const& attempt, policy::Timestamp now, std::int64_t grace_ms);

/// What is wanted of a cluster's word beside the attempt's course.
struct Asked {
  bool meter = false;       ///< a reading of its use, if it has grown
  bool superseded = false;  ///< given up, and the job has gone on without it: it may only end
};

/// The entries that bring the attempt to where the cluster says it is, in order; empty when nothing is new. `remote` binds the handle's
/// private part when the acknowledgement is among them.
std::vector<policy::Event> events_for(policy::Attempt const& attempt, connectors::RemoteStatus const& status, policy::Hash remote,
                                      std::optional<policy::Hash> evidence, policy::Timestamp now, Asked asked);

}  // namespace sluice::broker
