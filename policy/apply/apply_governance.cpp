// The log itself, the rules in force, and what the whole broker may do.
#include "policy/apply/authority.hpp"
#include "policy/definition_check.hpp"
#include "policy/limits.hpp"
#include "policy/lot.hpp"

namespace sluice::policy {

Verdict on(Editor& editor, Genesis const& event) {
  if (editor.sequence() != 0) return refuse(Reason::out_of_order, "genesis is entry 0");
  if (event.origin.empty() || !is_plain_text(event.origin, limits::origin_length_max) || event.origin.contains(' '))
    return refuse(Reason::malformed, "origin: 1 to " + std::to_string(limits::origin_length_max) + " ASCII characters without spaces");
  editor.mark_singletons();
  editor.governance().origin = event.origin;
  return std::nullopt;
}

Verdict on(Editor& editor, EngineActivated const& event) {
  if (event.rules_version != 1) return refuse(Reason::wrong_rules_version, "rules_version: this release knows 1");
  if (event.rules_version <= editor.state().governance.rules_version) return refuse(Reason::already_exists, "rules_version");
  editor.governance().rules_version = event.rules_version;
  return std::nullopt;
}

Verdict on(Editor& editor, ClockStepAccepted const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators)) return refusal;
  if (event.step_ms > limits::timestamp_ms_max || event.step_ms < -limits::timestamp_ms_max) return refuse(Reason::malformed, "step_ms");
  return std::nullopt;
}

// A day whose secret is lost may be overtaken by a later one, so that admission can go on; that its secret never came is in the log.
Verdict on(Editor& editor, LotDayOpened const& event) {
  Governance const& governance = editor.state().governance;
  if (event.day != shanghai_day(editor.at())) return refuse(Reason::out_of_order, "day: " + std::to_string(shanghai_day(editor.at())));
  if (event.day <= governance.lot_day_last) return refuse(Reason::already_exists, "day " + std::to_string(event.day));
  Governance& changed = editor.governance();
  changed.lot_day = event.day;
  changed.lot_day_last = event.day;
  changed.lot_secret_hash = event.secret_hash;
  return std::nullopt;
}

Verdict on(Editor& editor, LotDayClosed const& event) {
  Governance const& governance = editor.state().governance;
  if (governance.lot_day != event.day) return refuse(Reason::out_of_order, "day: it is not open");
  if (lot_secret_hash(event.secret) != governance.lot_secret_hash) return refuse(Reason::malformed, "secret: it is not the one promised");
  Governance& changed = editor.governance();
  changed.lot_day.reset();
  changed.lot_secret_hash = {};
  return std::nullopt;
}

Verdict on(Editor& editor, MarketRulesSet const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators_and_broker)) return refusal;
  if (auto wrong = wrong_in(event.rules)) return refuse(Reason::malformed, "rules." + *wrong);
  editor.market() = event.rules;
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, DisclosureDelaySet const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators_and_broker)) return refusal;
  if (event.delay_days < 0 || event.delay_days > limits::disclosure_delay_days_max)
    return refuse(Reason::malformed, "delay_days: 0 to " + std::to_string(limits::disclosure_delay_days_max));
  editor.governance().disclosure_delay_days = event.delay_days;
  return std::nullopt;
}

// To stop is always allowed to the broker itself; to go on again takes a person.
Verdict on(Editor& editor, RoundsPaused const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators_and_broker)) return refusal;
  if (editor.state().governance.rounds_paused) return refuse(Reason::already_exists, "rounds are paused");
  editor.governance().rounds_paused = true;
  return std::nullopt;
}

Verdict on(Editor& editor, RoundsResumed const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators)) return refusal;
  if (!editor.state().governance.rounds_paused) return refuse(Reason::already_exists, "rounds are not paused");
  editor.governance().rounds_paused = false;
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, DispatchFrozen const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators_and_broker)) return refusal;
  if (editor.state().governance.dispatch_frozen) return refuse(Reason::already_exists, "dispatch is frozen");
  editor.governance().dispatch_frozen = true;
  return std::nullopt;
}

Verdict on(Editor& editor, DispatchResumed const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators)) return refusal;
  if (!editor.state().governance.dispatch_frozen) return refuse(Reason::already_exists, "dispatch is not frozen");
  editor.governance().dispatch_frozen = false;
  return std::nullopt;
}

// Whether the digest is right is for replay to say, which has the state after that entry.
Verdict on(Editor& editor, StateDigested const& event) {
  if (event.sequence >= editor.sequence()) return refuse(Reason::out_of_order, "sequence: an entry that comes later");
  return std::nullopt;
}

}  // namespace sluice::policy
