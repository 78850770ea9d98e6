// Events about jobs, rounds, allocations and attempts: from acceptance to the last meter reading.
#pragma once

#include "policy/definitions.hpp"
#include "policy/reason.hpp"
#include "policy/shared_bytes.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::policy {

/// Whether a cluster can run a variant, judged from private parts (image, inputs) at acceptance.
struct Reach {
  ClusterName cluster;
  Reason reason = Reason::none;  ///< none: reachable
  std::int32_t variant = 0;      ///< index into the job's variants
  bool operator==(Reach const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("cluster", self.cluster);
    visit("reason", self.reason);
    visit("variant", self.variant);
  }
};

/// The job's id is this entry's sequence number.
struct JobAccepted {
  static constexpr std::string_view type = "job.accepted/1";
  Hash idempotency;       ///< SHA-256(Idempotency-Key): with the day's secret, once told, anyone can draw the lot again
  std::uint64_t lot = 0;  ///< first 8 bytes of SHA-256(day secret ‖ tenant ‖ idempotency), big-endian
  Hash payload;           ///< private: names, images, commands, environments, paths
  JobSpec spec;
  TenantName tenant;
  std::vector<Reach> unreachable;  ///< sorted by (cluster, variant); pairs not listed are reachable
  static void fields(auto& self, auto&& visit) {
    visit("idempotency", self.idempotency);
    visit("lot", self.lot);
    visit("payload", self.payload);
    visit("spec", self.spec);
    visit("tenant", self.tenant);
    visit("unreachable", self.unreachable);
  }
};

/// A refusal by `apply`, kept as an entry (rate-capped per tenant) so that nobody is turned away unseen.
struct SubmissionRefused {
  static constexpr std::string_view type = "submission.refused/1";
  Reason reason = Reason::malformed;
  TenantName tenant;
  static void fields(auto& self, auto&& visit) {
    visit("reason", self.reason);
    visit("tenant", self.tenant);
  }
};

/// A waiting job ends at once; a live one is stopped and settled for its metered use.
struct JobCancelled {
  static constexpr std::string_view type = "job.cancelled/1";
  By by;
  JobId job;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("job", self.job);
  }
};

/// Forced when a waiting job's deadline has passed.
struct JobExpired {
  static constexpr std::string_view type = "job.expired/1";
  JobId job;
  bool operator==(JobExpired const&) const = default;
  static void fields(auto& self, auto&& visit) { visit("job", self.job); }
};

/// A waiting job that can no longer be run: its private part is missing after a restore.
struct JobFailed {
  static constexpr std::string_view type = "job.failed/1";
  JobId job;
  Reason reason = Reason::payload_missing;
  static void fields(auto& self, auto&& visit) {
    visit("job", self.job);
    visit("reason", self.reason);
  }
};

/// Pins the view that the round decides on: the state after this entry.
struct RoundOpened {
  static constexpr std::string_view type = "round.opened/1";
  RoundNumber round;
  static void fields(auto& self, auto&& visit) { visit("round", self.round); }
};

/// The decision, with what proves it. Submitted only if the certificate check passes; replay runs the same check.
struct RoundDecided {
  static constexpr std::string_view type = "round.decided/1";
  Money bound;  ///< proven: no plan costs less
  Money cost;   ///< price + waiting + fairness + shortfall
  Money fairness;
  std::int32_t jobs = 0;  ///< of the problem
  std::int32_t placed = 0;
  SharedBytes plan;  ///< blob: canonical plan
  Money price;
  SharedBytes prices;  ///< blob: canonical prices (the certificate)
  Hash problem;        ///< digest of the problem built from the pinned view
  RoundNumber round;
  Money shortfall;
  Money waiting;
  static void fields(auto& self, auto&& visit) {
    visit("bound_micro_yuan", self.bound);
    visit("cost_micro_yuan", self.cost);
    visit("fairness_micro_yuan", self.fairness);
    visit("jobs", self.jobs);
    visit("placed", self.placed);
    visit("plan", self.plan);
    visit("price_micro_yuan", self.price);
    visit("prices", self.prices);
    visit("problem", self.problem);
    visit("round", self.round);
    visit("shortfall_micro_yuan", self.shortfall);
    visit("waiting_micro_yuan", self.waiting);
  }
};

/// The daemon restarted, or the solver failed, before a decision.
struct RoundAbandoned {
  static constexpr std::string_view type = "round.abandoned/1";
  Reason reason = Reason::none;
  RoundNumber round;
  static void fields(auto& self, auto&& visit) {
    visit("reason", self.reason);
    visit("round", self.round);
  }
};

