// The body of a submission or quote: from a file, standard input, or flags.
#pragma once

#include "tools/ctl/failure.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice::ctl {

/// Flags of submit and quote. Without --image the one positional argument is a file; with it the positionals are the command.
struct JobFlags {
  std::vector<std::string> positional;
  std::string name;
  int cards = 1;
  std::optional<int> min_memory_gib, interconnect_min_gbps, cpus, memory_gib, attempts, data_gib;
  std::string framework = "cuda";
  std::vector<std::string> accelerators;  ///< TYPE or TYPE=PPM
  std::string image;
  std::vector<std::string> environment;  ///< NAME=VALUE
  std::string reference, card_hours, max_runtime, max_cost, deadline, checkpoint, data_class, data_location;
  std::vector<std::string> inputs, outputs, regions;
  bool preemptible = false;
};

void add_job_flags(CLI::App& verb, JobFlags& flags);

/// The bytes to send. A file (or "-") is checked to be strict JSON of at most 1 MiB and then sent exactly as it is, so that
/// repeating it under the same Idempotency-Key is the same request.
Result<std::string> job_body(JobFlags const& flags);

/// "90", "90s", "30m", "48h" or "7d" as seconds; nullopt when it is none of these or beyond 366 days.
std::optional<long> parse_duration(std::string_view text);

}  // namespace sluice::ctl
