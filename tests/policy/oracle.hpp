// A simple second opinion on money and cards: hears the accepted events and counts for itself.
#pragma once

#include "policy/events/event.hpp"
#include "policy/state/state.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::policy::testing {

/// Knows nothing of the engine but its events. Assumes tariffs of one-second increments without a minimum, rounded half up to fen, and
/// subsidies floored to fen, which is what the property test declares.
class Oracle {
 public:
  /// REQUIRES: the event was accepted as entry `sequence`.
  void hear(std::uint64_t sequence, Event const& event);
  /// The first difference between what it counted and what the state says; nullopt when there is none.
  std::optional<std::string> differs(State const& state) const;

 private:
  struct Run {
    Allocation allocation;
    std::string tenant;
    bool live = true;
    bool lost = false;
    bool decided = false;
    std::optional<Liability> liability;
    std::int64_t card_ms = 0;
  };
  void release(Run const& run);
  void settle(AttemptSettled const& line);
  void give_back_voucher(EntitlementId id, std::int64_t amount);
  void close_voucher(std::uint64_t id);
  /// Notes the first limit that was passed: a quota when cards are sold, a cap when a voucher is issued, a purse or balance at any time.
  void watch_quota(AllocationMade const& made);
  void watch_cap(EntitlementIssued const& issued);

  std::map<std::string, std::int64_t> free_;            // by tenant
  std::map<std::uint64_t, std::int64_t> voucher_free_;  // by entitlement
  std::map<std::uint64_t, std::string> voucher_of_;     // entitlement → programme
  std::map<std::uint64_t, bool> voucher_closed_;
  std::map<std::string, std::int64_t> purse_;  // by programme
  std::map<std::string, std::int64_t> funded_;
  std::map<std::string, std::int64_t> payable_, claim_, disputed_;  // by cluster
  std::int64_t fee_ = 0, loss_ = 0, bank_ = 0;
  std::map<AttemptId, Run> runs_;
  std::map<JobId, std::string> tenants_;
  std::map<JobId, AttemptId> newest_;
  std::map<std::uint64_t, OverrideAction> proposals_;
  std::map<std::pair<std::string, std::string>, std::int32_t> quotas_;  // by tenant and cluster
  std::map<std::string, std::int64_t> caps_;                            // by programme
  std::map<std::uint64_t, std::pair<std::string, std::int64_t>> kept_;  // voucher → holder, issued and not returned
  std::string passed_;
};

}  // namespace sluice::policy::testing
