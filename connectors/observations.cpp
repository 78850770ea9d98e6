#include "connectors/observations.hpp"

namespace sluice::connectors {

std::string_view name_of(Freshness freshness) {
  switch (freshness) {
    case Freshness::fresh:
      return "fresh";
    case Freshness::stale:
      return "stale";
    case Freshness::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view name_of(RemotePhase phase) {
  switch (phase) {
    case RemotePhase::unknown:
      return "unknown";
    case RemotePhase::queued:
      return "queued";
    case RemotePhase::starting:
      return "starting";
    case RemotePhase::running:
      return "running";
    case RemotePhase::stopping:
      return "stopping";
    case RemotePhase::ended:
      return "ended";
  }
  return "unknown";
}

std::string_view name_of(RemoteEnd end) {
  switch (end) {
    case RemoteEnd::unknown:
      return "unknown";
    case RemoteEnd::own_exit:
      return "own_exit";
    case RemoteEnd::run_limit:
      return "run_limit";
    case RemoteEnd::cancelled:
      return "cancelled";
    case RemoteEnd::preempted:
      return "preempted";
    case RemoteEnd::cluster_fault:
      return "cluster_fault";
    case RemoteEnd::start_failed:
      return "start_failed";
  }
  return "unknown";
}

Freshness freshness_of(std::optional<policy::Timestamp> as_of, std::optional<policy::Timestamp> valid_until, policy::Timestamp now,
                       std::chrono::milliseconds age_max, std::chrono::milliseconds skew_max) {
  if (valid_until && *valid_until <= now) return Freshness::stale;
  if (!as_of || as_of->ms > now.ms + skew_max.count()) return Freshness::unknown;
  return now.ms - as_of->ms > age_max.count() ? Freshness::stale : Freshness::fresh;
}

}  // namespace sluice::connectors
