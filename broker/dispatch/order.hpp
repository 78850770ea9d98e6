// What to send for an attempt: the recorded allocation joined with the job's private part.
#pragma once

#include "broker/sites.hpp"
#include "connectors/order.hpp"
#include "policy/state/state.hpp"
#include "storage/log/ledger.hpp"

#include <expected>
#include <string>

namespace sluice::broker {

/// Error: payload_missing when the private part was erased or lost, image_unreachable or input_unreachable when the site's file changed.
std::expected<connectors::DispatchOrder, policy::Reason> order_for_attempt(policy::State const& state, log::LedgerReader const& ledger,
                                                                           Site const& site, policy::Attempt const& attempt,
                                                                           std::string const& instance, std::int64_t checkpoint_grace_ms);

}  // namespace sluice::broker
