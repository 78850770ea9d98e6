// Runs the loop and knows the longest time that one handler held it.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>

namespace sluice::broker {

/// Wall time says what others on the loop felt; CPU time says how much of that was our own work and not a busy machine's.
class LoopWatch {
 public:
  struct Figures {
    std::chrono::nanoseconds longest_wall{};
    std::chrono::nanoseconds longest_cpu{};
    std::uint64_t too_long = 0;  ///< handlers that took more CPU time than allowed
  };
  static constexpr std::chrono::milliseconds allowed{5};

  /// As io_context::run.
  void run(boost::asio::io_context& loop);
  /// Forgets what was before: at the start, when nobody is served yet, one handler may take long.
  void start_over() { figures_ = {}; }
  Figures const& figures() const { return figures_; }

 private:
  using Wall = std::chrono::steady_clock;
  void took(std::chrono::nanoseconds wall, Wall::time_point now);
  void read_cpu(Wall::time_point now);

  Figures figures_;
  std::chrono::nanoseconds cpu_{};  ///< of this thread, when last read
  Wall::time_point cpu_read_at_;
};

}  // namespace sluice::broker
