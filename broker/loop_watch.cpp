// One reading of the wall clock a handler; the thread's CPU clock, ten times as dear, only now and then.
#include "broker/loop_watch.hpp"

#include <algorithm>
#include <ctime>

namespace sluice::broker {
namespace {

/// A handler's CPU time is overstated by at most what its predecessors used since the last reading.
constexpr std::chrono::microseconds cpu_read_every{500};

std::chrono::nanoseconds thread_cpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

void LoopWatch::read_cpu(Wall::time_point now) {
  cpu_ = thread_cpu();
  cpu_read_at_ = now;
}

void LoopWatch::took(std::chrono::nanoseconds wall, Wall::time_point now) {
  figures_.longest_wall = std::max(figures_.longest_wall, wall);
  if (now - cpu_read_at_ < cpu_read_every) return;
  auto const before = cpu_;
  read_cpu(now);
  auto const cpu = std::min(wall, cpu_ - before);
  figures_.longest_cpu = std::max(figures_.longest_cpu, cpu);
  if (cpu > allowed) ++figures_.too_long;
}

void LoopWatch::run(boost::asio::io_context& loop) {
  Wall::time_point before = Wall::now();
  read_cpu(before);
  while (true) {
    if (loop.poll_one() > 0) {
      Wall::time_point const now = Wall::now();
      took(now - before, now);
      before = now;
      continue;
    }
    // Nothing is ready: wait for it. How much of that was waiting the wall clock cannot tell, so the CPU clock stands in for it.
    read_cpu(Wall::now());
    auto const cpu_before = cpu_;
    if (loop.run_one() == 0) return;
    before = Wall::now();
    cpu_read_at_ = {};
    took(thread_cpu() - cpu_before, before);
  }
}

}  // namespace sluice::broker
