// One bid: account, offer, price, voucher, granted limit and holds.
#include "policy/pricing.hpp"

#include "policy/eligibility.hpp"
#include "policy/subsidy.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::policy {
namespace {

constexpr bool whole_fen(Rounding rule) { return rule <= Rounding::half_up_fen; }

/// The money of one bid for one run time: who pays what if the gang runs so long.
struct Shares {
  Money gross{};
  Money subsidy{};
  Money fee{};
  Money net{};  // gross − subsidy + fee
};

/// All that is fixed about a bid before its run time is chosen.
struct BidTerms {
  Money price{};
  Tariff tariff{};
  std::int32_t cards = 1;
  SubsidyRule subsidy{};
  Money voucher_left{};
  std::int32_t fee_bp = 0;
};

std::optional<Shares> shares_for(BidTerms const& terms, std::int64_t run_ms) {
  Int128 const card_ms = Int128{billed_ms(terms.tariff, run_ms)} * terms.cards;
  if (card_ms > INT64_MAX) return std::nullopt;
  auto const gross = gross_price(terms.price, static_cast<std::int64_t>(card_ms), terms.tariff.rounding);
  if (!gross) return std::nullopt;
  Shares shares{.gross = *gross};
  Charge const charge{terms.price, static_cast<std::int64_t>(card_ms), terms.tariff.rounding, *gross};
  shares.subsidy = std::min(subsidy_of(terms.subsidy, charge), terms.voucher_left);
  shares.fee = apply_rate(*gross, terms.fee_bp, Rounding::half_up_fen);
  auto const net = checked_add({gross->micro_yuan - shares.subsidy.micro_yuan}, shares.fee);
  if (!net || *net > money_max) return std::nullopt;
  shares.net = *net;
  return shares;
}

/// What must be held so that any shorter run is covered too: a subsidy floored to fen can step up while the gross moves by less.
std::optional<Money> hold_for(BidTerms const& terms, std::int64_t run_ms) {
  auto const shares = shares_for(terms, run_ms);
  if (!shares) return std::nullopt;
  bool const margin = terms.subsidy.rate_bp > 0 && !whole_fen(terms.tariff.rounding);
  return Money{shares->net.micro_yuan + (margin ? micro_yuan_per_fen : 0)};
}

/// The longest run time in [least, most] whose hold stays within `purse`; nullopt when not even `least` does.
std::optional<std::int64_t> affordable_ms(BidTerms const& terms, std::int64_t least, std::int64_t most, Money purse) {
  auto const pays = [&](std::int64_t run_ms) {
    auto const hold = hold_for(terms, run_ms);
    return hold && *hold <= purse;
  };
  if (pays(most)) return most;
  if (!pays(least)) return std::nullopt;
  while (least + 1 < most) {  // invariant: least is paid for, most is not
    std::int64_t const middle = least + (most - least) / 2;
    (pays(middle) ? least : most) = middle;
  }
  return least;
}

std::optional<Reason> account_excludes(Market const& market, TenantName const& tenant, BidKey const& key) {
  auto const it = market.catalogue().accounts.find(key.account);
  if (it == market.catalogue().accounts.end()) return Reason::no_approved_account;
  Account const& account = it->second;
  if (account.closed || account.cluster != key.cluster || (account.holder && *account.holder != tenant)) return Reason::no_approved_account;
  if (market.now() < account.approved_from) return Reason::account_not_yet_approved;
  return std::nullopt;
}

std::optional<Reason> cluster_excludes(ClusterStatus status) {
  switch (status) {
    case ClusterStatus::open:
      return std::nullopt;
    case ClusterStatus::cordoned:
      return Reason::cluster_cordoned;
    case ClusterStatus::draining:
      return Reason::cluster_draining;
    case ClusterStatus::quarantined:
      return Reason::cluster_quarantined;
  }
  return Reason::cluster_quarantined;
}

bool declined_now(Market const& market, JobView const& job, ClusterName const& cluster) {
  if (job.declined == nullptr) return false;
  return std::ranges::any_of(*job.declined, [&](Declined const& each) { return each.cluster == cluster && market.now() < each.until; });
}

std::optional<Reason> capacity_excludes(Market const& market, JobView const& job, BidKey const& key, bool capacity) {
  std::int32_t const cards = job.spec.gang.cards;
  auto const quota = market.catalogue().quotas.find({job.tenant, key.cluster});
  if (quota != market.catalogue().quotas.end()) {
    std::int64_t const held = capacity ? market.tenant_cards(job.tenant, key.cluster) : 0;
    if (held + cards > quota->second) return Reason::quota_exceeded;
  }
  if (capacity && market.sellable(key.cluster, key.type).value_or(0) < cards) return Reason::capacity_short;
  return std::nullopt;
}

/// Money of other places than the price itself, weighed by the objective only.
Money porting_cost(MarketRules const& rules, Variant const& variant) {
  return round_ratio(Int128{rules.porting_per_hour.micro_yuan} * variant.porting_ms, ms_per_hour, Rounding::ceil_micro).value_or(money_max);
}
Money egress_cost(MarketRules const& rules, JobSpec const& spec, RegionCode cluster) {
  if (!spec.data_location || spec.data_gib == 0) return {};
  RegionCode const prefecture{spec.data_location->code / 100 * 100};
  if (lies_in(cluster, prefecture)) return {};
  return checked_multiply(rules.egress_per_gib, spec.data_gib).value_or(money_max);
}

}  // namespace