/// What a job gets: place, price, limit and holds. All of it is computed by policy from the plan and checked by replay.
struct Allocation {
  AccountId account;
  std::int32_t cards = 0;
  ClusterName cluster;
  std::optional<EntitlementId> entitlement;
  Money estimate;  ///< gross for the declared work
  Money extra;     ///< of DESIGN's round: borne by the policy's owner, never by the tenant
  std::int32_t fee_bp = 0;
  Money hold_net;             ///< tenant's share at the limit, fee included
  Money hold_subsidy;         ///< voucher's share at the limit
  std::int64_t limit_ms = 0;  ///< granted run time, sent as the remote limit, never raised
  std::optional<Money> list_price_per_card_hour;
  Money price_per_card_hour;           ///< fixed now
  std::int32_t programme_version = 0;  ///< 0 without entitlement
  std::int32_t rate_bp = 0;
  std::int32_t tariff_version = 0;
  AcceleratorType type;
  std::int32_t variant = 0;
  bool operator==(Allocation const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("account", self.account);
    visit("cards", self.cards);
    visit("cluster", self.cluster);
    visit("entitlement", self.entitlement);
    visit("estimate_micro_yuan", self.estimate);
    visit("extra_micro_yuan", self.extra);
    visit("fee_bp", self.fee_bp);
    visit("hold_net_micro_yuan", self.hold_net);
    visit("hold_subsidy_micro_yuan", self.hold_subsidy);
    visit("limit_ms", self.limit_ms);
    visit("list_price_per_card_hour_micro_yuan", self.list_price_per_card_hour);
    visit("price_per_card_hour_micro_yuan", self.price_per_card_hour);
    visit("programme_version", self.programme_version);
    visit("rate_bp", self.rate_bp);
    visit("tariff_version", self.tariff_version);
    visit("type", self.type);
    visit("variant", self.variant);
  }
};

/// The plan's next job, in the problem's canonical order, placed on the state as it is now.
struct AllocationMade {
  static constexpr std::string_view type = "allocation.made/1";
  Allocation allocation;
  AttemptId attempt;
  RoundNumber round;
  static void fields(auto& self, auto&& visit) {
    visit("allocation", self.allocation);
    visit("attempt", self.attempt);
    visit("round", self.round);
  }
};

/// The plan's next job no longer fits the state: it waits for the next round.
struct AllocationSkipped {
  static constexpr std::string_view type = "allocation.skipped/1";
  JobId job;
  Reason reason = Reason::allocation_superseded;
  RoundNumber round;
  static void fields(auto& self, auto&& visit) {
    visit("job", self.job);
    visit("reason", self.reason);
    visit("round", self.round);
  }
};

/// Durable before the remote call: from here on the attempt may exist at the cluster.
struct DispatchIntended {
  static constexpr std::string_view type = "dispatch.intended/1";
  AttemptId attempt;
  static void fields(auto& self, auto&& visit) { visit("attempt", self.attempt); }
};

/// The cluster knows the attempt (from its answer to dispatch or to a look-up).
struct AttemptAcknowledged {
  static constexpr std::string_view type = "attempt.acknowledged/1";
  AttemptId attempt;
  std::optional<Hash> evidence;
  Hash remote;  ///< private: the cluster's own id
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("evidence", self.evidence);
    visit("remote", self.remote);
  }
};

/// The cluster certainly does not have it: refused, or look-up after a fence found nothing. Costs nothing; the job waits again.
struct AttemptRefused {
  static constexpr std::string_view type = "attempt.refused/1";
  AttemptId attempt;
  std::optional<Hash> evidence;
  Reason reason = Reason::dispatch_refused;
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("evidence", self.evidence);
    visit("reason", self.reason);
  }
};

struct AttemptStarted {
  static constexpr std::string_view type = "attempt.started/1";
  AttemptId attempt;
  Timestamp started_at;  ///< by the cluster's report
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("started_at_ms", self.started_at);
  }
};

/// Cumulative use so far; never falls.
struct AttemptMetered {
  static constexpr std::string_view type = "attempt.metered/1";
  AttemptId attempt;
  std::int64_t card_ms = 0;
  std::optional<Hash> evidence;
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("card_ms", self.card_ms);
    visit("evidence", self.evidence);
  }
};

/// Asks the cluster to stop it; durable before the call.
struct StopIntended {
  static constexpr std::string_view type = "stop.intended/1";
  AttemptId attempt;
  Reason reason = Reason::cancelled_by_tenant;
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("reason", self.reason);
  }
};

enum class Outcome : std::uint8_t {
  succeeded = 1,      ///< exit 0
  failed = 2,         ///< the job's own exit code
  limit_reached = 3,  ///< the granted limit
  cancelled = 4,      ///< by tenant or operator
  cluster_fault = 5,  ///< node failure, lost by the site
  preempted = 6,      ///< by the site
  broker_fault = 7,   ///< sent wrongly, or twice
};

struct AttemptEnded {
  static constexpr std::string_view type = "attempt.ended/1";
  AttemptId attempt;
  std::int64_t card_ms = 0;  ///< final cumulative use
  std::optional<Hash> evidence;
  std::optional<std::int32_t> exit_code;
  Outcome outcome = Outcome::succeeded;
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("card_ms", self.card_ms);
    visit("evidence", self.evidence);
    visit("exit_code", self.exit_code);
    visit("outcome", self.outcome);
  }
};

/// The cluster is gone or has forgotten it, and what became of it is unknown: the money waits as disputed. A second run is
/// allowed (`fenced`) only once the granted limit has surely passed, so that two runs cannot overlap beyond it.
struct AttemptLost {
  static constexpr std::string_view type = "attempt.lost/1";
  AttemptId attempt;
  bool fenced = false;
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("fenced", self.fenced);
  }
};

}  // namespace sluice::policy
