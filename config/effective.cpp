#include "config/effective.hpp"

#include "config/schemas.hpp"

#include <fmt/format.h>

namespace sluice::config {

std::string effective_config(Configuration const& configuration) {
  Catalogue const& catalogue = configuration.catalogue;
  MainFile main;
  static_cast<DaemonConfig&>(main) = configuration.daemon;
  main.market = catalogue.market;
  std::string out = "# sluice.toml\n" + to_toml(main_schema().show(main));
  for (ClusterEntry const& entry : catalogue.clusters) {
    out += fmt::format("\n# {}: cluster '{}'\n{}", printable(entry.path, 4'096), entry.definition.cluster.text,
                       to_toml(cluster_schema().show(entry.file)));
  }
  for (ProgrammeEntry const& entry : catalogue.programmes) {
    policy::ProgrammeDefinition const& definition = entry.definition;
    out += fmt::format("\n# {}: programme '{}', {}\n{}", printable(entry.path, 4'096), definition.programme.text,
                       definition.active ? "active" : fmt::format("inactive, unset: {}", fmt::join(definition.unset, ", ")),
                       to_toml(programme_schema().show({entry.header, {entry.rules}})));
  }
  out += "\n# equivalence.toml\n" + to_toml(equivalence_schema().show(catalogue.equivalence_file));
  return out;
}

}  // namespace sluice::config
