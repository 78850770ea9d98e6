// How many calls to clusters may begin at once.
#pragma once

#include <cassert>
#include <chrono>
#include <cstddef>

namespace sluice::broker {

/// At most `calls_per_turn` calls begin in one turn: a burst of news from clusters leaves the loop to submissions in between.
class Pace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Pace(std::size_t calls_per_turn, std::chrono::milliseconds turn) : calls_per_turn_(calls_per_turn), turn_(turn) {}

  /// Whether another call may begin at `now`, which never goes back. The first question behind a turn's end begins the next turn.
  bool has_room(TimePoint now) {
    if (now >= turn_ends_) {
      turn_ends_ = now + turn_;
      left_ = calls_per_turn_;
    }
    return left_ > 0;
  }
  /// A call begins. REQUIRES: has_room() has just said yes.
  void take() {
    assert(left_ > 0);
    --left_;
  }

 private:
  std::size_t const calls_per_turn_;
  std::chrono::milliseconds const turn_;
  TimePoint turn_ends_{};
  std::size_t left_ = 0;
};

}  // namespace sluice::broker
