// The problem as the solver works on it: ranked rows, merged classes, and what a bid takes.
#pragma once

#include "policy/assignment/canonical.hpp"
#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::assignment {

struct CoreUse {
  std::uint32_t row = 0;  ///< rank
  Meter meter = Meter::fixed;
  std::int64_t amount = 0;
};

/// Views the problem, which must outlive it. Read-only after construction, so threads may share it.
struct Core {
  explicit Core(Problem const& problem);

  Problem const& problem;
  Canonical canonical;
  std::vector<CoreUse> uses;                ///< by bundle as problem.bundle_first, ranks ascending
  std::vector<std::int64_t> capacity;       ///< by rank
  std::vector<std::uint8_t> is_minimum;     ///< by rank: the row is a minimum_spend
  std::vector<std::int32_t> shortfall_ppm;  ///< by rank
  std::vector<std::uint8_t> bundle_fits;    ///< no fixed use alone exceeds its row
  std::vector<std::uint8_t> bundle_metered;
  std::vector<std::uint8_t> bundle_minimum;  ///< takes from a minimum_spend row
  bool any_metered = false;
  std::vector<std::uint32_t> kind_of_bundle;  ///< bundles that use the same rows alike are of one kind; kinds are in canonical order
  std::vector<std::uint32_t> kind_first{0};   ///< kind → kind_uses
  std::vector<CoreUse> kind_uses;
  std::uint8_t price_shift = 0;  ///< of all prices of this solve: as fine as 64-bit sums allow

  std::size_t row_total() const { return capacity.size(); }
  std::size_t class_total() const { return canonical.class_total(); }
  std::uint32_t copies(std::size_t k) const { return canonical.class_first[k + 1] - canonical.class_first[k]; }
  Job const& job_of_class(std::size_t k) const { return problem.jobs[canonical.job_order[canonical.class_first[k]]]; }
  std::span<CoreUse const> uses_of_bundle(std::uint32_t bundle) const {
    return {uses.data() + problem.bundle_first[bundle], uses.data() + problem.bundle_first[bundle + 1]};
  }
  std::span<CoreUse const> uses_of_kind(std::uint32_t kind) const {
    return {kind_uses.data() + kind_first[kind], kind_uses.data() + kind_first[kind + 1]};
  }
  std::size_t kind_total() const { return kind_first.size() - 1; }
  std::int64_t amount(std::size_t bid, CoreUse const& use) const {
    return use.meter == Meter::fixed ? use.amount : use_amount(problem, bid, {use.row, use.meter, use.amount});
  }
  /// Whether some plan could contain the bid: no use alone exceeds its row.
  bool fits(std::size_t bid) const;
  /// The largest price a row may have: its tariff for a minimum, unlimited otherwise.
  std::int64_t price_max(std::size_t rank) const;
  /// What a shortfall costs, rounded up.
  std::int64_t shortfall_cost(std::size_t rank, std::int64_t used) const;

 private:
  void sort_kinds();

  bool minimums_priced_ = true;  ///< false: some bid takes so much of a minimum that priced sums would not fit 64 bits
};

}  // namespace sluice::assignment
