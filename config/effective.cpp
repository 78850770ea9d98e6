#include "config/effective.hpp"

#include "config/schemas.hpp"

#include <fmt/format.h>

#include <map>

namespace sluice::config {

namespace {

MainFile main_file(DaemonConfig const& daemon, policy::MarketRules const& market) {
  MainFile main;
  static_cast<DaemonConfig&>(main) = daemon;
  main.market = market;
  return main;
}

void flatten(ShownTable const& table, std::string const& prefix, std::map<std::string, std::string>& out) {
  for (ShownKey const& key : table) {
    if (key.inner.empty()) out[prefix + key.key] = key.text;
    for (ShownTable const& inner : key.inner) flatten(inner, prefix + key.key + ".", out);
  }
}

}  // namespace

std::string effective_config(Configuration const& configuration) {
  Catalogue const& catalogue = configuration.catalogue;
  std::string out = "# sluice.toml\n" + to_toml(main_schema().show(main_file(configuration.daemon, catalogue.market)));
  for (ClusterEntry const& entry : catalogue.clusters) {
    out += fmt::format("\n# clusters/{}.toml\n{}", entry.definition.cluster.text, to_toml(cluster_schema().show(entry.file)));
  }
  std::map<std::string, ProgrammeFile> programmes;  // by id
  std::map<std::string, std::string> remarks;
  for (ProgrammeEntry const& entry : catalogue.programmes) {
    policy::ProgrammeDefinition const& definition = entry.definition;
    ProgrammeFile& file = programmes[entry.header.id.text];
    file.programme = entry.header;
    file.tracks.push_back(entry.rules);
    remarks[entry.header.id.text] +=
        fmt::format("## '{}' is {}\n", definition.programme.text,
                    definition.active ? "active" : fmt::format("inactive; unset: {}", fmt::join(definition.unset, ", ")));
  }
  for (auto const& [id, file] : programmes) {
    out += fmt::format("\n# programmes/{}.toml\n{}{}", id, remarks[id], to_toml(programme_schema().show(file)));
  }
  out += "\n# equivalence.toml\n" + to_toml(equivalence_schema().show(catalogue.equivalence_file));
  return out;
}

std::vector<std::string> changed_settings(DaemonConfig const& before, DaemonConfig const& after) {
  std::map<std::string, std::string> old_values;
  std::map<std::string, std::string> new_values;
  flatten(main_schema().show(main_file(before, {})), "", old_values);
  flatten(main_schema().show(main_file(after, {})), "", new_values);
  std::vector<std::string> changed;
  for (auto const& [key, value] : new_values) {
    if (auto const old = old_values.find(key); old == old_values.end() || old->second != value) changed.push_back(key);
  }
  return changed;
}

}  // namespace sluice::config
