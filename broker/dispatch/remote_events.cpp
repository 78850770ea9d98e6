// A cluster's word about an attempt, as entries.
#include "broker/dispatch/remote_events.hpp"

#include <algorithm>

namespace sluice::broker {

using connectors::RemoteEnd;
using connectors::RemotePhase;

std::optional<policy::Outcome> outcome_of(connectors::RemoteStatus const& status) {
  if (status.phase != RemotePhase::ended) return std::nullopt;
  switch (status.end) {
    case RemoteEnd::own_exit:
      if (!status.exit_code) return std::nullopt;
      return *status.exit_code == 0 ? policy::Outcome::succeeded : policy::Outcome::failed;
    case RemoteEnd::run_limit:
      return policy::Outcome::limit_reached;
    case RemoteEnd::cancelled:
      return policy::Outcome::cancelled;
    case RemoteEnd::preempted:
      return policy::Outcome::preempted;
    case RemoteEnd::cluster_fault:
    case RemoteEnd::start_failed:
      return policy::Outcome::cluster_fault;
    case RemoteEnd::unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::int64_t> card_ms_of(policy::Attempt const& attempt, connectors::RemoteStatus const& status, policy::Timestamp now) {
  if (status.card_ms) return std::max(*status.card_ms, attempt.card_ms);  // a cumulative meter never falls
  auto const started = status.started_at ? status.started_at : attempt.started_at;
  if (!started) {
    if (status.phase == RemotePhase::ended && status.end == RemoteEnd::start_failed) return 0;
    return std::nullopt;
  }
  policy::Timestamp const until = status.phase == RemotePhase::ended ? status.ended_at.value_or(now) : now;
  std::int64_t const run_ms = std::max<std::int64_t>(0, until.ms - started->ms);
  policy::Int128 const card_ms = policy::Int128{run_ms} * attempt.allocation.cards;
  return std::max(static_cast<std::int64_t>(std::min<policy::Int128>(card_ms, INT64_MAX / 2)), attempt.card_ms);
}

bool run_is_over(policy::Attempt const& attempt, policy::Timestamp now, std::int64_t grace_ms) {
  return attempt.started_at && now.ms >= attempt.started_at->ms + attempt.allocation.limit_ms + grace_ms;
}

std::vector<policy::Event> events_for(policy::Attempt const& attempt, connectors::RemoteStatus const& status, policy::Hash remote,
                                      std::optional<policy::Hash> evidence, policy::Timestamp now, Asked asked) {
  using policy::AttemptStatus;
  std::vector<policy::Event> events;
  if (status.phase == RemotePhase::unknown) return events;
  if (asked.superseded) {
    // It cannot go on: only its end is news, which closes the dispute about its money.
    auto const outcome = outcome_of(status);
    auto const used = card_ms_of(attempt, status, now);
    if (outcome && used) events.emplace_back(policy::AttemptEnded{attempt.id, *used, evidence, status.exit_code, *outcome});
    return events;
  }
  bool const known = attempt.status != AttemptStatus::intended && attempt.status != AttemptStatus::lost;
  if (!known) events.emplace_back(policy::AttemptAcknowledged{attempt.id, evidence, remote});

  bool const runs = status.phase == RemotePhase::running || status.phase == RemotePhase::stopping;
  bool const ran = status.phase == RemotePhase::ended && status.started_at.has_value();
  if ((runs || ran) && attempt.status != AttemptStatus::running) {
    // The site's clock is not ours: nothing starts before we asked for it, or a second run could be allowed while this one goes on; and
    // nothing has started later than now.
    policy::Timestamp const said = std::max(status.started_at.value_or(now), attempt.intended_at.value_or(policy::Timestamp{0}));
    events.emplace_back(policy::AttemptStarted{attempt.id, std::min(said, now)});
  }
  auto const card_ms = card_ms_of(attempt, status, now);
  if (status.phase == RemotePhase::ended) {
    auto const outcome = outcome_of(status);
    if (outcome && card_ms) {
      events.emplace_back(policy::AttemptEnded{attempt.id, *card_ms, evidence, status.exit_code, *outcome});
    } else if (attempt.status != AttemptStatus::lost) {
      // Why it ended, and so who pays, is open. A second run waits until the first one's limit has passed: the site's word that it is
      // over comes without a cause.
      events.emplace_back(policy::AttemptLost{attempt.id, run_is_over(attempt, now, 0)});
    } else {
      events.clear();  // nothing new: it stays disputed until two people decide
    }
    return events;
  }
  if (asked.meter && runs && card_ms && *card_ms > attempt.card_ms)
    events.emplace_back(policy::AttemptMetered{attempt.id, *card_ms, evidence});
  return events;
}

}  // namespace sluice::broker
