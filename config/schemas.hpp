// The schema of each file of the configuration, in one place per file.
#pragma once

#include "config/cluster_config.hpp"
#include "config/daemon_config.hpp"
#include "config/equivalence_config.hpp"
#include "config/programme_config.hpp"
#include "config/scenario.hpp"
#include "config/section.hpp"

namespace sluice::config {

/// sluice.toml: the daemon's settings and `[market]`.
struct MainFile : DaemonConfig {
  policy::MarketRules market;
};

Section<MainFile> const& main_schema();
Section<ClusterFile> const& cluster_schema();
Section<ProgrammeFile> const& programme_schema();
Section<EquivalenceFile> const& equivalence_schema();
Section<Scenario> const& scenario_schema();

}  // namespace sluice::config
