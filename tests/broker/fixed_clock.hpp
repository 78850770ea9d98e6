// A clock that a test moves.
#pragma once

#include "broker/clock.hpp"

namespace sluice::broker {

class FixedClock final : public Clock {
 public:
  policy::Timestamp wall() const override { return {wall_ms}; }
  std::int64_t since_boot_ms() const override { return boot_ms; }
  /// Both clocks go on together, as they do on a healthy machine.
  void advance(std::int64_t ms) {
    wall_ms += ms;
    boot_ms += ms;
  }

  std::int64_t wall_ms = 1'800'000'000'000;
  std::int64_t boot_ms = 1'000;
};

}  // namespace sluice::broker
