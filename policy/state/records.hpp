// The records the state consists of: one struct per table, each a row of the snapshot.
#pragma once

#include "policy/events/event.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::policy {

struct Tenant {
  ApplicantClass applicant = ApplicantClass::startup;
  std::uint64_t changed_at = 0;  ///< sequence of the last entry about the tenant itself
  Hash identity;
  std::int32_t jobs_open = 0;  ///< waiting or live
  std::int32_t jobs_waiting = 0;
  std::int32_t queue_limit = 0;
  std::int32_t refusals_in_minute = 0;
  RegionCode region;
  Timestamp registered_at;
  TenantStatus status = TenantStatus::active;
  std::int32_t submissions_in_minute = 0;
  std::int32_t submissions_per_minute = 0;
  std::int64_t window_minute = 0;  ///< the minute since the epoch that the two counters are about
  static void fields(auto& self, auto&& visit) {
    visit("applicant_class", self.applicant);
    visit("changed_at", self.changed_at);
    visit("identity", self.identity);
    visit("jobs_open", self.jobs_open);
    visit("jobs_waiting", self.jobs_waiting);
    visit("queue_limit", self.queue_limit);
    visit("refusals_in_minute", self.refusals_in_minute);
    visit("region", self.region);
    visit("registered_at_ms", self.registered_at);
    visit("status", self.status);
    visit("submissions_in_minute", self.submissions_in_minute);
    visit("submissions_per_minute", self.submissions_per_minute);
    visit("window_minute", self.window_minute);
  }
};

struct Key {
  PrincipalName created_by;
  std::optional<Timestamp> expires_at;
  Timestamp issued_at;
  PrincipalName principal;
  bool revoked = false;
  Role role = Role::tenant;
  Hash secret_hash;
  std::optional<TenantName> tenant;
  static void fields(auto& self, auto&& visit) {
    visit("created_by", self.created_by);
    visit("expires_at_ms", self.expires_at);
    visit("issued_at_ms", self.issued_at);
    visit("principal", self.principal);
    visit("revoked", self.revoked);
    visit("role", self.role);
    visit("secret_hash", self.secret_hash);
    visit("tenant", self.tenant);
  }
};

/// Someone who acts. Remembered with the principal that issued the first key, for the two-person rule.
struct Principal {
  PrincipalName created_by;
  std::int32_t roles = 0;            ///< of its keys that are not revoked: bit 1 << role
  std::optional<TenantName> tenant;  ///< whom it acts for; absent: staff
  static void fields(auto& self, auto&& visit) {
    visit("created_by", self.created_by);
    visit("roles", self.roles);
    visit("tenant", self.tenant);
  }
};

struct Account {
  Timestamp approved_from;
  bool closed = false;
  ClusterName cluster;
  CredentialName credential;
  std::optional<TenantName> holder;
  static void fields(auto& self, auto&& visit) {
    visit("approved_from_ms", self.approved_from);
    visit("closed", self.closed);
    visit("cluster", self.cluster);
    visit("credential", self.credential);
    visit("holder", self.holder);
  }
};

struct Cluster {
  ClusterDefinition definition;
  bool remove_when_empty = false;
  ClusterStatus status = ClusterStatus::open;
  static void fields(auto& self, auto&& visit) {
    visit("definition", self.definition);
    visit("remove_when_empty", self.remove_when_empty);
    visit("status", self.status);
  }
};

/// What a cluster offers now, with our own live cards per type as the broker counts them.
struct ClusterOffers {
  Timestamp as_of;
  Timestamp observed_at;            ///< when the entry was made: what was allocated before may have been counted
  std::vector<Offer> offers;        ///< sorted by type
  bool stale = false;               ///< expired: not to be used
  std::vector<VoucherTerms> terms;  ///< sorted by programme
  Timestamp valid_until;
  static void fields(auto& self, auto&& visit) {
    visit("as_of_ms", self.as_of);
    visit("observed_at_ms", self.observed_at);
    visit("offers", self.offers);
    visit("stale", self.stale);
    visit("terms", self.terms);
    visit("valid_until_ms", self.valid_until);
  }
};

