// A cluster as the contract shows it.
#pragma once

#include "broker/api/api.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace sluice::broker::api {

/// The contract's Cluster. Not found gives null.
nlohmann::ordered_json cluster_json(Api const& api, policy::ClusterName const& name);
/// What the last conversations say of it: the broker's own view, not the log's. "healthy", "suspect", "lost", "quarantined" or "unknown".
std::string_view cluster_health(Api const& api, policy::ClusterName const& name);

}  // namespace sluice::broker::api
