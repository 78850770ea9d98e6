// Holds, retries and ends.
#include "policy/apply/attempt_flow.hpp"

#include "policy/limits.hpp"
#include "policy/settlement.hpp"

namespace sluice::policy {
namespace {

std::string named(AttemptId id) { return "attempt " + to_string(id); }

void move_hold(Editor& editor, Attempt const& attempt, bool to_disputed) {
  Allocation const& allocation = attempt.allocation;
  BookKind const tenant_from = to_disputed ? BookKind::tenant_held : BookKind::tenant_disputed;
  BookKind const tenant_to = to_disputed ? BookKind::tenant_disputed : BookKind::tenant_held;
  editor.transfer(tenant_book(tenant_from, attempt.tenant), tenant_book(tenant_to, attempt.tenant), allocation.hold_net);
  if (!allocation.entitlement) return;
  BookKind const voucher_from = to_disputed ? BookKind::entitlement_held : BookKind::entitlement_disputed;
  BookKind const voucher_to = to_disputed ? BookKind::entitlement_disputed : BookKind::entitlement_held;
  editor.transfer(entitlement_book(voucher_from, *allocation.entitlement), entitlement_book(voucher_to, *allocation.entitlement),
                  allocation.hold_subsidy);
}

/// Ended for a reason of its own (cancelled, expired, done) while a lost attempt was still unexplained: nothing reopens it.
bool is_closed(Job const& job) { return is_final(job.status) && job.status != JobStatus::lost; }

}  // namespace

std::expected<FoundAttempt, Refusal> find_open_attempt(State const& state, AttemptId id) {
  auto const attempt = state.attempts.find(id);
  auto const job = state.jobs.find(id.job);
  if (attempt == state.attempts.end() || job == state.jobs.end()) return std::unexpected(refuse(Reason::unknown_attempt, named(id)));
  AttemptStatus const status = attempt->second.status;
  if (status == AttemptStatus::settled || status == AttemptStatus::refused || status == AttemptStatus::ended)
    return std::unexpected(refuse(Reason::attempt_already_final, named(id)));
  return FoundAttempt{job->second.get(), &attempt->second};
}

Verdict charge_refuses(State const& state, Attempt const& attempt, std::int64_t card_ms) {
  auto const gross = gross_of(attempt, card_ms);
  if (!gross || *gross > limits::gross_max) return refuse(Reason::amount_overflow, "card_ms: it would cost more than any attempt can");
  ClusterName const& cluster = attempt.allocation.cluster;
  std::int64_t const most = limits::book_max.micro_yuan - gross->micro_yuan;
  if (balance(state, cluster_book(BookKind::centre_payable, cluster)).micro_yuan > most ||
      balance(state, cluster_book(BookKind::centre_disputed, cluster)).micro_yuan > most ||
      -balance(state, {BookKind::operator_loss, {}}).micro_yuan > most)
    return refuse(Reason::amount_overflow, "card_ms: the books of " + cluster.text + " or of the losses would leave their range");
  return std::nullopt;
}

void return_subsidy(Editor& editor, EntitlementId id, Money amount) {
  Entitlement const& entitlement = editor.state().catalogue->entitlements.at(id);
  BookAccount const held = entitlement_book(BookKind::entitlement_held, id);
  if (!entitlement.closed) {
    editor.transfer(held, entitlement_book(BookKind::entitlement_free, id), amount);
    return;
  }
  editor.transfer(held, purse_book(entitlement.programme), amount);
  if (amount.micro_yuan > 0) editor.close_entitlement(id, amount);
}

void release_hold(Editor& editor, Attempt const& attempt) {
  editor.transfer(tenant_book(BookKind::tenant_held, attempt.tenant), tenant_book(BookKind::tenant_free, attempt.tenant),
                  attempt.allocation.hold_net);
  if (attempt.allocation.entitlement) return_subsidy(editor, *attempt.allocation.entitlement, attempt.allocation.hold_subsidy);
}

void dispute_hold(Editor& editor, Attempt const& attempt) { move_hold(editor, attempt, true); }
void undispute_hold(Editor& editor, Attempt const& attempt) { move_hold(editor, attempt, false); }

void end_unrun(Editor& editor, Attempt const& attempt) {
  if (attempt.status == AttemptStatus::lost) undispute_hold(editor, attempt);
  release_hold(editor, attempt);
  editor.change_attempt(attempt.id, [&](Attempt& changed) {
    changed.status = AttemptStatus::refused;
    changed.ended_at = editor.at();
  });
}

void retry_or_fail(Editor& editor, JobId id, Reason why) {
  Job const& job = *editor.state().jobs.at(id);
  if (is_closed(job)) return retire_if_settled(editor, id);
  if (job.cancel_requested) return finish_job(editor, id, JobStatus::cancelled, Reason::cancelled_by_tenant);
  if (job.refusals >= limits::dispatch_refusals_max) return finish_job(editor, id, JobStatus::failed, Reason::dispatch_refused);
  if (job.attempts - job.refusals >= job.spec->max_attempts) return finish_job(editor, id, JobStatus::failed, Reason::attempts_exhausted);
  editor.change_job(id, [&](Job& changed) {
    changed.status = JobStatus::queued;
    changed.reason = why;
  });
  editor.next_round_may_differ();
}

void conclude_job(Editor& editor, JobId id, Outcome outcome) {
  Job const& job = *editor.state().jobs.at(id);
  if (is_closed(job)) return retire_if_settled(editor, id);
  bool const cancelled = job.cancel_requested;
  switch (outcome) {
    case Outcome::succeeded:
      return finish_job(editor, id, JobStatus::completed, Reason::none);
    case Outcome::failed:
      return cancelled ? finish_job(editor, id, JobStatus::cancelled, Reason::cancelled_by_tenant)
                       : finish_job(editor, id, JobStatus::failed, Reason::none);
    case Outcome::limit_reached:
      return finish_job(editor, id, JobStatus::failed, Reason::run_limit_reached);
    case Outcome::cancelled:
      return finish_job(editor, id, JobStatus::cancelled, Reason::cancelled_by_tenant);
    case Outcome::cluster_fault:
    case Outcome::preempted:
      return retry_or_fail(editor, id, Reason::cluster_lost);
    case Outcome::broker_fault:
      return retry_or_fail(editor, id, Reason::waiting_for_round);
  }
}

void finish_job(Editor& editor, JobId id, JobStatus status, Reason why) {
  editor.change_job(id, [&](Job& job) {
    job.status = status;
    job.reason = why;
  });
  retire_if_settled(editor, id);
}

void retire_if_settled(Editor& editor, JobId id) {
  State const& state = editor.state();
  if (!is_final(state.jobs.at(id)->status)) return;
  for (auto it = state.attempts.lower_bound({id, 0}); it != state.attempts.end() && it->first.job == id; ++it)
    if (it->second.status != AttemptStatus::settled && it->second.status != AttemptStatus::refused) return;
  editor.retire_job(id);
}

}  // namespace sluice::policy