/// Cards in use by our attempts, per (cluster, type).
struct CardUse {
  std::int32_t live_cards = 0;               ///< of attempts not yet ended
  std::int32_t ended_since_observation = 0;  ///< perhaps counted by the observation and ended since: stay used until observed again
  static void fields(auto& self, auto&& visit) {
    visit("ended_since_observation", self.ended_since_observation);
    visit("live_cards", self.live_cards);
  }
};

struct Entitlement {
  Money amount;         ///< as issued
  bool closed = false;  ///< expired or revoked
  TenantName holder;
  Timestamp issued_at;
  ProgrammeName programme;
  std::int32_t programme_version = 1;
  Money returned;  ///< to the purse, unspent: does not count against the cap per entity
  Timestamp valid_from;
  Timestamp valid_until;
  static void fields(auto& self, auto&& visit) {
    visit("amount_micro_yuan", self.amount);
    visit("closed", self.closed);
    visit("holder", self.holder);
    visit("issued_at_ms", self.issued_at);
    visit("programme", self.programme);
    visit("programme_version", self.programme_version);
    visit("returned_micro_yuan", self.returned);
    visit("valid_from_ms", self.valid_from);
    visit("valid_until_ms", self.valid_until);
  }
};

struct Override {
  OverrideAction action;
  bool decided = false;
  PrincipalName proposed_by;
  static void fields(auto& self, auto&& visit) {
    visit("action", self.action);
    visit("decided", self.decided);
    visit("proposed_by", self.proposed_by);
  }
};

/// A cluster that declined a job. It is not asked again before `until`, so that one that always declines does not hold the job up.
struct Declined {
  ClusterName cluster;
  std::int32_t times = 0;
  Timestamp until;
  bool operator==(Declined const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("cluster", self.cluster);
    visit("times", self.times);
    visit("until_ms", self.until);
  }
};

enum class JobStatus : std::uint8_t {
  queued = 1,
  allocated = 2,
  dispatched = 3,
  running = 4,
  completed = 5,
  failed = 6,
  cancelled = 7,
  lost = 8
};

/// True for completed, failed, cancelled and lost.
constexpr bool is_final(JobStatus status) { return status >= JobStatus::completed; }

struct Job {
  Timestamp accepted_at;
  RoundNumber accepted_round;  ///< the last round opened before it: its age is content, so resubmitting loses age
  std::int32_t attempts = 0;   ///< made so far; the current one has this number
  bool cancel_requested = false;
  std::uint64_t changed_at = 0;    ///< sequence of the last entry that changed it
  std::vector<Declined> declined;  ///< by clusters, at most one each
  JobId id;
  std::uint64_t lot = 0;
  Hash payload;
  Reason reason = Reason::waiting_for_round;  ///< why it is where it is
  std::int32_t refusals = 0;                  ///< of its attempts that never ran: they do not count against max_attempts
  std::shared_ptr<JobSpec const> spec;
  JobStatus status = JobStatus::queued;
  TenantName tenant;
  std::vector<Reach> unreachable;
  static void fields(auto& self, auto&& visit) {
    visit("accepted_at_ms", self.accepted_at);
    visit("accepted_round", self.accepted_round);
    visit("attempts", self.attempts);
    visit("cancel_requested", self.cancel_requested);
    visit("changed_at", self.changed_at);
    visit("declined", self.declined);
    visit("id", self.id);
    visit("lot", self.lot);
    visit("payload", self.payload);
    visit("reason", self.reason);
    visit("refusals", self.refusals);
    visit("spec", self.spec);
    visit("status", self.status);
    visit("tenant", self.tenant);
    visit("unreachable", self.unreachable);
  }
};

