// One handler per event: checks first, mutation last.
#pragma once

#include "policy/events/event.hpp"
#include "policy/state/editor.hpp"

#include <optional>
#include <string>

namespace sluice::policy {

/// nullopt: applied. Otherwise why not, and nothing was changed.
using Verdict = std::optional<Refusal>;

inline Refusal refuse(Reason reason, std::string where) { return {reason, std::move(where)}; }

Verdict on(Editor& editor, Genesis const& event);
Verdict on(Editor& editor, EngineActivated const& event);
Verdict on(Editor& editor, ClockStepAccepted const& event);
Verdict on(Editor& editor, LotDayOpened const& event);
Verdict on(Editor& editor, LotDayClosed const& event);
Verdict on(Editor& editor, MarketRulesSet const& event);
Verdict on(Editor& editor, DisclosureDelaySet const& event);
Verdict on(Editor& editor, RoundsPaused const& event);
Verdict on(Editor& editor, RoundsResumed const& event);
Verdict on(Editor& editor, DispatchFrozen const& event);
Verdict on(Editor& editor, DispatchResumed const& event);
Verdict on(Editor& editor, StateDigested const& event);

Verdict on(Editor& editor, TenantRegistered const& event);
Verdict on(Editor& editor, TenantStatusSet const& event);
Verdict on(Editor& editor, KeyIssued const& event);
Verdict on(Editor& editor, KeyRevoked const& event);
Verdict on(Editor& editor, AccountOpened const& event);
Verdict on(Editor& editor, AccountClosed const& event);
Verdict on(Editor& editor, QuotaSet const& event);

Verdict on(Editor& editor, ClusterDefined const& event);
Verdict on(Editor& editor, ClusterStatusSet const& event);
Verdict on(Editor& editor, EquivalenceSet const& event);
Verdict on(Editor& editor, ProgrammeDefined const& event);
Verdict on(Editor& editor, OffersObserved const& event);

Verdict on(Editor& editor, EntitlementIssued const& event);
Verdict on(Editor& editor, DepositReceived const& event);
Verdict on(Editor& editor, OverrideProposed const& event);
Verdict on(Editor& editor, OverrideDecided const& event);

Verdict on(Editor& editor, JobAccepted const& event);
Verdict on(Editor& editor, SubmissionRefused const& event);
Verdict on(Editor& editor, JobCancelled const& event);
Verdict on(Editor& editor, JobFailed const& event);

Verdict on(Editor& editor, RoundOpened const& event);
Verdict on(Editor& editor, RoundDecided const& event);
Verdict on(Editor& editor, RoundAbandoned const& event);
Verdict on(Editor& editor, AllocationMade const& event);
Verdict on(Editor& editor, AllocationSkipped const& event);

Verdict on(Editor& editor, DispatchIntended const& event);
Verdict on(Editor& editor, AttemptAcknowledged const& event);
Verdict on(Editor& editor, AttemptRefused const& event);
Verdict on(Editor& editor, AttemptStarted const& event);
Verdict on(Editor& editor, AttemptMetered const& event);
Verdict on(Editor& editor, StopIntended const& event);
Verdict on(Editor& editor, AttemptEnded const& event);
Verdict on(Editor& editor, AttemptLost const& event);

// Forced events. apply() has compared each with next_forced(): what is left is to carry it out.
Verdict on(Editor& editor, AttemptSettled const& event);
Verdict on(Editor& editor, OffersExpired const& event);
Verdict on(Editor& editor, EntitlementExpired const& event);
Verdict on(Editor& editor, JobExpired const& event);
Verdict on(Editor& editor, ClusterRemoved const& event);

}  // namespace sluice::policy
