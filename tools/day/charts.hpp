// The page's charts: bars in HTML, which fit any width, and small inline SVGs; colours come from the page's own variables.
#pragma once

#include "tools/day/figures.hpp"

#include <string>

namespace sluice::day {

/// Per cluster: what tenants pay, the vouchers' share, and the average list price as a mark.
std::string cost_bars(DayRecord const& day, Figures const& figures);
/// Median and 95th percentile by tenant class, in simulated minutes.
std::string wait_bars(DayRecord const& day, Figures const& figures);
/// One small chart a cluster over the simulated day.
std::string utilisation_charts(DayRecord const& day, Figures const& figures);

}  // namespace sluice::day
