// The day's figures for people at a terminal, and for programs.
#pragma once

#include "tools/day/figures.hpp"

#include <string>

namespace sluice::day {

/// Tables for a terminal, 120 columns wide. What is made up is said to be.
std::string text_report(DayRecord const& day, Figures const& figures);

/// One JSON object: counts are integers, money is decimal yuan in strings, waits are milliseconds of real time.
std::string json_report(DayRecord const& day, Figures const& figures);

/// How the figures came about, a sentence each: in both reports and on the page.
std::vector<std::string> caveats(DayRecord const& day);

}  // namespace sluice::day
