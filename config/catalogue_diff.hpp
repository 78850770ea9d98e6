// What has to happen so that the state says what the files say: start and SIGHUP alike.
#pragma once

#include "config/catalogue.hpp"
#include "config/report.hpp"
#include "policy/events/event.hpp"

#include <expected>
#include <map>
#include <optional>
#include <vector>

namespace sluice::config {

/// One cluster as the state has it.
struct ClusterInForce {
  policy::ClusterDefinition definition;
  policy::ClusterStatus status = policy::ClusterStatus::open;
  bool remove_when_empty = false;
};

/// What of the catalogue is in force: the state, as far as files own it.
struct CatalogueView {
  std::map<policy::ClusterName, ClusterInForce> clusters;
  std::map<policy::ProgrammeName, policy::ProgrammeDefinition> programmes;  ///< of each, the newest version
  std::optional<policy::EquivalenceTable> equivalence;
  std::optional<policy::MarketRules> market_rules;
  std::optional<std::int32_t> disclosure_delay_days;
};

/// The events that turn `view` into `catalogue`, in an order in which each can be applied; empty when nothing differs. They are one
/// change: submit them as one group, or none of them.
///
/// - Market rules, equivalence table, clusters and programmes that differ are set again.
/// - A cluster without a file drains and is removed when empty; one whose file is back is opened again. A status that a person set stays.
/// - A programme without a file gets a next version that is inactive, with "file" as the reason in `unset`.
///
/// Error: changes the log must not swallow silently, all of them: a programme, tariff or equivalence table that differs from the one in
/// force without a higher version.
std::expected<std::vector<policy::Event>, std::vector<Diagnostic>> diff(Catalogue const& catalogue, CatalogueView const& view,
                                                                        policy::By const& by);

}  // namespace sluice::config
