// Everything the files say that decisions use, with what stands beside it: connections and rules for later.
#pragma once

#include "config/cluster_config.hpp"
#include "config/equivalence_config.hpp"
#include "config/programme_config.hpp"
#include "config/reader.hpp"
#include "config/scenario.hpp"
#include "policy/definitions.hpp"

#include <string>
#include <vector>

namespace sluice::config {

/// One file of clusters/.
struct ClusterEntry {
  policy::ClusterDefinition definition;
  ClusterConnection connection;
  ClusterFile file;  ///< as written, with the source of each figure
  std::string path;  ///< for messages
  Places places;
};

/// One track of a file of programmes/.
struct ProgrammeEntry {
  policy::ProgrammeDefinition definition;
  ProgrammeHeader header;
  ProgrammeRules rules;
  std::string path;  ///< for messages
  std::string key;   ///< "track[1]"
  Places places;
};

struct Catalogue {
  std::vector<ClusterEntry> clusters;      ///< sorted by name
  std::vector<ProgrammeEntry> programmes;  ///< sorted by name
  policy::EquivalenceTable equivalence;
  EquivalenceFile equivalence_file;  ///< with ranges and sources
  policy::MarketRules market;
  std::int32_t disclosure_delay_days = 30;

  ClusterEntry const* cluster(policy::ClusterName const& name) const;
  ProgrammeEntry const* programme(policy::ProgrammeName const& name) const;
};

/// Lays a scenario's terms of access over the clusters it names; a term it leaves unset stays as it is.
/// Error: names the cluster that the catalogue does not have.
std::expected<void, std::string> lay_over(Catalogue& catalogue, Scenario const& scenario);

}  // namespace sluice::config
