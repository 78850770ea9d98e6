// Where the daemon gets time from: the one door to the system's clocks.
#pragma once

#include "policy/time.hpp"

#include <cstdint>

namespace sluice::broker {

/// Wall time for the log, boot time to judge it by. Implementations may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// UTC as the system believes it.
  virtual policy::Timestamp wall() const = 0;
  /// Milliseconds since boot, suspended time included; never set by anyone.
  virtual std::int64_t since_boot_ms() const = 0;
};

/// CLOCK_REALTIME and CLOCK_BOOTTIME.
class SystemClock final : public Clock {
 public:
  policy::Timestamp wall() const override;
  std::int64_t since_boot_ms() const override;
};

/// Watches the wall clock against the boot clock. A step beyond the tolerance stops admission until an operator accepts it.
class ClockGuard {
 public:
  static constexpr std::int64_t tolerance_ms = 60'000;

  explicit ClockGuard(Clock const& clock) : clock_(clock) { accept(); }
  /// How far the wall clock has moved against the boot clock since it was last accepted.
  std::int64_t step_ms() const { return clock_.wall().ms - clock_.since_boot_ms() - offset_ms_; }
  bool trusted() const {
    std::int64_t const step = step_ms();
    return step <= tolerance_ms && step >= -tolerance_ms;
  }
  /// Takes the wall clock as it is now for right.
  void accept() { offset_ms_ = clock_.wall().ms - clock_.since_boot_ms(); }

 private:
  Clock const& clock_;
  std::int64_t offset_ms_ = 0;
};

}  // namespace sluice::broker
