// Every event there is, as one closed variant.
#pragma once

#include "policy/events/catalogue.hpp"
#include "policy/events/governance.hpp"
#include "policy/events/money.hpp"
#include "policy/events/people.hpp"
#include "policy/events/work.hpp"

#include <string_view>
#include <variant>

namespace sluice::policy {

using Event =
    std::variant<Genesis, EngineActivated, ClockStepAccepted, LotDayOpened, LotDayClosed, MarketRulesSet, DisclosureDelaySet, RoundsPaused,
                 RoundsResumed, DispatchFrozen, DispatchResumed, StateDigested,                                     // governance
                 TenantRegistered, TenantStatusSet, KeyIssued, KeyRevoked, AccountOpened, AccountClosed, QuotaSet,  // people
                 ClusterDefined, ClusterStatusSet, ClusterRemoved, EquivalenceSet, ProgrammeDefined, OffersObserved,
                 OffersExpired,                                                                                              // catalogue
                 EntitlementIssued, EntitlementExpired, DepositReceived, OverrideProposed, OverrideDecided, AttemptSettled,  // money
                 JobAccepted, SubmissionRefused, JobCancelled, JobExpired, JobFailed, RoundOpened, RoundDecided, RoundAbandoned,
                 AllocationMade, AllocationSkipped, DispatchIntended, AttemptAcknowledged, AttemptRefused, AttemptStarted, AttemptMetered,
                 StopIntended, AttemptEnded, AttemptLost>;  // work

/// Type and version as the entry's "@" member says it: "job.accepted/1".
inline std::string_view type_of(Event const& event) {
  return std::visit([](auto const& e) { return std::string_view(e.type); }, event);
}

/// An event with the time it happened: what one entry says.
struct Stamped {
  Timestamp at;
  Event event;
};

}  // namespace sluice::policy
