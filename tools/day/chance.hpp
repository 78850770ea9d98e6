// Chance from a fixed seed, the same on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <span>

namespace sluice::day {

/// The engine's output is laid down by the standard; the standard distributions are not, so they are written out here.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  /// Uniform in [least, most].
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(unit() * static_cast<double>(most - least + 1));
  }
  bool happens(double share) { return unit() < share; }
  /// An index, each as likely as its weight. REQUIRES: a positive sum.
  std::size_t pick(std::span<double const> weights) {
    double sum = 0;
    for (double const weight : weights) sum += weight;
    double left = unit() * sum;
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
      left -= weights[i];
      if (left < 0) return i;
    }
    return weights.size() - 1;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice::day
