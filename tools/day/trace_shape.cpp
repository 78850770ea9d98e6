// Drawing from the quantiles: straight lines between the points, so that the same bits come out everywhere.
#include "tools/day/trace_shape.hpp"

#include <algorithm>

namespace sluice::day {
namespace {

std::size_t row_of(std::int32_t cards) { return cards <= 1 ? 0 : cards <= 2 ? 1 : cards <= 4 ? 2 : cards <= 8 ? 3 : 4; }

}  // namespace

std::int32_t draw_cards(Chance& chance) {
  std::array<double, size_shares.size()> weights{};
  std::ranges::transform(size_shares, weights.begin(), &SizeShare::jobs);
  return size_shares[chance.pick(weights)].cards;
}

std::int64_t draw_run_seconds(Chance& chance, std::int32_t cards, std::int64_t longest_s) {
  auto const& seconds = run_seconds[row_of(cards)];
  double const at = chance.unit();
  std::size_t next = 1;
  while (next + 1 < quantile_points.size() && quantile_points[next] <= at) ++next;
  double const share = (at - quantile_points[next - 1]) / (quantile_points[next] - quantile_points[next - 1]);
  double const drawn = seconds[next - 1] + share * (seconds[next] - seconds[next - 1]);
  return std::clamp(static_cast<std::int64_t>(drawn), std::int64_t{1}, longest_s);
}

std::int64_t draw_arrival_ms(Chance& chance) {
  auto const hour = static_cast<std::int64_t>(chance.pick(hourly_submissions));
  return hour * 3'600'000 + chance.between(0, 3'599'999);
}

}  // namespace sluice::day
