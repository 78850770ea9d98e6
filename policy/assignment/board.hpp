// A plan while it is being changed: what is left of each row, who stands where, and what it all costs.
#pragma once

#include "policy/assignment/core.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

/// Positions are jobs in canonical order; a choice is a bid of the first job of the class, or `waiting`. Never breaks a limit.
class Board {
 public:
  explicit Board(Core const& core);

  std::size_t positions() const { return choice_.size(); }
  std::uint32_t class_of(std::uint32_t position) const { return class_of_[position]; }
  std::uint32_t choice(std::uint32_t position) const { return choice_[position]; }
  std::vector<std::uint32_t> const& choices() const { return choice_; }
  /// Cost of everything, with the waiting costs in force.
  std::int64_t cost() const { return cost_; }
  /// Jobs that wait although they may not.
  std::uint32_t unplaced() const { return unplaced_; }
  std::int64_t waiting_cost(std::uint32_t k) const { return waiting_[k]; }
  /// The waiting cost used for a class that may not wait: what the search pays for leaving it out.
  void set_waiting_cost(std::uint32_t k, std::int64_t cost);
  std::int64_t left(std::uint32_t row) const { return left_[row]; }

  bool fits(std::uint32_t bid) const;
  /// REQUIRES: the position waits and the bid fits.
  void place(std::uint32_t position, std::uint32_t bid);
  /// REQUIRES: the position does not wait.
  void remove(std::uint32_t position);
  /// What place() would add to cost(), shortfalls included. REQUIRES: the position waits.
  std::int64_t added_cost(std::uint32_t position, std::uint32_t bid) const;

  /// From now on keeps, per limit, the list of positions that use it.
  void track_occupants();
  std::vector<std::uint32_t> const& occupants(std::uint32_t row) const { return occupants_[row]; }

 private:
  void change(std::uint32_t bid, std::int64_t direction);
  void enlist(std::uint32_t position, std::uint32_t bid);
  void delist(std::uint32_t position, std::uint32_t bid);

  Core const& core_;
  std::vector<std::uint32_t> class_of_;
  std::vector<std::uint32_t> choice_;
  std::vector<std::int64_t> waiting_;  ///< per class
  std::vector<std::int64_t> left_;     ///< per rank; of a minimum: what is still missing, negative beyond it
  std::int64_t cost_ = 0;
  std::uint32_t unplaced_ = 0;
  bool tracking_ = false;
  std::uint32_t uses_max_ = 0;
  std::vector<std::vector<std::uint32_t>> occupants_;
  std::vector<std::uint32_t> slot_;  ///< position × uses_max_ + use → index in the row's list
};

}  // namespace sluice::assignment
