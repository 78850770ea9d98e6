// What one bid would cost, and why a bid does not exist.
#pragma once

#include "policy/market.hpp"

#include <expected>
#include <optional>
#include <vector>

namespace sluice::policy {

/// Names a bid: job × variant × offer × account × entitlement.
struct BidKey {
  ClusterName cluster;
  AcceleratorType type;
  std::int32_t variant = 0;
  AccountId account;
  std::optional<EntitlementId> entitlement;
  auto operator<=>(BidKey const&) const = default;
};

/// A bid with all its money. `allocation.extra` is zero: only a decided plan knows it.
struct PricedBid {
  Allocation allocation;
  std::int64_t work_card_ms = 0;  ///< card-milliseconds the declared work takes on this type
  std::int64_t estimate_ms = 0;   ///< run time of the declared work, ≥ 1
  Money estimate_fee;
  Money estimate_subsidy;
  Money estimate_net;  ///< what the tenant is expected to pay: gross − subsidy + fee
  Money porting;       ///< weighed by the objective, charged to nobody
  Money egress;        ///< weighed by the objective, charged to nobody
  Money objective;     ///< estimate_net + porting + egress: what the round minimises
};

/// The job as pricing sees it: of the queue, or of a quote that is no job yet.
struct JobView {
  JobSpec const& spec;
  TenantName const& tenant;
  std::vector<Reach> const& unreachable;
  std::vector<Declined> const* declined = nullptr;  ///< null for a quote
};

/// The queue's job as pricing sees it. REQUIRES: the job outlives the view.
inline JobView view_of(Job const& job) { return {*job.spec, job.tenant, job.unreachable, &job.declined}; }

/// Prices one bid on the market as it is. Granted limit = min(max_runtime, the site's limit, what price limit, balance and
/// entitlement pay at this price), and at least the estimate, else the bid does not exist. Error: why it does not exist.
/// `capacity` false ignores free cards and quotas (what could ever run); true demands that the gang fits now.
std::expected<PricedBid, Reason> price_bid(Market const& market, JobView const& job, BidKey const& key, bool capacity);

/// One line of a quote or an explanation: a place, and the bid there or the reason why there is none.
struct Assessment {
  BidKey key;
  std::expected<PricedBid, Reason> bid;
};

/// Gross price of `billed_card_ms` at a price per card-hour, rounded once by the tariff's rule. nullopt when 64 bits cannot hold it.
std::optional<Money> gross_price(Money price_per_card_hour, std::int64_t billed_card_ms, Rounding rule);

/// Billed time of one card that ran `run_ms`: whole increments, at least the minimum. REQUIRES: run_ms ≥ 0.
std::int64_t billed_ms(Tariff const& tariff, std::int64_t run_ms);

/// The tariff of a type at a cluster; the default one (per second, half up to fen) when its file states none.
Tariff tariff_of(ClusterDefinition const& cluster, AcceleratorType const& type);

/// All places of the catalogue for one job, in (cluster, type, variant, account, entitlement) order: every account the tenant may use,
/// each without a voucher and with each of the tenant's entitlements that is spendable there.
std::vector<Assessment> assess(Market const& market, JobView const& job, bool capacity);

/// Reasons that declared hardware and rules exclude the job for ever, one per cluster, if no bid could ever exist; empty otherwise.
/// Balances, prices, offers and accounts do not count here: they change.
std::vector<std::pair<ClusterName, Reason>> never_fits(Catalogue const& catalogue, JobView const& job);

}  // namespace sluice::policy
