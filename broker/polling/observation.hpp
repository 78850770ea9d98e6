// From a connector's report to the entry that records it, and whether it is worth one.
#pragma once

#include "connectors/observations.hpp"
#include "policy/state/state.hpp"

#include <optional>
#include <string_view>

namespace sluice::broker {

/// The entry's content for what a site reported at `now`; evidence is left out. Offers without total, free or a moment are unknown and
/// left out; so are stale ones and those from a moment that has not come yet. `valid_for_ms` bounds how long after its moment the broker
/// believes an offer. `instance` names our attempts at the site.
policy::OffersObserved observed(policy::State const& state, policy::ClusterName const& cluster, connectors::OfferReport const& offers,
                                connectors::VoucherReport const* terms, std::string_view instance, policy::Timestamp now,
                                std::int64_t valid_for_ms);

/// True when the next decision could differ: other types, cards, terms, a price moved by at least move_ppm, or the recorded
/// observation is past half of its validity.
bool worth_an_entry(policy::State const& state, policy::OffersObserved const& seen, policy::Timestamp now, std::int32_t move_ppm);

}  // namespace sluice::broker
