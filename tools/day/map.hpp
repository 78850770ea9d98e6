// The clusters on a map of meridians, parallels and two rivers, as inline SVG.
#pragma once

#include "tools/day/figures.hpp"

#include <string>

namespace sluice::day {

/// Clusters at their coordinates. A circle's area is card-hours: the ring what the cluster has in 24 hours, the disc what jobs used.
std::string map_svg(DayRecord const& day, Figures const& figures);

}  // namespace sluice::day
