// How fast the simulated cards work, in millionths of the reference card.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::day {

struct CardSpeed {
  std::string_view type;
  std::int64_t ppm = 1'000'000;
};
/// As config/equivalence.toml has them, so that estimates are near what the cards do; H800, absent there, is made up.
constexpr std::array<CardSpeed, 4> card_speeds{{{"A100", 1'000'000}, {"H800", 1'900'000}, {"Ascend910B", 615'384}, {"MLU370-S4", 143'589}}};

constexpr std::int64_t speed_ppm(std::string_view type) {
  for (CardSpeed const& each : card_speeds)
    if (each.type == type) return each.ppm;
  return 1'000'000;
}

}  // namespace sluice::day
