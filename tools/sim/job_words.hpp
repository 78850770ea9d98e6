// How a simulated job says what it will do: by words of its command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sim {

/// Read from the command's words, the last one of a kind counts; anything else is ignored:
///
///     sleep 90            takes 90 seconds of work (any command of that form)
///     false               ends with exit code 1
///     sim:seconds=90      takes 90 seconds of work on a card of speed 1,000,000 ppm
///     sim:exit=3          ends with exit code 3
///     sim:start_fails     never runs
///     sim:preempted=30    is preempted by the site after 30 seconds of running
///     sim:node_lost=30    loses its node after 30 seconds of running
///     sim:ignores_stop    leaves only at its run limit, whatever is asked
///     sim:ignores_limit   goes on beyond its run limit, as at a site that does not enforce one
struct JobWords {
  std::optional<std::int64_t> seconds;
  std::int32_t exit_code = 0;
  bool start_fails = false;
  std::optional<std::int64_t> preempted_s;
  std::optional<std::int64_t> node_lost_s;
  bool ignores_stop = false;
  bool ignores_limit = false;
};

JobWords read_job_words(std::vector<std::string> const& command);

}  // namespace sluice::sim
