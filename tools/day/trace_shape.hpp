// The shape of a public GPU trace in a few numbers: how large jobs are, how long they run, when they come.
#pragma once

#include "tools/day/chance.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::day {

// Counted from the Philly trace (Microsoft, 82,247 jobs of 109 days in 2017, CC-BY-4.0, github.com/msr-fiddle/philly-traces):
// facts about it, not a copy of it.
constexpr std::string_view trace_name = "Philly (Microsoft 2017, 82,247 jobs)";

struct SizeShare {
  std::int32_t cards = 1;
  double jobs = 0;  ///< jobs of this size in the trace
};
/// Sizes in the trace. Its 9 jobs of 64 and 128 cards are counted as 32: no simulated centre could ever free that many at once.
constexpr std::array<SizeShare, 8> size_shares{{{1, 76'627}, {2, 1'818}, {4, 1'870}, {8, 1'643}, {12, 7}, {16, 199}, {24, 7}, {32, 76}}};

/// Quantiles of the run time in seconds, at these points, by size: 1, 2, 4, 8 and more cards.
constexpr std::array<double, 17> quantile_points{0,    0.05, 0.10, 0.20, 0.25, 0.30, 0.40, 0.50, 0.60,
                                                 0.70, 0.75, 0.80, 0.85, 0.90, 0.95, 0.99, 1.00};
constexpr std::array<std::array<double, 17>, 5> run_seconds{{
    {1, 52, 62, 76, 122, 215, 600, 1'117, 1'728, 2'464, 2'716, 3'754, 5'342, 8'512, 19'137, 135'386, 3'256'045},
    {2, 9, 11, 15, 16, 17, 19, 21, 25, 33, 76, 148, 22'165, 72'361, 197'004, 510'066, 2'582'803},
    {3, 75, 136, 400, 772, 1'695, 7'457, 17'388, 36'253, 78'636, 89'311, 106'275, 151'048, 184'426, 273'515, 906'798, 2'750'674},
    {1, 125, 216, 783, 1'871, 3'940, 12'351, 23'683, 64'753, 140'659, 173'209, 202'915, 242'185, 350'272, 525'503, 1'051'666, 4'628'226},
    {1, 35, 69, 345, 566, 880, 3'165, 21'137, 53'301, 72'685, 104'218, 158'329, 181'526, 246'825, 438'912, 891'298, 1'710'643},
}};

/// Submissions in each hour of the (local) day.
constexpr std::array<double, 24> hourly_submissions{4'367, 3'374, 3'835, 3'780, 2'400, 3'950, 5'732, 7'159, 3'802, 3'447, 3'510, 2'979,
                                                    2'567, 2'415, 2'185, 2'224, 3'021, 2'289, 2'744, 2'496, 3'483, 3'142, 3'885, 3'461};

std::int32_t draw_cards(Chance& chance);
/// Seconds, at least 1 and at most `longest_s`: the trace's longest jobs run for weeks, which no day holds.
std::int64_t draw_run_seconds(Chance& chance, std::int32_t cards, std::int64_t longest_s);
/// Milliseconds into the day.
std::int64_t draw_arrival_ms(Chance& chance);

}  // namespace sluice::day
