// A log of everyday entries, made by the state machine itself: jobs accepted, placed in rounds, dispatched, metered, ended, settled.
#pragma once

#include "policy/apply.hpp"
#include "storage/log/memory_ledger.hpp"

#include <cstdint>

namespace sluice::bench {

/// Ten clusters with four offers each, forty tenants. Rounds are carried out, but their plans come without the prices that would prove
/// them.
class BusyLog {
 public:
  BusyLog();
  /// Goes on until the log has `entries` entries or a few more.
  void grow_to(std::uint64_t entries);

  log::MemoryLedger const& ledger() const { return ledger_; }
  double mean_entry_bytes() const { return static_cast<double>(bytes_) / static_cast<double>(ledger_.size()); }

 private:
  policy::Effects add(policy::Event const& event);
  void append_group();
  void observe_all();
  void run_one_round();

  policy::State state_;
  policy::Timestamp now_{1'772'413'200'000};  ///< 2026-03-02 09:00 in Shanghai; any morning would do
  std::vector<policy::AccountId> accounts_;   ///< by cluster
  log::MemoryLedger ledger_;
  log::Group group_;
  std::uint64_t jobs_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace sluice::bench