std::optional<Money> gross_price(Money price_per_card_hour, std::int64_t billed_card_ms, Rounding rule) {
  return round_ratio(Int128{price_per_card_hour.micro_yuan} * billed_card_ms, ms_per_hour, rule);
}

std::int64_t billed_ms(Tariff const& tariff, std::int64_t run_ms) {
  assert(run_ms >= 0 && tariff.increment_ms >= 1);
  std::int64_t const at_least = std::max<std::int64_t>(run_ms, tariff.minimum_ms);
  return (at_least + tariff.increment_ms - 1) / tariff.increment_ms * tariff.increment_ms;
}

Tariff tariff_of(ClusterDefinition const& cluster, AcceleratorType const& type) {
  auto const it = std::ranges::find(cluster.tariffs, type, &Tariff::type);
  if (it != cluster.tariffs.end()) return *it;
  Tariff tariff;
  tariff.type = type;
  return tariff;
}

std::expected<PricedBid, Reason> price_bid(Market const& market, JobView const& job, BidKey const& key, bool capacity) {
  auto const found = market.catalogue().clusters.find(key.cluster);
  if (found == market.catalogue().clusters.end()) return std::unexpected(Reason::unknown_cluster);
  Cluster const& cluster = found->second;
  auto const fit = fits_declared(market.catalogue(), cluster.definition, job, key.variant, key.type);
  if (!fit) return std::unexpected(fit.error());
  if (auto const reason = cluster_excludes(cluster.status)) return std::unexpected(*reason);
  if (declined_now(market, job, key.cluster)) return std::unexpected(Reason::dispatch_refused);
  if (auto const reason = account_excludes(market, job.tenant, key)) return std::unexpected(*reason);

  ClusterOffers const* seen = market.offers(key.cluster);
  if (seen == nullptr || seen->stale || market.now() >= seen->valid_until) return std::unexpected(Reason::offer_stale);
  auto const offer = std::ranges::find(seen->offers, key.type, &Offer::type);
  if (offer == seen->offers.end()) return std::unexpected(Reason::type_not_offered);
  BidTerms terms{.tariff = tariff_of(cluster.definition, key.type), .cards = job.spec.gang.cards};
  auto const price = offer->price_per_card_hour ? offer->price_per_card_hour : terms.tariff.price_per_card_hour;
  if (!price || price->micro_yuan <= 0) return std::unexpected(Reason::price_unknown);
  terms.price = *price;
  if (job.spec.deadline && market.now().ms + offer->queue_delay_ms.value_or(0) + fit->estimate_ms > job.spec.deadline->ms)
    return std::unexpected(Reason::deadline_cannot_be_met);
  if (auto const reason = capacity_excludes(market, job, key, capacity)) return std::unexpected(*reason);

  MarketRules const& rules = market.catalogue().market;
  terms.fee_bp = rules.fee_bp;
  std::int32_t programme_version = 0;
  if (key.entitlement) {
    auto const held = market.catalogue().entitlements.find(*key.entitlement);
    if (held == market.catalogue().entitlements.end()) return std::unexpected(Reason::unknown_entitlement);
    auto const rate = voucher_rate(market, held->second, job.tenant, key.cluster, *fit->hardware);
    if (!rate) return std::unexpected(rate.error());
    terms.voucher_left = market.entitlement_free(*key.entitlement);
    if (terms.voucher_left.micro_yuan <= 0) return std::unexpected(Reason::entitlement_exhausted);
    if (auto const left = left_by_site(market, *seen, held->second.programme)) terms.voucher_left = std::min(terms.voucher_left, *left);
    if (terms.voucher_left.micro_yuan <= 0) return std::unexpected(Reason::purse_exhausted);
    ProgrammeDefinition const& programme = market.catalogue().programmes.at({held->second.programme, held->second.programme_version});
    terms.subsidy = {programme.flow, *rate, programme.rounding};
    programme_version = held->second.programme_version;
    auto const declared = shares_for(terms, fit->estimate_ms);
    if (declared && programme.floor && declared->gross < *programme.floor) return std::unexpected(Reason::below_programme_floor);
  }

  auto const estimate = shares_for(terms, fit->estimate_ms);
  if (!estimate) return std::unexpected(Reason::amount_overflow);
  std::int64_t limit_ms = std::min(job.spec.max_runtime_ms, cluster.definition.max_runtime_ms.value_or(job.spec.max_runtime_ms));
  if (job.spec.max_cost) {
    auto const within = affordable_ms(terms, fit->estimate_ms, limit_ms, *job.spec.max_cost);
    if (!within) return std::unexpected(Reason::price_limit_exceeded);
    limit_ms = *within;
  }
  auto const within = affordable_ms(terms, fit->estimate_ms, limit_ms, market.tenant_free(job.tenant));
  if (!within) return std::unexpected(Reason::budget_exceeded);
  limit_ms = *within;
  auto const most = shares_for(terms, limit_ms);
  auto const hold = hold_for(terms, limit_ms);
  if (!most || !hold) return std::unexpected(Reason::amount_overflow);

  auto const variant = static_cast<std::size_t>(key.variant);
  PricedBid bid;
  bid.allocation = {.account = key.account,
                    .cards = job.spec.gang.cards,
                    .cluster = key.cluster,
                    .entitlement = key.entitlement,
                    .estimate = estimate->gross,
                    .extra = {},
                    .fee_bp = terms.fee_bp,
                    .hold_net = *hold,
                    .hold_subsidy = most->subsidy,
                    .limit_ms = limit_ms,
                    .list_price_per_card_hour = offer->list_price_per_card_hour,
                    .price_per_card_hour = terms.price,
                    .programme_version = programme_version,
                    .rate_bp = terms.subsidy.rate_bp,
                    .tariff_version = terms.tariff.version,
                    .type = key.type,
                    .variant = key.variant};
  bid.work_card_ms = fit->work_card_ms;
  bid.estimate_ms = fit->estimate_ms;
  bid.estimate_fee = estimate->fee;
  bid.estimate_subsidy = estimate->subsidy;
  bid.estimate_net = estimate->net;
  bid.porting = porting_cost(rules, job.spec.variants[variant]);
  bid.egress = egress_cost(rules, job.spec, cluster.definition.region);
  Int128 const objective = Int128{estimate->net.micro_yuan} + bid.porting.micro_yuan + bid.egress.micro_yuan;
  if (objective > money_max.micro_yuan) return std::unexpected(Reason::amount_overflow);
  bid.objective = {static_cast<std::int64_t>(objective)};
  return bid;
}

