// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::day {

/// "12,345" whole yuan, rounded.
std::string yuan_text(std::int64_t micro_yuan);
/// "1,234.5" hours of milliseconds.
std::string hours_text(std::int64_t ms);
/// "12.3 %" of a whole; "-" when the whole is zero.
std::string percent_text(std::int64_t part, std::int64_t whole);
/// "12.3 % below" or "1.2 % above" a whole; "-" when the whole is zero.
std::string against_text(std::int64_t part, std::int64_t whole);
/// The same for a headline: "−12.3 %" or "+1.2 %"; "-" when the whole is zero.
std::string change_text(std::int64_t part, std::int64_t whole);
/// "12,345".
std::string count_text(std::int64_t count);
/// Text for HTML and SVG: <, >, &, " and ' escaped, control characters dropped.
std::string escaped(std::string_view text);

}  // namespace sluice::day
