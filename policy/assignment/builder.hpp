// Builds a problem bid by bid and shares equal bundles.
#pragma once

#include "policy/assignment/problem.hpp"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::assignment {

/// The money of one bid, micro-yuan.
struct BidMoney {
  std::int64_t price = 0;     ///< what the job is expected to pay: the objective
  std::int64_t fairness = 0;  ///< what policy adds to the objective
  std::int64_t hold = 0;      ///< what is held until settlement: budgets
  std::int64_t draw = 0;      ///< subsidy drawn from a voucher: purses, caps, entitlements
};

/// Call order: rows in any order; for each job add_job, then its bids. Not thread-safe.
class Builder {
 public:
  /// Returns the row's index.
  std::uint32_t add_row(Row const& row);
  /// A limit or minimum known only later.
  void set_capacity(std::uint32_t row, std::int64_t capacity) { problem_.rows[row].capacity = capacity; }
  /// Starts a job; first_bid and bid_count of the argument are ignored. Returns its index.
  std::uint32_t add_job(Job const& job);
  /// A job offered exactly what an earlier one is offered: shares its bids.
  std::uint32_t add_job_like(Job const& job, std::uint32_t earlier);
  /// A bid of the job last added. Uses may come in any order; several of one row and meter are added up. Returns the bid's index.
  /// REQUIRES: at most one meter per row, amounts ≥ 0.
  std::uint32_t add_bid(BidMoney const& money, std::span<Use const> uses, std::uint32_t tag);
  /// Hands the problem over; drops money arrays that are zero throughout. The builder is then empty.
  Problem finish();

 private:
  std::uint32_t bundle_of(std::span<Use const> uses, std::uint32_t tag);

  Problem problem_;
  std::vector<Use> sorted_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> bundle_by_hash_;
};

}  // namespace sluice::assignment
