#include "config/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {

ClusterEntry const* Catalogue::cluster(policy::ClusterName const& name) const {
  auto const found = std::ranges::find(clusters, name, [](ClusterEntry const& entry) { return entry.definition.cluster; });
  return found == clusters.end() ? nullptr : &*found;
}

ProgrammeEntry const* Catalogue::programme(policy::ProgrammeName const& name) const {
  auto const found = std::ranges::find(programmes, name, [](ProgrammeEntry const& entry) { return entry.definition.programme; });
  return found == programmes.end() ? nullptr : &*found;
}

std::expected<void, std::string> lay_over(Catalogue& catalogue, Scenario const& scenario) {
  for (ScenarioAccess const& claim : scenario.access) {
    if (catalogue.cluster(claim.cluster) == nullptr) {
      return std::unexpected(
          fmt::format("scenario '{}' names the cluster '{}', which has no file in clusters/", scenario.id, claim.cluster.text));
    }
  }
  for (ScenarioAccess const& claim : scenario.access) {
    auto const entry = std::ranges::find(catalogue.clusters, claim.cluster, [](ClusterEntry const& e) { return e.definition.cluster; });
    policy::AccessTerms& terms = entry->definition.access;
    if (claim.minimum_annual_spend) terms.minimum_annual_spend = claim.minimum_annual_spend;
    if (claim.approval_days_min) terms.approval_days_min = claim.approval_days_min;
    if (claim.approval_days_max) terms.approval_days_max = claim.approval_days_max;
  }
  return {};
}

}  // namespace sluice::config
