// The only door through which apply() changes the state: it marks rows as changed, and keeps derived indexes and counters true.
#pragma once

#include "policy/apply.hpp"
#include "policy/state/row_keys.hpp"

#include <utility>

namespace sluice::policy {

/// True while the cluster's last figures, not yet stale, say what cannot be: more free and counted cards than it has in all, or fewer in
/// all than of ours are live there.
bool is_impossible(State const& state, ClusterName const& cluster);

/// One event's access to the state. Everything is readable; what is asked for writing is marked as changed. A pinned view never sees a
/// change: the catalogue and the queue's chunks are copied first when a view shares them. Not thread-safe.
class Editor {
 public:
  Editor(State& state, Timestamp at, Effects& effects) : state_(state), at_(at), effects_(effects) {}

  State const& state() const { return state_; }
  Timestamp at() const { return at_; }
  /// Number of the entry being applied: the id of what it gives birth to.
  std::uint64_t sequence() const { return state_.governance.sequence; }
  Effects& effects() { return effects_; }
  void next_round_may_differ() { effects_.round_relevant = true; }

  // Singletons.
  Governance& governance();
  Round& round();
  MarketRules& market();
  void set_equivalence(EquivalenceTable table);
  void set_plan(std::vector<Placement> plan) { state_.plan = std::move(plan); }
  /// Marks the rows that every state has, so that a snapshot holds them from the first entry on.
  void mark_singletons();

  // Rows of plain tables: created when absent.
  Tenant& tenant(TenantName const& name) { return marked(row::Table::tenants, state_.tenants, name); }
  Key& key(KeyName const& name) { return marked(row::Table::keys, state_.keys, name); }
  Principal& principal(PrincipalName const& name) { return marked(row::Table::principals, state_.principals, name); }
  Override& override_row(OverrideId id) { return marked(row::Table::overrides, state_.overrides, id); }
  void erase_override(OverrideId id);

  // Rows of the catalogue: created when absent.
  Cluster& cluster(ClusterName const& name) { return marked(row::Table::clusters, catalogue().clusters, name); }
  Account& account(AccountId id) { return marked(row::Table::accounts, catalogue().accounts, id); }
  /// Its expiry is entered as due; close_entitlement takes it out again.
  void add_entitlement(EntitlementId id, Entitlement entitlement);
  void close_entitlement(EntitlementId id, Money returned);
  void add_programme(ProgrammeDefinition definition);
  void set_quota(TenantName const& tenant, ClusterName const& cluster, std::optional<std::int32_t> cards);
  /// Takes the cluster out with its offers, card counts and quotas, and closes its accounts. REQUIRES: no live cards there.
  void erase_cluster(ClusterName const& name);

  // Offers.
  void set_offers(ClusterName const& cluster, ClusterOffers offers);
  void expire_offers(ClusterName const& cluster);
  /// Quarantines the cluster when what is known of it is_impossible().
  void quarantine_if_impossible(ClusterName const& cluster);

  // Money. Moves amount ≥ 0; a transfer of nothing leaves no trace. REQUIRES: neither balance leaves 64 bits.
  void transfer(BookAccount const& from, BookAccount const& to, Money amount);

  // Jobs and attempts: queue, deadlines, tenant counters and card counts follow by themselves.
  void add_job(Job job);
  template <class Change>
  void change_job(JobId id, Change&& change) {
    auto job = std::make_shared<Job>(*state_.jobs.at(id));
    change(*job);
    put_job(std::move(job));
  }
  void add_attempt(Attempt attempt);
  template <class Change>
  void change_attempt(AttemptId id, Change&& change) {
    Attempt& attempt = state_.attempts.at(id);
    AttemptStatus const before = attempt.status;
    change(attempt);
    attempt_changed(attempt, before);
  }
  /// Moves a job whose attempts are all settled or refused out of the state into history. REQUIRES: the job is final.
  void retire_job(JobId id);
  /// A row of history beside the finished jobs.
  void add_history(RowChange change) { state_.finished.push_back(std::move(change)); }

 private:
  Catalogue& catalogue();
  template <class Map>
  typename Map::mapped_type& marked(row::Table table, Map& map, typename Map::key_type const& key) {
    mark(row::key_of(table, key));
    return map[key];
  }
  void mark(std::string key) { state_.changed_rows.insert(std::move(key)); }
  void put_job(std::shared_ptr<Job> job);
  void attempt_changed(Attempt const& attempt, AttemptStatus before);
  void count_cards(Attempt const& attempt, bool live);
  void count_voucher_hold(BookAccount const& account, Money before, Money after);

  State& state_;
  Timestamp at_;
  Effects& effects_;
};

}  // namespace sluice::policy
