// Vouchers, deposits and settlements.
#include "policy/apply/attempt_flow.hpp"
#include "policy/apply/authority.hpp"
#include "policy/limits.hpp"
#include "policy/state/rows.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

bool counts_in_period(CapPeriod period, Entitlement const& issued, Timestamp at) {
  switch (period) {
    case CapPeriod::natural_year:
      return shanghai_year(issued.issued_at) == shanghai_year(at);
    case CapPeriod::rolling_365_days:
      return issued.issued_at.ms > at.ms - 365 * ms_per_day;
    case CapPeriod::validity:
      return issued.valid_until > at;
    case CapPeriod::once:
      return true;
  }
  return true;
}

/// What the holder has of this programme in the cap period: issued and not returned unspent, over all versions.
Money issued_in_period(Catalogue const& catalogue, ProgrammeName const& programme, TenantName const& holder, CapPeriod period,
                       Timestamp at) {
  Money sum;
  for (auto const& [id, entitlement] : catalogue.entitlements)
    if (entitlement.programme == programme && entitlement.holder == holder && counts_in_period(period, entitlement, at))
      sum.micro_yuan += entitlement.amount.micro_yuan - entitlement.returned.micro_yuan;  // all of it once left the treasury: it fits
  return sum;
}

Verdict programme_refuses(ProgrammeDefinition const& programme, Tenant const& holder, Timestamp at) {
  if (!programme.active) return refuse(Reason::programme_inactive, "programme " + programme.programme.text);
  if ((programme.effective_from && at < *programme.effective_from) || (programme.effective_to && at >= *programme.effective_to))
    return refuse(Reason::programme_inactive, "programme " + programme.programme.text + ": not in effect now");
  if (programme.flow != Flow::deduct_at_use && programme.flow != Flow::billing_tag)
    return refuse(Reason::programme_inactive, "programme " + programme.programme.text + ": its flow draws on no voucher at use");
  if (!programme.eligible.empty() && std::ranges::find(programme.eligible, holder.applicant) == programme.eligible.end())
    return refuse(Reason::class_not_eligible, "holder");
  auto const holds = [&](RegionCode area) { return lies_in(holder.region, area); };
  if (!programme.regions.empty() && std::ranges::none_of(programme.regions, holds))
    return refuse(Reason::programme_region_excluded, "holder: registered in " + std::to_string(holder.region.code));
  return std::nullopt;
}

}  // namespace

