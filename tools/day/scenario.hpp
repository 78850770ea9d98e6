// The simulator's day: the demo scenario's centres with a clock, prices, other clients and troubles that fill 24 hours.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::day {

/// Reads a scenario of sluice-sim and writes it again with: `compression` simulated seconds a second; for each pool its speed, other
/// clients' cards and list price that follow the hours of a day (busy and dear from nine to six), starting from the scenario's own first
/// values; and the troubles of a day. Everything is made up, as in the scenario itself. Error: file and what is wrong.
std::expected<std::string, std::string> day_scenario(std::string const& base_path, std::int64_t compression);

/// The sentences of a scenario's script: its troubles in order. Error: file and what is wrong.
std::expected<std::vector<std::string>, std::string> scenario_script(std::string const& path);

}  // namespace sluice::day
