// A small broker world to drive apply() with: one line per act, and every entry checked as it is made.
#pragma once

#include "policy/apply.hpp"
#include "policy/pricing.hpp"
#include "policy/state/rows.hpp"

#include <string>
#include <vector>

namespace sluice::policy::testing {

/// 2026-03-02 09:00 in Shanghai, a Monday; any day would do.
constexpr Timestamp world_start{1'772'413'200'000};

/// What orders the jobs of every day here.
Hash day_secret();

/// Starts with genesis, rules, one day's lot, operator "ann", approver "bob" and auditor "eve" (made by local administration), cluster
/// "wuhan" (64 cards of A100, 32 of Ascend910B), the operator's account there, and tenant "acme" with 10,000 yuan.
class World {
 public:
  World();

  /// Applies, demands success, checks every invariant, and settles or expires whatever is forced first and next.
  Effects ok(Event const& event);
  /// Demands a refusal and that the state is bit for bit what it was. The reason.
  Reason refused(Event const& event);
  /// The refusal's `where`, for messages.
  std::string const& where() const { return where_; }
  void pass(std::int64_t ms) { now.ms += ms; }
  /// Applies forced events until none is due.
  void settle();

  JobId submit(JobSpec const& spec, std::string const& tenant = "acme");
  /// Opens a round and decides it with this plan, unproven; allocations are still to come.
  void decide(std::vector<Placement> const& plan);
  /// Opens a round and lets the solver decide it; allocations are still to come. The plan is proven.
  void decide_well();
  /// Carries the decided plan out to its end.
  void place_all();
  /// One round that places the job on the cluster through the world's account.
  AttemptId place(JobId job, std::string const& cluster = "wuhan", std::string const& type = "A100",
                  std::optional<EntitlementId> entitlement = std::nullopt);
  /// place, dispatch, acknowledge, start.
  AttemptId run(JobId job, std::string const& cluster = "wuhan", std::string const& type = "A100",
                std::optional<EntitlementId> entitlement = std::nullopt);
  void end(AttemptId attempt, Outcome outcome, std::int64_t card_ms);
  /// Everything free at its listed price: 12 yuan for A100, 5 for Ascend910B.
  void observe(std::string const& cluster = "wuhan");

  Money book(BookKind kind, std::string const& owner = {}) const { return balance(state, {kind, owner}); }
  Job const& job(JobId id) const { return *state.jobs.at(id); }
  Attempt const& attempt(AttemptId id) const { return state.attempts.at(id); }
  std::uint64_t last_sequence() const { return state.governance.sequence - 1; }
  /// Jobs that have left the state, as their history rows tell them.
  std::vector<FinishedJob> finished;
  std::vector<AttemptSettled> settled;
  /// Every entry so far.
  std::vector<Stamped> entries;

  State state;
  Timestamp now = world_start;
  AccountId account;

 private:
  Effects apply_checked(Event const& event);
  std::string where_;
};

By by_socket();
By by(std::string principal, Role role);
By by_ann();
By by_bob();
KeyIssued key(std::string name, std::string principal, Role role, By const& by, std::optional<std::string> tenant = std::nullopt);
ClusterDefinition cluster_definition(std::string name);
ProgrammeDefinition programme_definition();
/// One card-hour of A100 on eight cards for at most two hours, or what is changed of it.
JobSpec job_spec();
Placement placement(JobId job, AccountId account, std::string cluster = "wuhan", std::string type = "A100");
/// The rows of a state, to load or to compare.
std::vector<std::pair<std::string, std::string>> rows_of(State const& state);
std::expected<State, std::string> loaded(std::vector<std::pair<std::string, std::string>> const& rows);

}  // namespace sluice::policy::testing
