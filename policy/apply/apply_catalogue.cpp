// Clusters, equivalences, programmes and observed offers.
#include "policy/apply/authority.hpp"
#include "policy/definition_check.hpp"
#include "policy/limits.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

/// A tariff that changes must say so by a higher version: allocations cite the version they were priced by.
Verdict tariffs_refuse(ClusterDefinition const& before, ClusterDefinition const& after) {
  for (Tariff const& tariff : after.tariffs) {
    auto const old = std::ranges::find(before.tariffs, tariff.type, &Tariff::type);
    if (old != before.tariffs.end() && *old != tariff && tariff.version <= old->version)
      return refuse(Reason::malformed,
                    "definition.tariffs " + tariff.type.text + ": a changed tariff needs a version above " + std::to_string(old->version));
  }
  return std::nullopt;
}

template <class List, class Projection>
bool strictly_ascending(List const& list, Projection projection) {
  return std::ranges::adjacent_find(list, std::ranges::greater_equal{}, projection) == list.end();
}

Money funded(ProgrammeDefinition const& definition) { return definition.purse.value_or(Money{}); }

}  // namespace

Verdict on(Editor& editor, ClusterDefined const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators_and_broker)) return refusal;
  if (auto wrong = wrong_in(event.definition)) return refuse(Reason::malformed, "definition." + *wrong);
  auto const it = state.catalogue->clusters.find(event.definition.cluster);
  if (it != state.catalogue->clusters.end()) {
    if (auto refusal = tariffs_refuse(it->second.definition, event.definition)) return refusal;
  }
  Cluster& cluster = editor.cluster(event.definition.cluster);
  cluster.definition = event.definition;
  if (cluster.remove_when_empty) {  // its file is back before it was empty
    cluster.remove_when_empty = false;
    if (cluster.status == ClusterStatus::draining) cluster.status = ClusterStatus::open;
  }
  editor.next_round_may_differ();
  return std::nullopt;
}

// Only a person lifts a quarantine.
Verdict on(Editor& editor, ClusterStatusSet const& event) {
  State const& state = editor.state();
  auto const it = state.catalogue->clusters.find(event.cluster);
  bool const lifts = it != state.catalogue->clusters.end() && it->second.status == ClusterStatus::quarantined;
  if (auto refusal = authority_refuses(state, event.by, lifts ? operators : operators_and_broker)) return refusal;
  if (it == state.catalogue->clusters.end()) return refuse(Reason::unknown_cluster, "cluster " + event.cluster.text);
  if (event.remove_when_empty && event.status != ClusterStatus::draining)
    return refuse(Reason::malformed, "remove_when_empty: only with draining");
  if (it->second.status == event.status && it->second.remove_when_empty == event.remove_when_empty)
    return refuse(Reason::already_exists, "status");
  if (lifts && is_impossible(state, event.cluster))
    return refuse(Reason::cluster_quarantined, "cluster " + event.cluster.text + ": its last figures still cannot be true");
  Cluster& cluster = editor.cluster(event.cluster);
  cluster.status = event.status;
  cluster.remove_when_empty = event.remove_when_empty;
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, EquivalenceSet const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators_and_broker)) return refusal;
  if (auto wrong = wrong_in(event.table)) return refuse(Reason::malformed, "table." + *wrong);
  if (state.catalogue->equivalence && event.table.version <= state.catalogue->equivalence->version)
    return refuse(Reason::malformed, "table.version: above " + std::to_string(state.catalogue->equivalence->version));
  editor.set_equivalence(event.table);
  editor.next_round_may_differ();
  return std::nullopt;
}