Verdict on(Editor& editor, EntitlementIssued const& event) {
  State const& state = editor.state();
  Timestamp const at = editor.at();
  if (auto refusal = authority_refuses(state, event.by, operators)) return refusal;
  if (event.amount.micro_yuan <= 0) return refuse(Reason::amount_not_positive, "amount");
  if (event.amount > money_max) return refuse(Reason::amount_overflow, "amount");
  auto const holder = state.tenants.find(event.holder);
  if (holder == state.tenants.end()) return refuse(Reason::unknown_tenant, "holder " + event.holder.text);
  if (holder->second.status != TenantStatus::active) return refuse(Reason::tenant_suspended, "holder " + event.holder.text);
  auto const in_force = state.catalogue->programme_in_force.find(event.programme);
  if (in_force == state.catalogue->programme_in_force.end()) return refuse(Reason::unknown_programme, "programme " + event.programme.text);
  if (in_force->second != event.programme_version)
    return refuse(Reason::unknown_programme, "programme_version: in force is " + std::to_string(in_force->second));
  ProgrammeDefinition const& programme = state.catalogue->programmes.at({event.programme, event.programme_version});
  if (auto refusal = programme_refuses(programme, holder->second, at)) return refusal;
  if (event.valid_from.ms < 0 || event.valid_from >= event.valid_until || event.valid_until.ms > limits::timestamp_ms_max)
    return refuse(Reason::malformed, "valid_until: after valid_from");
  if (event.valid_until <= at) return refuse(Reason::entitlement_expired, "valid_until");
  if (programme.valid_days && event.valid_until.ms - event.valid_from.ms > *programme.valid_days * ms_per_day)
    return refuse(Reason::malformed, "valid_until: the programme's vouchers are valid " + std::to_string(*programme.valid_days) + " days");
  if (programme.cap) {
    Money const used = issued_in_period(*state.catalogue, event.programme, event.holder, programme.cap_period, at);
    if (used.micro_yuan > programme.cap->micro_yuan - event.amount.micro_yuan)
      return refuse(Reason::programme_cap_reached,
                    "amount: " + format_yuan(used) + " of " + format_yuan(*programme.cap) + " yuan are issued");
  }
  BookAccount const purse = purse_book(event.programme);
  if (balance(state, purse) < event.amount)
    return refuse(Reason::insufficient_purse, "amount: the purse holds " + format_yuan(balance(state, purse)) + " yuan");

  EntitlementId const id{editor.sequence()};
  editor.transfer(purse, entitlement_book(BookKind::entitlement_free, id), event.amount);
  editor.add_entitlement(id, {.amount = event.amount,
                              .closed = false,
                              .holder = event.holder,
                              .issued_at = at,
                              .programme = event.programme,
                              .programme_version = event.programme_version,
                              .returned = {},
                              .valid_from = event.valid_from,
                              .valid_until = event.valid_until});
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, DepositReceived const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators)) return refusal;
  auto const it = state.tenants.find(event.tenant);
  if (it == state.tenants.end()) return refuse(Reason::unknown_tenant, "tenant " + event.tenant.text);
  if (it->second.status == TenantStatus::erased) return refuse(Reason::tenant_suspended, "tenant " + event.tenant.text);
  if (event.amount.micro_yuan <= 0) return refuse(Reason::amount_not_positive, "amount");
  BookAccount const bank{BookKind::bank, {}};
  auto const owed = checked_subtract(balance(state, bank), event.amount);
  if (!owed || owed->micro_yuan < -money_max.micro_yuan) return refuse(Reason::amount_overflow, "amount");
  editor.add_history({movement_index_key(event.tenant, editor.sequence()), std::string{}});
  editor.transfer(bank, tenant_book(BookKind::tenant_free, event.tenant), event.amount);
  editor.next_round_may_differ();
  return std::nullopt;
}

// The postings of DESIGN §3.7; README.md shows them as a table.
Verdict on(Editor& editor, AttemptSettled const& line) {
  State const& state = editor.state();
  Attempt const& attempt = state.attempts.at(line.attempt);
  Allocation const& allocation = attempt.allocation;
  BookAccount const held = tenant_book(BookKind::tenant_held, attempt.tenant);
  BookAccount const payable = cluster_book(BookKind::centre_payable, allocation.cluster);
  editor.transfer(held, payable, line.net);
  editor.transfer(held, {BookKind::operator_fee, {}}, line.fee);
  editor.transfer(held, tenant_book(BookKind::tenant_free, attempt.tenant), line.released);
  editor.transfer({BookKind::operator_loss, {}}, payable, line.loss);
  if (allocation.entitlement) {
    editor.transfer(entitlement_book(BookKind::entitlement_held, *allocation.entitlement),
                    cluster_book(BookKind::centre_claim, allocation.cluster), line.subsidy);
    return_subsidy(editor, *allocation.entitlement, {allocation.hold_subsidy.micro_yuan - line.subsidy.micro_yuan});
  }
  if (line.liability == Liability::centre)
    editor.transfer(cluster_book(BookKind::claim_against_centre, allocation.cluster),
                    cluster_book(BookKind::centre_disputed, allocation.cluster), line.gross);
  JobId const job = line.attempt.job;
  editor.change_attempt(line.attempt, [&](Attempt& changed) {
    changed.settlement = line;
    changed.status = AttemptStatus::settled;
  });
  retire_if_settled(editor, job);
  editor.next_round_may_differ();
  return std::nullopt;
}

}  // namespace sluice::policy
