// A cluster's list against the state.
#include "broker/dispatch/listing.hpp"

#include <algorithm>

namespace sluice::broker {
namespace {

using connectors::RemotePhase;
using policy::AttemptStatus;

bool says_something_new(AttemptStatus status, RemotePhase phase) {
  switch (phase) {
    case RemotePhase::unknown:
      return false;
    case RemotePhase::queued:
    case RemotePhase::starting:
      return status == AttemptStatus::intended || status == AttemptStatus::lost;
    case RemotePhase::running:
    case RemotePhase::stopping:
      return status != AttemptStatus::running;
    case RemotePhase::ended:
      return true;
  }
  return false;
}

/// Sent by this log some time, so that nobody else's job can bear the name.
bool is_from_this_log(policy::State const& state, policy::AttemptId id) { return id.job.value < state.governance.sequence; }

}  // namespace

bool is_superseded(policy::State const& state, policy::Attempt const& attempt) {
  if (attempt.status != AttemptStatus::lost) return false;
  auto const job = state.jobs.find(attempt.id.job);
  if (job == state.jobs.end() || !state.catalogue->clusters.contains(attempt.allocation.cluster)) return true;
  bool const current = attempt.id.number == static_cast<std::uint32_t>(job->second->attempts);
  return !current || (job->second->status != policy::JobStatus::queued && job->second->status != policy::JobStatus::lost);
}

std::string_view name_of(Stray::Kind kind) {
  switch (kind) {
    case Stray::Kind::over:
      return "over";
    case Stray::Kind::twice:
      return "twice";
    case Stray::Kind::not_ours:
      return "not_ours";
  }
  return "unknown";
}

Listing compare(policy::State const& state, Followed const& followed, connectors::AttemptList const& list, std::string_view instance) {
  Listing result;
  std::set<policy::AttemptId> named;
  for (connectors::RemoteStatus const& job : list.attempts) {
    if (!job.attempt) continue;
    auto const id = connectors::attempt_of(instance, *job.attempt);
    if (!id) continue;
    bool const alive = job.phase != RemotePhase::ended && job.phase != RemotePhase::unknown;
    auto const stray = [&](Stray::Kind kind) {
      if (alive && job.phase != RemotePhase::stopping) result.strays.push_back({kind, *job.attempt, job.handle});
    };
    auto const known = state.attempts.find(*id);
    // Open under whatever account and cluster name: two names may lead to the same site.
    bool const open =
        known != state.attempts.end() && (policy::is_live(known->second.status) || known->second.status == AttemptStatus::lost);
    if (!open) {
      stray(is_from_this_log(state, *id) ? Stray::Kind::over : Stray::Kind::not_ours);
      continue;
    }
    if (!followed.of_account.contains(*id)) continue;
    auto const handle = followed.handles.find(*id);
    bool const second = handle != followed.handles.end() ? handle->second != job.handle : named.contains(*id);
    if (second) {
      stray(Stray::Kind::twice);
      continue;
    }
    named.insert(*id);
    if (handle == followed.handles.end()) result.adopted.emplace(*id, job.handle);
    policy::Attempt const& attempt = known->second;
    if (says_something_new(attempt.status, job.phase) || (alive && followed.meter_due.contains(*id))) {
      result.changed.insert(*id);
    }
  }
  if (!list.complete) return result;
  for (policy::AttemptId const& id : followed.of_account) {
    auto const known = state.attempts.find(id);
    if (named.contains(id) || known == state.attempts.end()) continue;
    AttemptStatus const status = known->second.status;
    // What was only intended may not have arrived yet; its own look-up tells.
    if (status != AttemptStatus::allocated && status != AttemptStatus::intended) result.changed.insert(id);
  }
  return result;
}

}  // namespace sluice::broker
