// The page's drawings as inline SVG: no script, no outside asset, colours from the page's own variables.
#pragma once

#include "tools/day/figures.hpp"

#include <string>

namespace sluice::day {

/// Clusters at their coordinates; the area of a dot is its card-hours.
std::string map_svg(DayRecord const& day, Figures const& figures);
/// Per cluster: what tenants pay, the vouchers' share, and the average list price as a mark.
std::string cost_svg(DayRecord const& day, Figures const& figures);
/// One small chart a cluster over the simulated day.
std::string utilisation_svg(DayRecord const& day, Figures const& figures);
/// Median and 95th percentile by tenant class, in simulated minutes.
std::string waits_svg(DayRecord const& day, Figures const& figures);

}  // namespace sluice::day
