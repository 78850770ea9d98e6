// The day's secret that orders jobs: committed before the day's first job, revealed after its last.
#pragma once

#include "policy/events/event.hpp"
#include "policy/state/state.hpp"
#include "storage/log/ledger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::broker {

/// Lives on the loop. The open day's secret is a private part of its entry's Group, so a restart finds it again.
class LotKeeper {
 public:
  explicit LotKeeper(log::LedgerReader const& ledger) : ledger_(ledger) {}

  /// The entry that must come before a job accepted at `at`: closing an earlier day, then opening this one; nullopt when the day is open.
  std::optional<policy::Event> due(policy::State const& state, policy::Timestamp at);
  /// The private part that belongs to the LotDayOpened just applied; call from Submission::applied for every event.
  void take_part(policy::State const& state, std::vector<log::PrivatePart>& parts);
  /// The lot of a job accepted now. REQUIRES: due() gave nothing for this time.
  std::uint64_t lot(policy::State const& state, policy::TenantName const& tenant, policy::Hash const& idempotency);

 private:
  std::string const& secret(policy::State const& state);

  log::LedgerReader const& ledger_;
  std::optional<std::int64_t> day_;
  std::string secret_;
  bool part_due_ = false;
};

}  // namespace sluice::broker
