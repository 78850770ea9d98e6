// The centre protocol (connectors/centre/openapi.json) in front of a simulated centre.
#pragma once

#include "tools/sim/world.hpp"

#include <string_view>

namespace sluice::sim {

/// Answers one request below the centre's prefix: "/v1/jobs".
Reply centre_reply(World& world, CentreSite& site, Request const& request, std::string_view path, std::string_view query,
                   policy::Timestamp wall);

}  // namespace sluice::sim
