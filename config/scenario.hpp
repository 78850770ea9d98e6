// A labelled set of claims that can be laid over the catalogue for an experiment, and never is by default.
#pragma once

#include "config/provenance.hpp"
#include "policy/definitions.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::config {

/// Terms of access to one cluster as the scenario claims them.
struct ScenarioAccess : policy::AccessTerms, Provenance {
  policy::ClusterName cluster;
  std::string preference;  ///< whom the centre serves first, in the scenario's words
  std::string startups;    ///< whether start-ups are served, in the scenario's words
};

struct Scenario {
  std::string id;
  std::string description;
  std::vector<ScenarioAccess> access;
};

}  // namespace sluice::config
