// A transportation problem as plain arrays: the border between C++23 and LEMON's C++17.
#pragma once

#include <cstddef>
#include <vector>

namespace sluice::bench {

struct FlowModel {
  std::vector<long long> offer_capacity;
  std::vector<long long> cards;
  std::vector<long long> waiting_per_card;
  std::vector<std::size_t> first_arc;
  std::vector<std::size_t> arc_offer;
  std::vector<long long> cost_per_card;
};

struct FlowResult {
  double cost = 0;
  double seconds = 0;
  bool optimal = false;
};

/// The fractional optimum.
FlowResult solve_flow(FlowModel const& model, bool network_simplex);

}  // namespace sluice::bench
