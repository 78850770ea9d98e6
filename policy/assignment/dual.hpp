// Prices by smoothing: the entropic dual of the linear relaxation, maximised by projected Newton steps.
#pragma once

#include "policy/assignment/slice.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

/// How the smoothing shrinks. Smoothing τ blurs each job's choice over bids whose priced costs differ by about τ × its typical cost.
struct DualSchedule {
  double first_smoothing = 0.5;
  double last_smoothing = 0.001;
  double factor = 0.3;                ///< from one level to the next
  std::uint32_t steps_per_level = 4;  ///< Newton steps at most
  double tolerance = 0.1;             ///< a level ends when the weighted imbalance is below tolerance × smoothing
};

/// Maximises the smoothed dual of a slice. Doubles suggest the direction; the flows behind them are summed as integers, so neither order
/// nor threads change a bit. The result is only a set of prices: what they prove is for bound_of() to say.
class Dual {
 public:
  Dual(Core const& core, Slice const& slice, std::uint32_t threads);

  /// Improves the prices in place. Returns the passes made over the slice.
  std::uint32_t run(Prices& prices, DualSchedule const& schedule);

 private:
  /// A direction in row space, as the arcs of one kind see it: value = its fixed part + price × by_price + hold × by_hold + draw × by_draw.
  struct KindValue {
    double by_price = 0;
    double by_hold = 0;
    double by_draw = 0;
  };
  struct FuzzyArc {
    std::uint32_t arc;
    std::uint32_t kind;
    double weight;  ///< share of the item
  };
  struct FuzzyItem {
    std::uint32_t first_arc;
    double stiffness;  ///< copies ÷ (smoothing × scale)
  };
  /// What one part of the slice found in a pass; kept between passes for its memory.
  struct Chunk {
    std::vector<FuzzyArc> arcs;
    std::vector<FuzzyItem> items;
  };
  /// Fixed-point flows of one thread.
  struct Lane {
    std::vector<std::int64_t> kind;
    std::vector<std::int64_t> metered;
    std::vector<double> value;
  };

  void measure_rows();
  void pass(std::vector<double> const& price, double smoothing);
  std::vector<double> newton_step(std::vector<double> const& price, double smoothing);
  void curve_times(std::vector<double> const& direction, std::vector<double>& result);
  void find_kind_values(std::vector<double> const& direction);
  double arc_value(std::uint32_t arc, std::uint32_t kind) const;
  template <bool any_metered>
  void pass_over(std::size_t first_item, std::size_t last_item, double smoothing, Lane& lane, Chunk& chunk) const;
  template <typename Visit>
  void each_metered(std::uint32_t arc, std::uint32_t kind, Visit const& visit) const;
  double quantity(std::uint32_t arc, Meter meter) const;

  Core const& core_;
  Slice const& slice_;
  std::uint32_t threads_;
  std::vector<std::uint8_t> kind_metered_;
  std::vector<double> kind_fixed_;
  std::vector<KindValue> kind_value_;  ///< only where some use is metered
  std::vector<double> kind_push_;
  std::vector<double> unit_;       ///< per rank: typical price, micro-yuan per unit
  std::vector<double> capacity_;   ///< per rank, scaled to the slice
  std::vector<double> price_max_;  ///< per rank
  std::vector<double> sign_;       ///< per rank: +1 limit, -1 minimum
  std::vector<double> row_scale_;  ///< per rank: unit of the fixed-point sums of metered flow
  std::vector<double> imbalance_;  ///< per rank: what the dual's gradient is, after pass()
  std::vector<Chunk> chunks_;
  std::uint32_t passes_ = 0;
};

}  // namespace sluice::assignment
