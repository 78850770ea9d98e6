// The schema of a file of scenarios/.
#include "config/kinds.hpp"
#include "config/provenance_schema.hpp"
#include "config/schemas.hpp"

namespace sluice::config {
namespace {

Section<ScenarioAccess> access_section() {
  Section<ScenarioAccess> section("access", "Terms of access to one cluster, as the scenario claims them.");
  section.required("cluster", &ScenarioAccess::cluster, name<policy::ClusterTag>(), "A file of clusters/.");
  section.optional("minimum_annual_spend", &ScenarioAccess::minimum_annual_spend, money(), "Least spend in a year.");
  section.optional("approval_days_min", &ScenarioAccess::approval_days_min, integer(0, 3'650), "Fewest days until approval.");
  section.optional("approval_days_max", &ScenarioAccess::approval_days_max, integer(0, 3'650), "Most days until approval.");
  section.defaulted("preference", &ScenarioAccess::preference, text(200), "Whom the centre serves first.");
  section.defaulted("startups", &ScenarioAccess::startups, text(200), "Whether start-ups are served.");
  add_provenance(section);
  return section;
}

Section<Scenario> make_scenario_schema() {
  Section<Scenario> section("scenarios/ID.toml", "A labelled set of claims, laid over the catalogue only when it is asked for by name.");
  section.required("id", &Scenario::id, text(64), "The name of the file, without .toml.");
  section.required("description", &Scenario::description, text(400), "What it is and how far it can be trusted.");
  section.defaulted("access", &Scenario::access, tables_of(access_section(), 256), "Terms of access.");
  return section;
}

}  // namespace

Section<Scenario> const& scenario_schema() {
  static Section<Scenario> const schema = make_scenario_schema();
  return schema;
}

}  // namespace sluice::config
