// From a track as written to what the log learns of it, and the reasons that keep it inactive.
#include "config/programme_config.hpp"

#include <algorithm>

namespace sluice::config {
namespace {

/// A condition that this broker can settle for good when it reads the file: it rents accelerators, and nothing else.
enum class Settled { always, never, open };

Settled settle(RateConditions const& when) {
  if (when.expense && *when.expense != Expense::rent) return Settled::never;
  if (when.model_registered || when.project_level || when.district_cofunded || when.within_days_of_founding) return Settled::open;
  return Settled::always;
}

std::string first_open_condition(RateConditions const& when) {
  if (when.model_registered) return "model_registered";
  if (when.project_level) return "project_level";
  if (when.district_cofunded) return "district_cofunded";
  return "within_days_of_founding";
}

std::string name_word(policy::Flow flow) {
  static constexpr char const* words[] = {"",        "reimburse",     "deduct_at_use", "platform_metered", "target_letter",
                                          "in_kind", "project_award", "billing_tag"};
  return words[static_cast<std::size_t>(flow)];
}

std::string name_word(VoucherKind kind) {
  static constexpr char const* words[] = {"compute", "training", "model", "corpus", "data", "storage", "token", "card_hours"};
  return words[static_cast<std::size_t>(kind)];
}

void read_rates(ProgrammeRules const& track, policy::ProgrammeDefinition& definition) {
  for (RateRule const& rule : track.rate) {
    Settled const settled = settle(rule.when);
    if (settled == Settled::never) continue;
    if (settled == Settled::open) {
      definition.unset.push_back("rate." + first_open_condition(rule.when));
      continue;
    }
    if (rule.within_days) definition.unset.push_back("rate.within_days");
    definition.rates.push_back({rule.when.applicant_class, rule.when.hardware_origin, rule.max_bp});
  }
  if (definition.rates.empty()) definition.unset.push_back("rate");
}

/// The log knows floors of orders. A floor of the subsidy becomes the least order, in whole fen, whose subsidy at the one rate reaches it.
void read_floor(ProgrammeRules const& track, policy::ProgrammeDefinition& definition) {
  if (!track.floor) return;
  if (track.floor_of == FloorOf::order) {
    definition.floor = track.floor;
  } else if (track.floor_of == FloorOf::subsidy && definition.rates.size() == 1) {
    definition.floor =
        policy::round_ratio(policy::Int128{track.floor->micro_yuan} * 10'000, definition.rates.front().rate_bp, policy::Rounding::ceil_fen);
  }
  if (!definition.floor) definition.unset.push_back(track.floor_of ? "floor" : "floor_of");
}

void find_unset(ProgrammeHeader const& header, ProgrammeRules const& track, std::vector<std::string>& unset) {
  if (!track.base_tax) unset.push_back("base_tax");
  if (!track.cap && !track.uncapped) unset.push_back("cap");
  if (track.cap && !track.cap_period) unset.push_back("cap_period");
  if (!track.clusters || track.clusters->empty()) unset.push_back("clusters");
  if (!header.effective_from) unset.push_back("effective_from");
  if (!track.flow) unset.push_back("flow");
  if (!track.purse) unset.push_back("purse");
  if (!track.valid_days) unset.push_back("valid_days");
  // Rules that decisions cannot honour yet. Better no subsidy than one that the rule does not give.
  if (track.flow && *track.flow != policy::Flow::deduct_at_use && *track.flow != policy::Flow::billing_tag) {
    unset.push_back("flow." + name_word(*track.flow));
  }
  if (track.kind != VoucherKind::compute) unset.push_back("kind." + name_word(track.kind));
}

}  // namespace

policy::ProgrammeName programme_name(ProgrammeHeader const& header, ProgrammeRules const& track) {
  return {track.name.empty() ? header.id.text : header.id.text + "-" + track.name};
}

policy::ProgrammeDefinition definition_of(ProgrammeHeader const& header, ProgrammeRules const& track) {
  policy::ProgrammeDefinition definition;
  definition.cap = track.cap;
  definition.cap_period = track.cap_period.value_or(policy::CapPeriod::natural_year);
  definition.clause = track.clause;
  definition.clusters = track.clusters.value_or(std::vector<policy::ClusterName>{});
  std::ranges::sort(definition.clusters);
  definition.effective_from = header.effective_from;
  definition.effective_to = header.effective_to;
  definition.eligible = track.eligible.applicant_classes;
  std::ranges::sort(definition.eligible);
  definition.flow = track.flow.value_or(policy::Flow::deduct_at_use);
  definition.programme = programme_name(header, track);
  definition.purse = track.purse;
  definition.rate_is = track.rate_is;
  definition.regions = track.eligible.registered_in.value_or(std::vector<policy::RegionCode>{});
  std::ranges::sort(definition.regions);
  definition.rounding = track.rounding;
  definition.valid_days = track.valid_days;
  definition.version = header.version;
  read_rates(track, definition);
  read_floor(track, definition);
  find_unset(header, track, definition.unset);
  std::ranges::sort(definition.unset);
  auto const repeated = std::ranges::unique(definition.unset);
  definition.unset.erase(repeated.begin(), repeated.end());
  definition.active = definition.unset.empty();
  return definition;
}

}  // namespace sluice::config
