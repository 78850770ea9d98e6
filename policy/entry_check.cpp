// Plain comparisons over the tables: nothing here calls pricing, eligibility or the handlers.
#include "policy/entry_check.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

using Broken = std::optional<std::string>;

template <class Map, class Key>
auto const* row_or_null(Map const& map, Key const& key) {
  auto const it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

/// All that the site's free figure does not show as used must fit into it.
Broken broken_sale(State const& state, Timestamp at, Allocation const& allocation) {
  auto const* cluster = row_or_null(state.catalogue->clusters, allocation.cluster);
  if (cluster == nullptr || cluster->status != ClusterStatus::open) return "sold at a cluster that is not open";
  auto const* seen = row_or_null(state.offers, allocation.cluster);
  if (seen == nullptr || seen->stale || at >= seen->valid_until) return "sold on a stale offer";
  auto const offer = std::ranges::find(seen->offers, allocation.type, &Offer::type);
  if (offer == seen->offers.end()) return "sold what is not offered";
  auto const* use = row_or_null(state.card_use, std::pair{allocation.cluster, allocation.type});
  if (use == nullptr) return "its cards are not counted";
  std::int64_t const unseen = std::int64_t{use->live_cards} + use->ended_since_observation - offer->counted_cards;
  if (unseen > offer->free_cards) return "a card is sold twice";
  return std::nullopt;
}

Broken broken_rights(State const& state, Timestamp at, TenantName const& tenant, Allocation const& allocation) {
  auto const* account = row_or_null(state.catalogue->accounts, allocation.account);
  if (account == nullptr || account->closed || account->cluster != allocation.cluster || at < account->approved_from ||
      (account->holder && *account->holder != tenant))
    return "through an account that is not the tenant's to use there";
  auto const* quota = row_or_null(state.catalogue->quotas, std::pair{tenant, allocation.cluster});
  auto const* held = row_or_null(state.tenant_cards, std::pair{tenant, allocation.cluster});
  if (quota != nullptr && held != nullptr && *held > *quota) return "the tenant's quota is exceeded";
  if (!allocation.entitlement) return allocation.rate_bp == 0 ? std::nullopt : Broken("a subsidy without a voucher");

  auto const* voucher = row_or_null(state.catalogue->entitlements, *allocation.entitlement);
  if (voucher == nullptr || voucher->holder != tenant) return "draws on a voucher of somebody else";
  if (voucher->closed || at < voucher->valid_from || at >= voucher->valid_until) return "draws on a voucher that is not valid now";
  auto const* programme = row_or_null(state.catalogue->programmes, std::pair{voucher->programme, voucher->programme_version});
  if (programme == nullptr || allocation.programme_version != voucher->programme_version) return "cites another version of the programme";
  if (std::ranges::find(programme->clusters, allocation.cluster) == programme->clusters.end())
    return "draws on a voucher that is not spendable there";
  bool const stated = std::ranges::any_of(programme->rates, [&](RateRow const& row) { return allocation.rate_bp <= row.rate_bp; });
  if (!stated) return "subsidised above every rate of the programme";
  if (programme->floor && allocation.estimate < *programme->floor) return "subsidised below the programme's floor";
  return std::nullopt;
}

/// Holds pay for the granted limit: whole increments at the fixed price, the fee beside it, less than one fen of rounding each.
Broken broken_hold(Attempt const& attempt, JobSpec const& spec) {
  Allocation const& a = attempt.allocation;
  if (a.price_per_card_hour.micro_yuan <= 0) return "sold without a price";
  if (a.limit_ms < 1 || a.limit_ms > spec.max_runtime_ms) return "granted more run time than was asked for";
  if (spec.max_cost && a.hold_net > *spec.max_cost) return "holds more than the job's price limit";
  Tariff const& tariff = attempt.tariff;
  std::int64_t const timed = std::max<std::int64_t>(a.limit_ms, tariff.minimum_ms);
  std::int64_t const increments = timed / tariff.increment_ms + (timed % tariff.increment_ms == 0 ? 0 : 1);
  Int128 const exact = Int128{a.price_per_card_hour.micro_yuan} * increments * tariff.increment_ms * a.cards / ms_per_hour;
  Int128 const with_fee = exact + exact * a.fee_bp / 10'000;
  Int128 const held = Int128{a.hold_net.micro_yuan} + a.hold_subsidy.micro_yuan;
  if (held + 2 * micro_yuan_per_fen < with_fee) return "runs beyond its hold";
  return std::nullopt;
}

Broken broken_allocation(State const& state, Timestamp at, AllocationMade const& event) {
  auto const* attempt = row_or_null(state.attempts, event.attempt);
  auto const job = state.jobs.find(event.attempt.job);
  if (attempt == nullptr || job == state.jobs.end() || attempt->allocation != event.allocation) return "is not what the entry says";
  if (Broken broken = broken_sale(state, at, event.allocation)) return broken;
  if (Broken broken = broken_rights(state, at, job->second->tenant, event.allocation)) return broken;
  return broken_hold(*attempt, *job->second->spec);
}

/// The day number's calendar year, from the civil calendar's own arithmetic: 400 years have 146,097 days.
std::int64_t calendar_year(Timestamp at) {
  std::int64_t const days = (at.ms + 8 * ms_per_hour) / ms_per_day;
  std::int64_t year = 1970 + days / 366;
  auto const first_day = [](std::int64_t y) {
    std::int64_t const past = y - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719'162;  // days from 1970-01-01 to y-01-01
  };
  while (first_day(year + 1) <= days) ++year;
  return year;
}

Broken broken_issue(State const& state, Timestamp at, EntitlementIssued const& event) {
  auto const* programme = row_or_null(state.catalogue->programmes, std::pair{event.programme, event.programme_version});
  if (programme == nullptr || !programme->active) return "issued under no active programme";
  if (event.valid_until <= at || event.valid_from >= event.valid_until) return "issued without validity";
  if (!programme->cap) return std::nullopt;
  Int128 sum = 0;
  for (auto const& [id, issued] : state.catalogue->entitlements) {
    if (issued.holder != event.holder || issued.programme != event.programme) continue;
    bool counts = true;
    if (programme->cap_period == CapPeriod::natural_year) counts = calendar_year(issued.issued_at) == calendar_year(at);
    if (programme->cap_period == CapPeriod::rolling_365_days) counts = at.ms - issued.issued_at.ms < 365 * ms_per_day;
    if (programme->cap_period == CapPeriod::validity) counts = issued.valid_until > at;
    if (counts) sum += Int128{issued.amount.micro_yuan} - issued.returned.micro_yuan;
  }
  if (sum > programme->cap->micro_yuan) return "the programme's cap per entity is exceeded";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_entry(State const& state, Timestamp at, Event const& event) {
  if (auto const* made = std::get_if<AllocationMade>(&event)) {
    if (Broken broken = broken_allocation(state, at, *made)) return "attempt " + to_string(made->attempt) + ": " + *broken;
  } else if (auto const* issued = std::get_if<EntitlementIssued>(&event)) {
    if (Broken broken = broken_issue(state, at, *issued)) return "voucher of " + issued->holder.text + ": " + *broken;
  }
  return std::nullopt;
}

}  // namespace sluice::policy
