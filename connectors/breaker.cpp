#include "connectors/breaker.hpp"

#include <algorithm>

namespace sluice::connectors {

std::chrono::milliseconds full_jitter(BackoffOptions const& options, std::uint32_t failures, std::uint64_t random) {
  auto const longest = std::max<std::int64_t>(options.longest.count(), 1);
  auto ceiling = std::clamp<std::int64_t>(options.first.count(), 1, longest);
  for (std::uint32_t step = 0; step < failures && ceiling < longest; ++step) ceiling = ceiling > longest / 2 ? longest : ceiling * 2;
  // The remainder's bias is below 2^-30 for a ceiling of days.
  return std::chrono::milliseconds(1 + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(ceiling)));
}

std::string_view name_of(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::open:
      return "open";
    case BreakerState::half_open:
      return "half_open";
  }
  return "unknown";
}

bool Breaker::permit(Time now) {
  if (state_ == BreakerState::closed) return true;
  if (state_ == BreakerState::half_open || now < open_until_) return false;
  state_ = BreakerState::half_open;
  return true;
}

void Breaker::succeeded() { reset(); }

void Breaker::failed(Time now, std::uint64_t random) {
  if (state_ == BreakerState::half_open) return open(now, random);
  if (state_ == BreakerState::open) return;  // a request permitted before it opened
  if (++failures_ >= options_.failures_to_open) open(now, random);
}

void Breaker::abandoned() {
  if (state_ == BreakerState::half_open) state_ = BreakerState::open;  // its time has come already: the next request is the trial
}

void Breaker::reset() {
  state_ = BreakerState::closed;
  failures_ = 0;
  openings_ = 0;
  open_until_ = Time{0};
}

Breaker::Time Breaker::remaining(Time now) const { return state_ == BreakerState::open && open_until_ > now ? open_until_ - now : Time{0}; }

void Breaker::open(Time now, std::uint64_t random) {
  state_ = BreakerState::open;
  failures_ = 0;
  open_until_ = now + full_jitter(options_.open_for, openings_, random);
  ++openings_;
}

}  // namespace sluice::connectors