std::vector<Assessment> assess(Market const& market, JobView const& job, bool capacity) {
  // What each place can be tried with: nothing, or one of the tenant's own vouchers.
  std::vector<std::optional<EntitlementId>> vouchers{std::nullopt};
  for (auto const& [id, entitlement] : market.catalogue().entitlements)
    if (!entitlement.closed && entitlement.holder == job.tenant) vouchers.emplace_back(id);

  std::map<ClusterName, std::vector<AccountId>> usable;
  for (auto const& [id, account] : market.catalogue().accounts)
    if (!account.closed && (!account.holder || *account.holder == job.tenant)) usable[account.cluster].push_back(id);

  std::vector<Assessment> places;
  for (auto const& [name, cluster] : market.catalogue().clusters) {
    std::vector<AccountId> accounts = usable[name];
    if (accounts.empty()) accounts.push_back({});  // priced all the same, so that the reason given is the first that excludes the place
    for (std::size_t v = 0; v < job.spec.variants.size(); ++v) {
      for (VariantAccelerator const& accelerator : job.spec.variants[v].accelerators) {
        for (AccountId const account : accounts) {
          for (auto const& voucher : vouchers) {
            BidKey const key{name, accelerator.type, static_cast<std::int32_t>(v), account, voucher};
            places.push_back({key, price_bid(market, job, key, capacity)});
          }
        }
      }
    }
  }
  std::ranges::sort(places, {}, &Assessment::key);
  return places;
}

}  // namespace sluice::policy
