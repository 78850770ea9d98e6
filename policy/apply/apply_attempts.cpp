// Attempts: from the intent to dispatch to the last word about them.
#include "policy/apply/attempt_flow.hpp"
#include "policy/limits.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

std::string named(AttemptId id) { return "attempt " + to_string(id); }

/// A reading must not fall, and must not cost more than any attempt can.
Verdict reading_refuses(State const& state, Attempt const& attempt, std::int64_t card_ms) {
  if (card_ms < attempt.card_ms)
    return refuse(Reason::malformed, "card_ms: a cumulative reading never falls below " + std::to_string(attempt.card_ms));
  return charge_refuses(state, attempt, card_ms);
}

/// A lost attempt that is seen again goes on where it was, if nothing has taken its place: holds are held again, cards are live again.
/// Not at a cluster that was removed meanwhile: there is nowhere to count its cards, so it can only end or be decided on.
Verdict revive_refuses(State const& state, FoundAttempt const& found) {
  ClusterName const& cluster = found.attempt->allocation.cluster;
  if (!state.catalogue->clusters.contains(cluster)) return refuse(Reason::unknown_cluster, named(found.attempt->id) + ": " + cluster.text);
  if (!is_current(found)) return refuse(Reason::allocation_superseded, named(found.attempt->id) + ": a later attempt was made; stop it");
  if (found.job->status != JobStatus::queued && found.job->status != JobStatus::lost)
    return refuse(Reason::job_already_final, named(found.attempt->id));
  return std::nullopt;
}

void set_status(Editor& editor, AttemptId id, AttemptStatus attempt_status, JobStatus job_status) {
  editor.change_attempt(id, [&](Attempt& attempt) { attempt.status = attempt_status; });
  if (editor.state().jobs.at(id.job)->status != job_status)
    editor.change_job(id.job, [&](Job& job) {
      job.status = job_status;
      job.reason = Reason::none;
    });
}

/// To acknowledged or running, from wherever it was.
void go_on(Editor& editor, Attempt const& attempt, AttemptStatus attempt_status, JobStatus job_status) {
  bool const was_lost = attempt.status == AttemptStatus::lost;
  if (was_lost) undispute_hold(editor, attempt);
  set_status(editor, attempt.id, attempt_status, job_status);
  if (was_lost) {
    editor.change_attempt(attempt.id, [](Attempt& changed) { changed.fenced = false; });
    editor.quarantine_if_impossible(attempt.allocation.cluster);
  }
}

/// The cluster is left alone for a while, twice as long each time it declines.
void decline(Job& job, ClusterName const& cluster, Timestamp at) {
  auto it = std::ranges::find(job.declined, cluster, &Declined::cluster);
  if (it == job.declined.end()) it = job.declined.insert(job.declined.end(), Declined{.cluster = cluster, .times = 0, .until = {}});
  int const doublings = std::min(it->times, 16);
  it->until = {at.ms + std::min(limits::declined_first_ms << doublings, limits::declined_longest_ms)};
  ++it->times;
}

}  // namespace

Verdict on(Editor& editor, DispatchIntended const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  if (editor.state().governance.dispatch_frozen) return refuse(Reason::dispatch_frozen, named(event.attempt));
  if (found->attempt->status != AttemptStatus::allocated) return refuse(Reason::already_exists, named(event.attempt) + ": sent before");
  editor.change_attempt(event.attempt, [&](Attempt& attempt) {
    attempt.intended_at = editor.at();
    attempt.status = AttemptStatus::intended;
  });
  editor.change_job(event.attempt.job, [](Job& job) { job.status = JobStatus::dispatched; });
  return std::nullopt;
}

Verdict on(Editor& editor, AttemptAcknowledged const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  Attempt const& attempt = *found->attempt;
  if (attempt.status == AttemptStatus::allocated) return refuse(Reason::out_of_order, named(event.attempt) + ": nothing was sent");
  if (attempt.status == AttemptStatus::acknowledged || attempt.status == AttemptStatus::running)
    return refuse(Reason::already_exists, named(event.attempt));
  if (attempt.status == AttemptStatus::lost) {
    if (auto refusal = revive_refuses(editor.state(), *found)) return refusal;
  }
  bool const started = attempt.started_at.has_value();
  editor.change_attempt(event.attempt, [&](Attempt& changed) { changed.remote = event.remote; });
  go_on(editor, attempt, started ? AttemptStatus::running : AttemptStatus::acknowledged,
        started ? JobStatus::running : JobStatus::dispatched);
  return std::nullopt;
}

