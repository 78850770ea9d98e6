// What is well and what is not: readiness, admission, and why.
#pragma once

#include "broker/clock.hpp"
#include "broker/sequencer/sequencer.hpp"
#include "storage/rocks/rocks_ledger.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::broker {

struct HealthOptions {
  std::uint64_t free_bytes_floor = 512u << 20;  ///< admission stops below the larger of the two floors
  std::uint32_t free_floor_bp = 500;
  std::int64_t append_patience_ms = 10'000;  ///< a Group that takes longer than this to become durable makes the daemon unready
};

struct CheckResult {
  std::string_view name;  ///< one of the contract's: ledger, disk, clock, committer, rounds, invariants, draining
  bool ok = true;
  std::string detail;   ///< what to do when it is not; empty otherwise
  bool decides = true;  ///< whether the daemon is unready without it
};

/// Why nothing new is admitted now.
struct AdmissionStop {
  std::string_view problem_code;  ///< disk_full or unavailable
  std::string detail;
};

/// Lives on the loop. Cheap enough to be asked on every request: the disk is looked at once a second.
class Health {
 public:
  Health(Clock const& clock, ClockGuard& clock_guard, Sequencer const& sequencer, rocks::RocksLedger const& ledger, HealthOptions options);

  std::vector<CheckResult> checks();
  bool ready();
  /// What stops new work: a disk filling up, an untrusted clock, a daemon on its way out.
  std::optional<AdmissionStop> admission_stop();

  void set_draining() { draining_ = true; }
  /// An invariant broke before the last restart: dispatch is frozen until an operator resumes.
  void set_invariant_broken(std::string what) { invariant_broken_ = std::move(what); }
  std::string const& invariant_broken() const { return invariant_broken_; }
  void clear_invariant_broken() { invariant_broken_.clear(); }
  ClockGuard& clock_guard() { return clock_guard_; }
  rocks::FreeSpace free_space();
  /// Whether anything may be written at all. Asked for each Group: between the floor of admission and that of the ledger itself, below
  /// which an append fails.
  bool has_room();
  std::uint64_t floor_bytes();

 private:
  bool disk_low();

  Clock const& clock_;
  ClockGuard& clock_guard_;
  Sequencer const& sequencer_;
  rocks::RocksLedger const& ledger_;
  HealthOptions const options_;
  bool draining_ = false;
  std::string invariant_broken_;
  std::int64_t looked_at_ms_ = -1'000'000;
  rocks::FreeSpace space_;
};

}  // namespace sluice::broker
