// When to ask a failing cluster again: back-off with full jitter and a circuit breaker, both pure (time and chance passed in).
#pragma once

#include "connectors/options.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace sluice::connectors {

/// Uniform in [1 ms, min(longest, first × 2^failures)], steered by 64 random bits ("full jitter").
std::chrono::milliseconds full_jitter(BackoffOptions const& options, std::uint32_t failures, std::uint64_t random);

enum class BreakerState : std::uint8_t {
  closed,     ///< all requests pass
  open,       ///< none passes until its time has come
  half_open,  ///< one trial is under way
};
std::string_view name_of(BreakerState state);

/// Times are any monotonic clock's, as a duration since its start.
class Breaker {
 public:
  using Time = std::chrono::milliseconds;
  explicit Breaker(BreakerOptions options) : options_(options) {}

  /// True when one request may be sent now; an open breaker whose time has come lets exactly one pass as a trial. Each
  /// permitted request must be followed by succeeded(), failed() or abandoned().
  bool permit(Time now);
  void succeeded();
  /// Counts a failure of the cluster; opens after failures_to_open in a row, and again (longer) when the trial fails.
  void failed(Time now, std::uint64_t random);
  /// The request ended without telling anything about the cluster's health (cancelled, our own limit).
  void abandoned();
  void reset();

  BreakerState state() const { return state_; }
  /// How long until the next trial; zero unless open.
  Time remaining(Time now) const;

 private:
  void open(Time now, std::uint64_t random);
  BreakerOptions options_;
  BreakerState state_ = BreakerState::closed;
  std::uint32_t failures_ = 0;  ///< in a row while closed
  std::uint32_t openings_ = 0;  ///< in a row without a success
  Time open_until_{0};
};

}  // namespace sluice::connectors
