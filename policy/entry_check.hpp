// What one entry may never do, judged on the state right behind it and apart from the engine that applied it.
#pragma once

#include "policy/events/event.hpp"
#include "policy/state/state.hpp"

#include <optional>
#include <string>

namespace sluice::policy {

/// The limits that bind at one moment only, since people may lower them afterwards; invariants.hpp has those that always hold.
///
/// allocation.made: quota, the site's free cards, price limit and run time of the job, account and voucher of its own tenant, a rate that
/// its programme's version states, and holds that pay for the whole granted limit.
/// entitlement.issued: the programme's cap per entity in its period, and its validity.
///
/// REQUIRES: apply() has just accepted the event at `at`, and nothing since. What is broken, or nullopt.
std::optional<std::string> check_entry(State const& state, Timestamp at, Event const& event);

}  // namespace sluice::policy
