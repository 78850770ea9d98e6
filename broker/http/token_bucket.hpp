// A token bucket with time passed in: at most `burst` at once, `per_second` on average.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::http {

/// Exact integer arithmetic in fractions of a token; a clock that steps back adds nothing. Not thread-safe.
class TokenBucket {
 public:
  /// REQUIRES: 1 ≤ burst ≤ 10^9, 1 ≤ tokens_per_window ≤ 10^9, 1 ≤ window_ms ≤ 86,400,000. Starts full at now_ms.
  TokenBucket(std::int64_t burst, std::int64_t tokens_per_window, std::int64_t window_ms, std::int64_t now_ms);

  /// Takes `tokens` if that many are there. REQUIRES: 1 ≤ tokens ≤ burst.
  bool take(std::int64_t now_ms, std::int64_t tokens = 1);
  /// Whole tokens there now.
  std::int64_t available(std::int64_t now_ms) const;
  /// Milliseconds until `tokens` are there (0: now), rounded up. REQUIRES: 1 ≤ tokens ≤ burst.
  std::int64_t wait_ms(std::int64_t now_ms, std::int64_t tokens = 1) const;
  /// True when full: a keeper of many buckets may forget it.
  bool full(std::int64_t now_ms) const;

 private:
  std::int64_t level(std::int64_t now_ms) const;  ///< in units of 1/window_ms token

  std::int64_t burst_;
  std::int64_t rate_;
  std::int64_t window_ms_;
  std::int64_t level_;
  std::int64_t at_ms_;
};

}  // namespace sluice::http
