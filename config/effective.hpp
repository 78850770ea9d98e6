// The configuration in effect, defaults included, as text for an operator to read.
#pragma once

#include "config/load.hpp"

#include <string>

namespace sluice::config {

/// sluice.toml, each cluster, each programme and the equivalence table as TOML with every effective key, under comment lines that name the
/// file. It holds no secret: credentials are named by file, and passwords cannot stand in an address.
std::string effective_config(Configuration const& configuration);

}  // namespace sluice::config
