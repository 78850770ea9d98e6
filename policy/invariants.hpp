// What must always be true of the state, written apart from the engine that keeps it so.
#pragma once

#include "policy/state/state.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::policy {

/// Checks the rows that a Group touched, and what stands next to them, before the Group is appended. Costs time in proportion to the rows,
/// not to the state. What is broken, or nullopt.
///
/// No account of a tenant, voucher, purse or centre below zero; all postings sum to zero; no voucher pays out more than was issued;
/// no more of our cards live than a cluster has, unless it is quarantined; a job is in the queue exactly while it waits, and agrees with
/// its current attempt; a settled attempt's line adds up and stays within its hold.
std::optional<std::string> check_touched(State const& state, std::vector<RowChange> const& rows);
std::optional<std::string> check_touched(State const& state, std::set<std::string> const& keys);

/// Checks everything, counting anew what the state keeps counted: for replay, and on a database snapshot at start and hourly.
/// Beyond check_touched: books sum to zero; holds and disputes equal the sum over attempts; vouchers' money equals what was issued less
/// what was paid and returned; purses and vouchers equal what their treasury gave; caps per entity; cards per cluster, type and tenant;
/// counters of tenants; the queue; what is due; what is unsettled.
std::optional<std::string> check_all(State const& state);

}  // namespace sluice::policy
