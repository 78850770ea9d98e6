// The bucket's level is kept in units of 1/window_ms token, so that every millisecond adds a whole number of units.
#include "broker/http/token_bucket.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::http {

TokenBucket::TokenBucket(std::int64_t burst, std::int64_t tokens_per_window, std::int64_t window_ms, std::int64_t now_ms)
    : burst_(burst), rate_(tokens_per_window), window_ms_(window_ms), level_(burst * window_ms), at_ms_(now_ms) {
  assert(burst >= 1 && burst <= 1'000'000'000 && tokens_per_window >= 1 && tokens_per_window <= 1'000'000'000 && window_ms >= 1 &&
         window_ms <= 86'400'000);
}

std::int64_t TokenBucket::level(std::int64_t now_ms) const {
  std::int64_t const full = burst_ * window_ms_;  // at most 8.64e16
  if (now_ms <= at_ms_) return level_;
  // Long pauses fill it: compare before multiplying, so that nothing overflows.
  std::int64_t const elapsed = now_ms - at_ms_;
  std::int64_t const missing = full - level_;
  if (elapsed >= missing / rate_ + 1) return full;
  return std::min(full, level_ + elapsed * rate_);
}

bool TokenBucket::take(std::int64_t now_ms, std::int64_t tokens) {
  assert(tokens >= 1 && tokens <= burst_);
  level_ = level(now_ms);
  at_ms_ = std::max(at_ms_, now_ms);
  if (level_ < tokens * window_ms_) return false;
  level_ -= tokens * window_ms_;
  return true;
}

std::int64_t TokenBucket::available(std::int64_t now_ms) const { return level(now_ms) / window_ms_; }

std::int64_t TokenBucket::wait_ms(std::int64_t now_ms, std::int64_t tokens) const {
  assert(tokens >= 1 && tokens <= burst_);
  std::int64_t const missing = tokens * window_ms_ - level(now_ms);
  if (missing <= 0) return 0;
  // A clock that stepped back must first return to where it was.
  return (missing + rate_ - 1) / rate_ + std::max<std::int64_t>(0, at_ms_ - now_ms);
}

bool TokenBucket::full(std::int64_t now_ms) const { return level(now_ms) == burst_ * window_ms_; }

}  // namespace sluice::http
