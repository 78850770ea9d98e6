// What a job would cost if money were no limit: a price is worth knowing before the money is there.
#pragma once

#include "policy/pricing.hpp"

#include <optional>

namespace sluice::broker::api {

/// Prices a bid that `excluded` by the tenant's balance or the job's own price limit; nullopt when it was anything else that excluded it,
/// or excludes it beside.
std::optional<policy::PricedBid> price_beyond_means(policy::Market const& market, policy::JobView const& job, policy::BidKey const& key,
                                                    policy::Reason excluded);

}  // namespace sluice::broker::api
