// The day as one self-contained HTML page.
#pragma once

#include "tools/day/figures.hpp"

#include <string>

namespace sluice::day {

/// UTF-8, well-formed as XML as well, without script and without any reference to the outside; readable in light and dark.
std::string html_page(DayRecord const& day, Figures const& figures);

}  // namespace sluice::day
