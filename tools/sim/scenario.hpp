// What a scenario file says: centres with cards, prices and programmes, how time passes, and what goes wrong when.
#pragma once

#include "policy/money.hpp"
#include "policy/time.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// Simulated milliseconds since the scenario began.
using SimTime = std::int64_t;

/// A figure that changes: from `at` on it is `value`.
template <class Value>
struct TraceStep {
  SimTime at = 0;
  Value value{};
};

/// Cards of one accelerator type.
struct PoolScenario {
  std::string accelerator;
  std::int32_t cards = 0;
  std::int32_t cpus_per_card = 8;
  std::int32_t memory_gib_per_card = 64;
  std::int64_t speed_ppm = 1'000'000;  ///< work gets done so fast, in millionths
  std::string unit = "card_hour";
  std::vector<TraceStep<std::int32_t>> background;  ///< cards other clients hold
  std::vector<TraceStep<policy::Money>> list_price;
  std::vector<TraceStep<policy::Money>> voucher_price;
};

struct ProgrammeScenario {
  std::string name;
  std::int32_t rate_bp = 0;
  policy::Money purse;
  std::optional<policy::Timestamp> valid_until;
};

struct CentreScenario {
  std::string name;
  bool queues = true;    ///< false: an order that does not fit now is refused (no_capacity)
  SimTime start_ms = 0;  ///< from a free place to running
  SimTime stop_ms = 0;   ///< from cancellation to free cards
  std::int64_t run_limit_max_s = 30LL * 86'400;
  std::map<std::string, std::string> accounts;  ///< name → token; empty: any token is an account of its own
  std::vector<std::string> images;              ///< reachable prefixes; empty: all
  std::vector<std::string> inputs;              ///< reachable prefixes; empty: all
  std::vector<PoolScenario> pools;
  std::vector<ProgrammeScenario> programmes;
};

struct Scenario {
  bool manual_clock = false;                ///< time passes only by POST /control/advance
  std::int64_t compression = 1;             ///< simulated seconds per real second
  std::optional<policy::Timestamp> origin;  ///< the moment the scenario begins; unset: times in answers are the real clock's
  std::int64_t job_seconds = 60;            ///< of a job that does not say how long it takes
  std::int64_t log_every_s = 10;
  std::int64_t valid_for_s = 300;  ///< of a quoted price
  std::vector<CentreScenario> centres;
  std::vector<std::string> script;  ///< "at 12s: qingyang disappears for 30s"
};

/// Reads TOML text. Error: "name:line:column: key: what is wrong".
std::expected<Scenario, std::string> parse_scenario(std::string_view text, std::string const& name);
std::expected<Scenario, std::string> load_scenario(std::string const& path);

/// The value a trace has at `now`; nullopt before its first step.
template <class Value>
std::optional<Value> value_at(std::vector<TraceStep<Value>> const& trace, SimTime now) {
  std::optional<Value> value;
  for (auto const& step : trace) {
    if (step.at <= now) value = step.value;
  }
  return value;
}

}  // namespace sluice::sim
