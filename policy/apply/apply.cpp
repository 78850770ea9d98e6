// The one way an event changes the state: order first, then the event's own handler.
#include "policy/apply.hpp"

#include "policy/apply/handlers.hpp"
#include "policy/limits.hpp"
#include "policy/state/rows.hpp"

namespace sluice::policy {
namespace {

template <class E>
constexpr bool is_forced_type = std::is_same_v<E, AttemptSettled> || std::is_same_v<E, OffersExpired> ||
                                std::is_same_v<E, EntitlementExpired> || std::is_same_v<E, JobExpired> || std::is_same_v<E, ClusterRemoved>;

bool same_forced(Event const& event, Event const& forced) {
  if (event.index() != forced.index()) return false;
  return std::visit(
      [&]<class E>(E const& e) {
        if constexpr (is_forced_type<E>) {
          return e == std::get<E>(forced);
        } else {
          return false;
        }
      },
      event);
}

Verdict order_refuses(State const& state, Timestamp at, Event const& event) {
  Governance const& governance = state.governance;
  if (at.ms < 0 || at.ms > limits::timestamp_ms_max) return refuse(Reason::malformed, "at: 0 to 2^53 - 1 milliseconds");
  if (at < governance.at) return refuse(Reason::time_went_back, "at: the last entry is of " + format_rfc3339(governance.at));
  if ((governance.sequence == 0) != std::holds_alternative<Genesis>(event)) return refuse(Reason::out_of_order, "entry 0 is genesis");
  if (governance.sequence == 1 && !std::holds_alternative<EngineActivated>(event))
    return refuse(Reason::out_of_order, "entry 1 is engine.activated");
  auto const forced = next_forced(state, at);
  if (forced) {
    if (same_forced(event, *forced)) return std::nullopt;
    bool const same_line = std::holds_alternative<AttemptSettled>(event) && std::holds_alternative<AttemptSettled>(*forced) &&
                           std::get<AttemptSettled>(event).attempt == std::get<AttemptSettled>(*forced).attempt;
    if (same_line) return refuse(Reason::settlement_mismatch, "attempt " + to_string(std::get<AttemptSettled>(event).attempt));
    return refuse(Reason::forced_event_pending, std::string(type_of(*forced)));
  }
  bool const forced_type = std::visit([]<class E>(E const&) { return is_forced_type<E>; }, event);
  if (forced_type) return refuse(Reason::out_of_order, std::string(type_of(event)) + ": nothing forces it now");
  return std::nullopt;
}

}  // namespace

Transition apply(State& state, Timestamp at, Event const& event) {
  if (auto refusal = order_refuses(state, at, event)) return std::unexpected(*std::move(refusal));
  Effects effects;
  Editor editor(state, at, effects);
  if (auto refusal = std::visit([&](auto const& e) { return on(editor, e); }, event)) return std::unexpected(*std::move(refusal));
  Governance& governance = editor.governance();
  ++governance.sequence;
  governance.at = at;
  return effects;
}

std::vector<RowChange> take_changed_rows(State& state) {
  std::vector<RowChange> rows;
  rows.reserve(state.changed_rows.size());
  for (std::string const& key : state.changed_rows) rows.push_back({key, row_value(state, key)});
  state.changed_rows.clear();
  return rows;
}

std::set<std::string> take_changed_keys(State& state) { return std::exchange(state.changed_rows, {}); }

std::vector<RowChange> take_history_rows(State& state) { return std::exchange(state.finished, {}); }

}  // namespace sluice::policy
