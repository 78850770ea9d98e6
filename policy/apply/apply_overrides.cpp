// Money moved by decision of two people.
#include "policy/apply/attempt_flow.hpp"
#include "policy/apply/authority.hpp"
#include "policy/apply/entitlement_end.hpp"
#include "policy/limits.hpp"
#include "policy/state/rows.hpp"

namespace sluice::policy {
namespace {

struct Present {
  bool amount = false, attempt = false, card_ms = false, entitlement = false, liability = false, tenant = false;
  bool operator==(Present const&) const = default;
};

Present present_in(OverrideAction const& action) {
  return {action.amount.has_value(),      action.attempt.has_value(),   action.card_ms.has_value(),
          action.entitlement.has_value(), action.liability.has_value(), action.tenant.has_value()};
}

/// Which members each kind needs; any other must be absent.
Present needed_by(OverrideKind kind) {
  switch (kind) {
    case OverrideKind::refund:
    case OverrideKind::correct_deposit:
      return {.amount = true, .tenant = true};
    case OverrideKind::revoke_entitlement:
      return {.entitlement = true};
    case OverrideKind::settle_disputed:
      return {.attempt = true, .card_ms = true, .liability = true};
  }
  return {};
}

Verdict pay_out_refuses(State const& state, OverrideAction const& action) {
  if (!state.tenants.contains(*action.tenant)) return refuse(Reason::unknown_tenant, "action.tenant " + action.tenant->text);
  if (action.amount->micro_yuan <= 0) return refuse(Reason::amount_not_positive, "action.amount");
  Money const free = balance(state, tenant_book(BookKind::tenant_free, *action.tenant));
  if (*action.amount > free) return refuse(Reason::insufficient_balance, "action.amount: " + format_yuan(free) + " yuan are free");
  return std::nullopt;
}

Verdict revocation_refuses(State const& state, OverrideAction const& action) {
  auto const it = state.catalogue->entitlements.find(*action.entitlement);
  if (it == state.catalogue->entitlements.end())
    return refuse(Reason::unknown_entitlement, "action.entitlement " + std::to_string(action.entitlement->value));
  if (it->second.closed) return refuse(Reason::entitlement_expired, "action.entitlement");
  return std::nullopt;
}

Verdict dispute_refuses(State const& state, OverrideAction const& action) {
  auto const found = find_open_attempt(state, *action.attempt);
  if (!found) return found.error();
  if (found->attempt->status != AttemptStatus::lost) return refuse(Reason::out_of_order, "action.attempt: nothing of it is disputed");
  if (*action.liability == Liability::unknown) return refuse(Reason::malformed, "action.liability: tenant, centre or operator");
  if (*action.card_ms < 0) return refuse(Reason::malformed, "action.card_ms: not below zero");
  return charge_refuses(state, *found->attempt, *action.card_ms);
}

/// The same checks when proposed and when approved: the state may have moved between.
Verdict action_refuses(State const& state, OverrideAction const& action) {
  if (present_in(action) != needed_by(action.kind)) return refuse(Reason::malformed, "action: exactly the members its kind needs");
  switch (action.kind) {
    case OverrideKind::refund:
    case OverrideKind::correct_deposit:
      return pay_out_refuses(state, action);
    case OverrideKind::revoke_entitlement:
      return revocation_refuses(state, action);
    case OverrideKind::settle_disputed:
      return dispute_refuses(state, action);
  }
  return refuse(Reason::malformed, "action.kind");
}

void execute(Editor& editor, OverrideAction const& action) {
  switch (action.kind) {
    case OverrideKind::refund:
    case OverrideKind::correct_deposit:
      editor.add_history({movement_index_key(*action.tenant, editor.sequence()), std::string{}});
      editor.transfer(tenant_book(BookKind::tenant_free, *action.tenant), {BookKind::bank, {}}, *action.amount);
      return;
    case OverrideKind::revoke_entitlement:
      end_entitlement(editor, *action.entitlement);
      return;
    case OverrideKind::settle_disputed:
      undispute_hold(editor, editor.state().attempts.at(*action.attempt));
      // Its settlement is forced next and is an entry like any other.
      editor.change_attempt(*action.attempt, [&](Attempt& attempt) {
        attempt.card_ms = *action.card_ms;
        attempt.ended_at = editor.at();
        attempt.liability = action.liability;
        attempt.status = AttemptStatus::ended;
      });
      return;
  }
}

}  // namespace

Verdict on(Editor& editor, OverrideProposed const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, override_proposers)) return refusal;
  if (state.overrides.size() >= limits::overrides_undecided_max) return refuse(Reason::queue_limit_reached, "too many undecided overrides");
  if (auto refusal = action_refuses(state, event.action)) return refusal;
  editor.override_row({editor.sequence()}) = {.action = event.action, .decided = false, .proposed_by = event.by.principal};
  return std::nullopt;
}

// To reject is to leave things as they are: any operator or approver may, the proposer too.
Verdict on(Editor& editor, OverrideDecided const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, event.approved ? override_approvers : override_proposers)) return refusal;
  auto const it = state.overrides.find(event.override_id);
  if (it == state.overrides.end())
    return refuse(Reason::unknown_override, "override " + std::to_string(event.override_id.value) + ": unknown or decided");
  if (event.approved) {
    if (event.by.principal == it->second.proposed_by) return refuse(Reason::approval_by_same_principal, "by.principal");
    if (!independent(state, event.by.principal, it->second.proposed_by)) return refuse(Reason::approval_by_creator, "by.principal");
    if (auto refusal = action_refuses(state, it->second.action)) return refusal;
  }
  OverrideAction const action = it->second.action;
  editor.erase_override(event.override_id);
  if (event.approved) {
    execute(editor, action);
    editor.next_round_may_differ();
  }
  return std::nullopt;
}

}  // namespace sluice::policy