enum class AttemptStatus : std::uint8_t {
  allocated = 1,     ///< money held, nothing sent
  intended = 2,      ///< may exist at the cluster; unknown until an answer or a look-up
  acknowledged = 3,  ///< the cluster has it, waiting there
  running = 4,
  ended = 5,  ///< settlement is forced next
  lost = 6,   ///< outcome unknown, money disputed
  settled = 7,
  refused = 8,  ///< never ran; holds released
};

/// True while its cards count as used.
constexpr bool is_live(AttemptStatus status) { return status <= AttemptStatus::running; }

struct Attempt {
  Allocation allocation;
  Timestamp allocated_at;
  std::int64_t card_ms = 0;
  std::optional<Timestamp> ended_at;
  std::optional<std::int32_t> exit_code;
  bool fenced = false;  ///< lost, and a second run was allowed
  AttemptId id;
  std::optional<Timestamp> intended_at;
  std::optional<Liability> liability;  ///< who pays, where a decision overrules what the outcome says
  std::optional<Outcome> outcome;
  std::optional<Hash> remote;
  RoundNumber round;
  std::optional<AttemptSettled> settlement;
  std::optional<Timestamp> started_at;
  AttemptStatus status = AttemptStatus::allocated;
  bool stop_intended = false;
  Tariff tariff;  ///< as it was at allocation: later versions do not touch it
  TenantName tenant;
  static void fields(auto& self, auto&& visit) {
    visit("allocated_at_ms", self.allocated_at);
    visit("allocation", self.allocation);
    visit("card_ms", self.card_ms);
    visit("ended_at_ms", self.ended_at);
    visit("exit_code", self.exit_code);
    visit("fenced", self.fenced);
    visit("id", self.id);
    visit("intended_at_ms", self.intended_at);
    visit("liability", self.liability);
    visit("outcome", self.outcome);
    visit("remote", self.remote);
    visit("round", self.round);
    visit("settlement", self.settlement);
    visit("started_at_ms", self.started_at);
    visit("status", self.status);
    visit("stop_intended", self.stop_intended);
    visit("tariff", self.tariff);
    visit("tenant", self.tenant);
  }
};

enum class RoundPhase : std::uint8_t { idle = 0, open = 1, decided = 2 };

/// The round in progress, or the last one.
struct Round {
  std::uint64_t next_placement = 0;  ///< cursor into the decided plan
  std::uint64_t opened_at = 0;       ///< sequence of round.opened
  RoundPhase phase = RoundPhase::idle;
  Hash plan;
  RoundNumber round;
  static void fields(auto& self, auto&& visit) {
    visit("next_placement", self.next_placement);
    visit("opened_at", self.opened_at);
    visit("phase", self.phase);
    visit("plan", self.plan);
    visit("round", self.round);
  }
};

/// Scalars of the whole broker: one row.
struct Governance {
  Timestamp at;  ///< of the last entry
  std::int32_t disclosure_delay_days = 30;
  bool dispatch_frozen = false;
  std::optional<std::int64_t> lot_day;  ///< open day
  std::int64_t lot_day_last = 0;        ///< newest day ever opened: a closed day never opens again
  Hash lot_secret_hash;
  std::string origin;
  bool rounds_paused = false;
  std::int32_t rules_version = 0;
  std::uint64_t sequence = 0;  ///< entries applied so far = index of the next one
  static void fields(auto& self, auto&& visit) {
    visit("at_ms", self.at);
    visit("disclosure_delay_days", self.disclosure_delay_days);
    visit("dispatch_frozen", self.dispatch_frozen);
    visit("lot_day", self.lot_day);
    visit("lot_day_last", self.lot_day_last);
    visit("lot_secret_hash", self.lot_secret_hash);
    visit("origin", self.origin);
    visit("rounds_paused", self.rounds_paused);
    visit("rules_version", self.rules_version);
    visit("sequence", self.sequence);
  }
};

}  // namespace sluice::policy
