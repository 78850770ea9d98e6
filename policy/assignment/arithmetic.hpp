// Floating-point functions that give the same bits with every compiler and optimisation level.
#pragma once

#include <bit>
#include <cstdint>

namespace sluice::assignment {

/// e^-x for 0 ≤ x ≤ 700, relative error below 10^-11; only additions and multiplications in a stated order.
inline double exp_minus(double x) {
  constexpr double per_ln2 = 1.4426950408889634;
  constexpr double ln2 = 0.6931471805599453;
  auto const halvings = static_cast<std::int64_t>(x * per_ln2 + 0.5);
  double const r = x - static_cast<double>(halvings) * ln2;  // |r| ≤ ln 2 / 2
  // Taylor series of e^-r by Horner's rule.
  double sum = 1.0 - r * (1.0 / 10);
  sum = 1.0 - r * (1.0 / 9) * sum;
  sum = 1.0 - r * (1.0 / 8) * sum;
  sum = 1.0 - r * (1.0 / 7) * sum;
  sum = 1.0 - r * (1.0 / 6) * sum;
  sum = 1.0 - r * (1.0 / 5) * sum;
  sum = 1.0 - r * (1.0 / 4) * sum;
  sum = 1.0 - r * (1.0 / 3) * sum;
  sum = 1.0 - r * (1.0 / 2) * sum;
  sum = 1.0 - r * sum;
  return sum * std::bit_cast<double>((1023 - halvings) << 52);
}

}  // namespace sluice::assignment
