// The same market, seen by a tenant of unlimited means.
#include "broker/api/means.hpp"

namespace sluice::broker::api {
namespace {

class LimitlessMarket final : public policy::Market {
 public:
  explicit LimitlessMarket(policy::Market const& market) : market_(market) {}
  policy::Catalogue const& catalogue() const override { return market_.catalogue(); }
  policy::Timestamp now() const override { return market_.now(); }
  policy::ClusterOffers const* offers(policy::ClusterName const& cluster) const override { return market_.offers(cluster); }
  std::optional<std::int32_t> sellable(policy::ClusterName const& cluster, policy::AcceleratorType const& type) const override {
    return market_.sellable(cluster, type);
  }
  policy::Tenant const* tenant(policy::TenantName const& name) const override { return market_.tenant(name); }
  policy::Money tenant_free(policy::TenantName const&) const override { return policy::money_max; }
  policy::Money entitlement_free(policy::EntitlementId id) const override { return market_.entitlement_free(id); }
  policy::Money voucher_holds(policy::ProgrammeName const& programme) const override { return market_.voucher_holds(programme); }
  std::int32_t tenant_cards(policy::TenantName const& tenant, policy::ClusterName const& cluster) const override {
    return market_.tenant_cards(tenant, cluster);
  }

 private:
  policy::Market const& market_;
};

}  // namespace

std::optional<policy::PricedBid> price_beyond_means(policy::Market const& market, policy::JobView const& job, policy::BidKey const& key,
                                                    policy::Reason excluded) {
  if (excluded != policy::Reason::budget_exceeded && excluded != policy::Reason::price_limit_exceeded) return std::nullopt;
  policy::JobSpec spec = job.spec;
  spec.max_cost.reset();
  auto priced = policy::price_bid(LimitlessMarket(market), {spec, job.tenant, job.unreachable}, key, false);
  if (!priced) return std::nullopt;
  return std::move(*priced);
}

}  // namespace sluice::broker::api
