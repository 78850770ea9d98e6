// The configuration in effect, defaults included, as text for an operator to read.
#pragma once

#include "config/load.hpp"

#include <string>
#include <vector>

namespace sluice::config {

/// sluice.toml, each cluster, each programme and the equivalence table as TOML with every effective key, each under a comment that names
/// its file. It holds no secret: credentials are named by file, and passwords cannot stand in an address.
std::string effective_config(Configuration const& configuration);

/// The dotted keys of sluice.toml, without `[market]`, whose effective values differ: what a reload finds changed, and whoever cannot
/// change it while running names for a restart.
std::vector<std::string> changed_settings(DaemonConfig const& before, DaemonConfig const& after);

}  // namespace sluice::config