// The purse of a version is what the programme has been given in all: a new version posts the difference.
Verdict on(Editor& editor, ProgrammeDefined const& event) {
  State const& state = editor.state();
  ProgrammeDefinition const& definition = event.definition;
  if (auto refusal = authority_refuses(state, event.by, operators_and_broker)) return refusal;
  if (auto wrong = wrong_in(definition)) return refuse(Reason::malformed, "definition." + *wrong);
  Money before;
  auto const known = state.catalogue->programme_in_force.find(definition.programme);
  if (known != state.catalogue->programme_in_force.end()) {
    if (definition.version <= known->second) return refuse(Reason::malformed, "definition.version: above " + std::to_string(known->second));
    before = funded(state.catalogue->programmes.at({definition.programme, known->second}));
  }
  BookAccount const purse = purse_book(definition.programme);
  BookAccount const treasury{BookKind::treasury, {}};
  Money const added{std::max<std::int64_t>(0, funded(definition).micro_yuan - before.micro_yuan)};
  Money const cut{std::max<std::int64_t>(0, before.micro_yuan - funded(definition).micro_yuan)};
  if (cut > balance(state, purse))
    return refuse(Reason::insufficient_purse, "definition.purse: " + format_yuan(balance(state, purse)) + " yuan are not yet issued");
  auto const owed = checked_subtract(balance(state, treasury), added);
  if (!owed || owed->micro_yuan < -money_max.micro_yuan) return refuse(Reason::amount_overflow, "definition.purse");
  editor.transfer(treasury, purse, added);
  editor.transfer(purse, treasury, cut);
  editor.add_programme(definition);
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, OffersObserved const& event) {
  State const& state = editor.state();
  auto const cluster = state.catalogue->clusters.find(event.cluster);
  if (cluster == state.catalogue->clusters.end()) return refuse(Reason::unknown_cluster, "cluster " + event.cluster.text);
  if (event.as_of.ms < 0 || event.as_of > editor.at()) return refuse(Reason::malformed, "as_of: not after now");
  if (event.valid_until.ms > limits::timestamp_ms_max) return refuse(Reason::malformed, "valid_until");
  Timestamp const until = std::min(event.valid_until, Timestamp{event.as_of.ms + cluster->second.definition.offer_max_age_ms});
  if (until <= editor.at()) return refuse(Reason::offer_stale, "valid_until, or as_of is older than the cluster's offer_max_age_ms");
  auto const before = state.offers.find(event.cluster);
  if (before != state.offers.end() && event.as_of < before->second.as_of)
    return refuse(Reason::out_of_order, "as_of: a later observation is known");
  if (event.offers.size() > limits::offers_max || !strictly_ascending(event.offers, &Offer::type))
    return refuse(Reason::malformed, "offers: at most " + std::to_string(limits::offers_max) + ", sorted by type, each type once");
  for (std::size_t i = 0; i < event.offers.size(); ++i) {
    Offer const& offer = event.offers[i];
    if (auto wrong = wrong_in(offer)) return refuse(Reason::malformed, "offers[" + std::to_string(i) + "]." + *wrong);
    auto const use = state.card_use.find({event.cluster, offer.type});
    std::int32_t const live = use == state.card_use.end() ? 0 : use->second.live_cards;
    // Counted are cards of attempts that are live now; more than there are means that the count was taken before one ended.
    if (offer.counted_cards > live)
      return refuse(Reason::malformed, "offers[" + std::to_string(i) + "].counted_cards: " + std::to_string(live) + " of ours are live");
  }
  if (event.terms.size() > limits::voucher_terms_max || !strictly_ascending(event.terms, &VoucherTerms::programme))
    return refuse(Reason::malformed, "terms: at most " + std::to_string(limits::voucher_terms_max) + ", sorted by programme, each once");
  for (std::size_t i = 0; i < event.terms.size(); ++i)
    if (auto wrong = wrong_in(event.terms[i])) return refuse(Reason::malformed, "terms[" + std::to_string(i) + "]." + *wrong);

  editor.set_offers(event.cluster, {.as_of = event.as_of,
                                    .observed_at = editor.at(),
                                    .offers = event.offers,
                                    .stale = false,
                                    .terms = event.terms,
                                    .valid_until = until});
  editor.quarantine_if_impossible(event.cluster);
  editor.next_round_may_differ();
  return std::nullopt;
}

}  // namespace sluice::policy
