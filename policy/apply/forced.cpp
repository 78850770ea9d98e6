// Events that nobody chooses: they must come as soon as their time has come, and before anything else.
#include "policy/apply/attempt_flow.hpp"
#include "policy/apply/entitlement_end.hpp"
#include "policy/settlement.hpp"

#include <cassert>

namespace sluice::policy {
namespace {

bool is_empty(State const& state, ClusterName const& cluster) {
  for (auto it = state.card_use.lower_bound({cluster, {}}); it != state.card_use.end() && it->first.first == cluster; ++it)
    if (it->second.live_cards > 0) return false;
  return true;
}

Event expiry_of(Due const& due) {
  switch (due.kind) {
    case Due::Kind::offers:
      return OffersExpired{due.cluster};
    case Due::Kind::entitlement:
      return EntitlementExpired{{due.id}};
    case Due::Kind::job:
      return JobExpired{{due.id}};
  }
  assert(false);
  return OffersExpired{due.cluster};
}

}  // namespace

std::optional<Event> next_forced(State const& state, Timestamp at) {
  if (!state.unsettled.empty()) return settlement_of(*state.catalogue, state.attempts.at(state.unsettled.front()));
  if (!state.due.empty() && state.due.begin()->at <= at) return expiry_of(*state.due.begin());
  for (auto const& [name, cluster] : state.catalogue->clusters)
    if (cluster.remove_when_empty && is_empty(state, name)) return ClusterRemoved{name};
  return std::nullopt;
}

void end_entitlement(Editor& editor, EntitlementId id) {
  Entitlement const& entitlement = editor.state().catalogue->entitlements.at(id);
  BookAccount const free = entitlement_book(BookKind::entitlement_free, id);
  Money const rest = balance(editor.state(), free);
  editor.transfer(free, purse_book(entitlement.programme), rest);
  editor.close_entitlement(id, rest);
}

Verdict on(Editor& editor, OffersExpired const& event) {
  editor.expire_offers(event.cluster);
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, EntitlementExpired const& event) {
  end_entitlement(editor, event.entitlement);
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, JobExpired const& event) {
  finish_job(editor, event.job, JobStatus::failed, Reason::deadline_passed);
  return std::nullopt;
}

Verdict on(Editor& editor, ClusterRemoved const& event) {
  editor.erase_cluster(event.cluster);
  editor.next_round_may_differ();
  return std::nullopt;
}

}  // namespace sluice::policy
