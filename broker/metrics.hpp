// Figures for Prometheus: registered once, collected when asked.
#pragma once

#include "broker/http/server.hpp"
#include "broker/sequencer/sequencer.hpp"

#include <memory>
#include <string>

namespace sluice::broker {

/// Lives on the loop. Names follow Prometheus: base units, `_total`, no tenant or job labels.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  /// Counts one finished HTTP exchange by route and status class.
  void count(http::Exchange const& exchange);
  /// Counts committed entries, and how long jobs waited for their first dispatch; `state` knows when they were accepted.
  void count(std::vector<Committed> const& group, policy::State const& state);

  /// Values that are read off the daemon when someone asks.
  struct Gauges {
    std::uint64_t log_size = 0;
    std::size_t jobs_waiting = 0;
    std::size_t attempts_live = 0;
    std::size_t submissions_waiting = 0;
    std::size_t connections = 0;
    std::size_t event_streams = 0;
    std::uint64_t free_bytes = 0;
    bool ready = false;
    bool admission_open = false;
    std::uint64_t rounds_decided = 0;
    std::uint64_t rounds_abandoned = 0;
    double round_solve_seconds = 0;
    double loop_longest_wall_seconds = 0;
    double loop_longest_cpu_seconds = 0;
    std::uint64_t loop_held_too_long = 0;
  };
  /// The text exposition format, version 0.0.4.
  std::string text(Gauges const& gauges);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace sluice::broker