// From a lost attempt only if it never ran: a use that was metered cannot be taken back by not finding it.
Verdict on(Editor& editor, AttemptRefused const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  Attempt const& attempt = *found->attempt;
  if (attempt.started_at || attempt.card_ms > 0) return refuse(Reason::out_of_order, named(event.attempt) + ": it has run");
  if (!is_reason(event.reason) || event.reason == Reason::none) return refuse(Reason::malformed, "reason");
  bool const current = is_current(*found);
  JobId const job = event.attempt.job;
  ClusterName const cluster = attempt.allocation.cluster;
  end_unrun(editor, attempt);
  editor.change_job(job, [&](Job& changed) {
    ++changed.refusals;
    decline(changed, cluster, editor.at());
  });
  if (!current) {
    retire_if_settled(editor, job);
  } else {
    retry_or_fail(editor, job, event.reason);
  }
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, AttemptStarted const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  Attempt const& attempt = *found->attempt;
  if (event.started_at.ms < 0 || event.started_at > editor.at()) return refuse(Reason::malformed, "started_at: not after now");
  if (attempt.status == AttemptStatus::running) return refuse(Reason::already_exists, named(event.attempt));
  if (attempt.status == AttemptStatus::lost) {
    if (auto refusal = revive_refuses(editor.state(), *found)) return refusal;
  } else if (attempt.status != AttemptStatus::acknowledged) {
    return refuse(Reason::out_of_order, named(event.attempt) + ": the cluster has not acknowledged it");
  }
  editor.change_attempt(event.attempt, [&](Attempt& changed) {
    if (!changed.started_at) changed.started_at = event.started_at;
  });
  go_on(editor, attempt, AttemptStatus::running, JobStatus::running);
  return std::nullopt;
}

Verdict on(Editor& editor, AttemptMetered const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  AttemptStatus const status = found->attempt->status;
  if (status == AttemptStatus::allocated || status == AttemptStatus::intended)
    return refuse(Reason::out_of_order, named(event.attempt) + ": the cluster has not acknowledged it");
  if (auto refusal = reading_refuses(editor.state(), *found->attempt, event.card_ms)) return refusal;
  editor.change_attempt(event.attempt, [&](Attempt& attempt) { attempt.card_ms = event.card_ms; });
  return std::nullopt;
}

Verdict on(Editor& editor, StopIntended const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  if (found->attempt->status == AttemptStatus::allocated) return refuse(Reason::out_of_order, named(event.attempt) + ": nothing was sent");
  if (found->attempt->stop_intended) return refuse(Reason::already_exists, named(event.attempt));
  if (!is_reason(event.reason) || event.reason == Reason::none) return refuse(Reason::malformed, "reason");
  editor.change_attempt(event.attempt, [](Attempt& attempt) { attempt.stop_intended = true; });
  return std::nullopt;
}

// A lost attempt may still be heard of. If a second run was made meanwhile, its use is the centre's claim to make and nobody's to pay:
// the centre's silence made the second run necessary, and no job is paid twice.
Verdict on(Editor& editor, AttemptEnded const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  Attempt const& attempt = *found->attempt;
  if (attempt.status == AttemptStatus::allocated) return refuse(Reason::out_of_order, named(event.attempt) + ": nothing was sent");
  if (auto refusal = reading_refuses(editor.state(), attempt, event.card_ms)) return refusal;
  bool const current = is_current(*found);
  if (attempt.status == AttemptStatus::lost) undispute_hold(editor, attempt);
  editor.change_attempt(event.attempt, [&](Attempt& changed) {
    changed.card_ms = event.card_ms;
    changed.ended_at = editor.at();
    changed.exit_code = event.exit_code;
    changed.outcome = event.outcome;
    changed.status = AttemptStatus::ended;
    if (!current) changed.liability = Liability::centre;
  });
  if (current) conclude_job(editor, event.attempt.job, event.outcome);
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, AttemptLost const& event) {
  auto const found = find_open_attempt(editor.state(), event.attempt);
  if (!found) return found.error();
  Attempt const& attempt = *found->attempt;
  bool const lost_before = attempt.status == AttemptStatus::lost;
  if (attempt.status == AttemptStatus::allocated) return refuse(Reason::out_of_order, named(event.attempt) + ": nothing was sent");
  if (lost_before && (attempt.fenced || !event.fenced)) return refuse(Reason::already_exists, named(event.attempt));
  if (event.fenced) {
    // A site's clock may be slow: nothing started before it was sent.
    std::int64_t const from = attempt.started_at ? std::max(*attempt.started_at, *attempt.intended_at).ms
                                                 : attempt.intended_at->ms + limits::lost_unstarted_grace_ms;
    if (editor.at().ms < from + attempt.allocation.limit_ms)
      return refuse(Reason::out_of_order, "fenced: a second run is allowed from " + format_rfc3339({from + attempt.allocation.limit_ms}));
  }
  if (!lost_before) dispute_hold(editor, attempt);
  editor.change_attempt(event.attempt, [&](Attempt& changed) {
    changed.fenced = event.fenced;
    changed.status = AttemptStatus::lost;
  });
  if (event.fenced) {
    retry_or_fail(editor, event.attempt.job, Reason::cluster_lost);
  } else {
    finish_job(editor, event.attempt.job, JobStatus::lost, Reason::cluster_lost);
  }
  editor.next_round_may_differ();
  return std::nullopt;
}

}  // namespace sluice::policy
