// The whole state of the broker as plain tables. Only apply() changes it (through Editor).
#pragma once

#include "policy/row_change.hpp"
#include "policy/state/books.hpp"
#include "policy/state/job_queue.hpp"
#include "policy/state/records.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::policy {

/// A key of the timer index: what falls due when. Ordered by (due, lot or name).
struct Due {
  Timestamp at;
  enum class Kind : std::uint8_t { offers = 1, entitlement = 2, job = 3 } kind = Kind::offers;
  std::uint64_t lot = 0;  ///< jobs: the lot; else 0
  std::uint64_t id = 0;   ///< job or entitlement
  ClusterName cluster;    ///< offers
  auto operator<=>(Due const&) const = default;
};

/// One placement of a decided plan, in the problem's canonical order.
struct Placement {
  JobId job;
  ClusterName cluster;
  AcceleratorType type;
  std::int32_t variant = 0;
  AccountId account;
  std::optional<EntitlementId> entitlement;
  Money extra;  ///< of this job, from the certificate's prices
  bool operator==(Placement const&) const = default;
};

/// Definitions and issued rights: small, changed rarely, shared with pinned views and copied on change.
struct Catalogue {
  std::map<ClusterName, Cluster> clusters;
  std::map<std::pair<ProgrammeName, std::int32_t>, ProgrammeDefinition> programmes;  ///< by version
  std::map<ProgrammeName, std::int32_t> programme_in_force;                          ///< newest version
  std::optional<EquivalenceTable> equivalence;
  MarketRules market;
  std::map<AccountId, Account> accounts;
  std::map<EntitlementId, Entitlement> entitlements;
  std::map<std::pair<TenantName, ClusterName>, std::int32_t> quotas;
};

/// Everything replay rebuilds. Copying it is not allowed; views pin what they need.
struct State {
  State() = default;
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  State(State&&) = default;
  State& operator=(State&&) = default;

  Governance governance;
  std::shared_ptr<Catalogue> catalogue = std::make_shared<Catalogue>();

  std::map<TenantName, Tenant> tenants;
  std::map<KeyName, Key> keys;
  std::map<PrincipalName, Principal> principals;
  std::map<ClusterName, ClusterOffers> offers;
  std::map<std::pair<ClusterName, AcceleratorType>, CardUse> card_use;
  std::map<std::pair<TenantName, ClusterName>, std::int32_t> tenant_cards;  ///< live cards per tenant and cluster
  std::map<OverrideId, Override> overrides;                                 ///< undecided ones
  std::map<BookAccount, Money> books;

  std::map<JobId, std::shared_ptr<Job const>> jobs;  ///< open ones, and final ones with money still disputed
  JobQueue queue;                                    ///< the waiting among them
  std::map<AttemptId, Attempt> attempts;             ///< of the jobs above
  Round round;
  std::vector<Placement> plan;                   ///< of the decided round; not a row: a restart abandons the round
  std::set<Due> due;                             ///< derived
  std::map<ProgrammeName, Money> voucher_holds;  ///< derived: held and disputed of all vouchers of a programme
  Int128 books_total = 0;                        ///< derived: sum of all balances, moved by every posting; never anything but zero
  std::vector<AttemptId> unsettled;              ///< derived: ended, settlement forced next, in order
  std::set<std::string> changed_rows;            ///< keys of rows changed since the writer took them
  std::vector<RowChange> finished;               ///< history rows of jobs that left the state since the writer took them
};

/// Balance of a book account; zero when it was never used.
Money balance(State const& state, BookAccount const& account);
/// Free − cards of our live attempts that the site did not count, never below zero; nullopt while the offer is stale or unknown.
std::optional<std::int32_t> sellable_cards(State const& state, ClusterName const& cluster, AcceleratorType const& type);

}  // namespace sluice::policy
