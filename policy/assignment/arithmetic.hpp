// Floating-point functions that give the same bits with every compiler and optimisation level.
#pragma once

#include <bit>
#include <cstdint>

namespace sluice::assignment {

/// 2^(-i/64) for i = 0 … 63, by repeated multiplication with a constant; evaluated by the compiler in plain double arithmetic.
struct HalvingTable {
  double value[64];
};
constexpr HalvingTable halving_table = [] {
  HalvingTable table{};
  constexpr double step = 0.98922801319397548413;  // 2^(-1/64)
  double power = 1;
  for (double& entry : table.value) {
    entry = power;
    power *= step;
  }
  return table;
}();

/// e^-x for 0 ≤ x ≤ 700, relative error below 10^-9; only additions and multiplications in a stated order.
inline double exp_minus(double x) {
  constexpr double per_step = 92.332482616893656877;  // 64 / ln 2
  constexpr double step = 0.010830424696249145;       // ln 2 / 64
  auto const steps = static_cast<std::int64_t>(x * per_step + 0.5);
  double const r = x - static_cast<double>(steps) * step;  // |r| ≤ ln 2 / 128
  double const series = 1.0 - r * (1.0 - r * (0.5 - r * (1.0 / 6)));
  return series * halving_table.value[steps & 63] * std::bit_cast<double>((1023 - (steps >> 6)) << 52);
}

}  // namespace sluice::assignment
