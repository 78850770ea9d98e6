// What the market interface says, over the live state and over a pinned view.
#include "policy/market.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

template <class Map, class Key>
auto* find_or_null(Map const& map, Key const& key) {
  auto const it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

BookAccount entitlement_book(EntitlementId id) { return {BookKind::entitlement_free, std::to_string(id.value)}; }

}  // namespace

std::optional<Money> left_by_site(Market const& market, ClusterOffers const& seen, ProgrammeName const& programme) {
  auto const terms = std::ranges::find(seen.terms, programme, &VoucherTerms::programme);
  if (terms == seen.terms.end() || !terms->remaining_purse) return std::nullopt;
  return Money{std::max<std::int64_t>(0, terms->remaining_purse->micro_yuan - market.voucher_holds(programme).micro_yuan)};
}

ClusterOffers const* LiveMarket::offers(ClusterName const& cluster) const { return find_or_null(state_.offers, cluster); }
std::optional<std::int32_t> LiveMarket::sellable(ClusterName const& cluster, AcceleratorType const& type) const {
  return sellable_cards(state_, cluster, type);
}
Tenant const* LiveMarket::tenant(TenantName const& name) const { return find_or_null(state_.tenants, name); }
Money LiveMarket::tenant_free(TenantName const& name) const { return balance(state_, {BookKind::tenant_free, name.text}); }
Money LiveMarket::entitlement_free(EntitlementId id) const { return balance(state_, entitlement_book(id)); }
Money LiveMarket::voucher_holds(ProgrammeName const& programme) const {
  auto const* held = find_or_null(state_.voucher_holds, programme);
  return held == nullptr ? Money{} : *held;
}
std::int32_t LiveMarket::tenant_cards(TenantName const& tenant, ClusterName const& cluster) const {
  auto const* cards = find_or_null(state_.tenant_cards, std::pair{tenant, cluster});
  return cards == nullptr ? 0 : *cards;
}

PinnedMarket::PinnedMarket(State const& state, Timestamp now)
    : catalogue_(state.catalogue),
      now_(now),
      round_(state.round.round),
      queue_(state.queue.pin()),
      offers_(state.offers),
      tenants_(state.tenants),
      voucher_holds_(state.voucher_holds),
      tenant_cards_(state.tenant_cards) {
  for (auto const& [cluster, seen] : state.offers)
    for (Offer const& offer : seen.offers)
      if (auto const cards = sellable_cards(state, cluster, offer.type)) sellable_.emplace(std::pair{cluster, offer.type}, *cards);
  for (auto const& [name, tenant] : state.tenants) tenant_free_.emplace(name, balance(state, {BookKind::tenant_free, name.text}));
  for (auto const& [id, entitlement] : state.catalogue->entitlements)
    if (!entitlement.closed) entitlement_free_.emplace(id, balance(state, entitlement_book(id)));
}

ClusterOffers const* PinnedMarket::offers(ClusterName const& cluster) const { return find_or_null(offers_, cluster); }
std::optional<std::int32_t> PinnedMarket::sellable(ClusterName const& cluster, AcceleratorType const& type) const {
  auto const* cards = find_or_null(sellable_, std::pair{cluster, type});
  return cards == nullptr ? std::nullopt : std::optional(*cards);
}
Tenant const* PinnedMarket::tenant(TenantName const& name) const { return find_or_null(tenants_, name); }
Money PinnedMarket::tenant_free(TenantName const& name) const {
  auto const* money = find_or_null(tenant_free_, name);
  return money == nullptr ? Money{} : *money;
}
Money PinnedMarket::entitlement_free(EntitlementId id) const {
  auto const* money = find_or_null(entitlement_free_, id);
  return money == nullptr ? Money{} : *money;
}
Money PinnedMarket::voucher_holds(ProgrammeName const& programme) const {
  auto const* held = find_or_null(voucher_holds_, programme);
  return held == nullptr ? Money{} : *held;
}
std::int32_t PinnedMarket::tenant_cards(TenantName const& tenant, ClusterName const& cluster) const {
  auto const* cards = find_or_null(tenant_cards_, std::pair{tenant, cluster});
  return cards == nullptr ? 0 : *cards;
}

}  // namespace sluice::policy
