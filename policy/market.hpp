// What pricing and eligibility look at: one interface over the live state and over a round's pinned view.
#pragma once

#include "policy/state/state.hpp"

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace sluice::policy {

/// Read access to everything that decides what a job could get and at what price. Implementations are immutable while in use.
class Market {
 public:
  virtual ~Market() = default;
  virtual Catalogue const& catalogue() const = 0;
  virtual Timestamp now() const = 0;
  virtual ClusterOffers const* offers(ClusterName const& cluster) const = 0;  ///< null: never observed
  virtual std::optional<std::int32_t> sellable(ClusterName const& cluster, AcceleratorType const& type) const = 0;
  virtual Tenant const* tenant(TenantName const& name) const = 0;
  virtual Money tenant_free(TenantName const& name) const = 0;
  virtual Money entitlement_free(EntitlementId id) const = 0;
  virtual Money voucher_holds(ProgrammeName const& programme) const = 0;  ///< of attempts that have not been settled
  virtual std::int32_t tenant_cards(TenantName const& tenant, ClusterName const& cluster) const = 0;
};

/// What the site says is left in a programme's purse, less what our attempts still hold of it: whether it has counted those is not known.
/// nullopt where it says nothing.
std::optional<Money> left_by_site(Market const& market, ClusterOffers const& seen, ProgrammeName const& programme);

/// The state as it is now. Holds a reference: use it and let it go.
class LiveMarket final : public Market {
 public:
  /// `now` is the time of the event being applied, or of the request being answered.
  LiveMarket(State const& state, Timestamp now) : state_(state), now_(now) {}
  Catalogue const& catalogue() const override { return *state_.catalogue; }
  Timestamp now() const override { return now_; }
  ClusterOffers const* offers(ClusterName const& cluster) const override;
  std::optional<std::int32_t> sellable(ClusterName const& cluster, AcceleratorType const& type) const override;
  Tenant const* tenant(TenantName const& name) const override;
  Money tenant_free(TenantName const& name) const override;
  Money entitlement_free(EntitlementId id) const override;
  Money voucher_holds(ProgrammeName const& programme) const override;
  std::int32_t tenant_cards(TenantName const& tenant, ClusterName const& cluster) const override;

 private:
  State const& state_;
  Timestamp now_;
};

/// The view that round.opened pins: the waiting jobs by chunk, the catalogue by pointer, and copies of the small tables.
class PinnedMarket final : public Market {
 public:
  PinnedMarket(State const& state, Timestamp now);
  Catalogue const& catalogue() const override { return *catalogue_; }
  Timestamp now() const override { return now_; }
  ClusterOffers const* offers(ClusterName const& cluster) const override;
  std::optional<std::int32_t> sellable(ClusterName const& cluster, AcceleratorType const& type) const override;
  Tenant const* tenant(TenantName const& name) const override;
  Money tenant_free(TenantName const& name) const override;
  Money entitlement_free(EntitlementId id) const override;
  Money voucher_holds(ProgrammeName const& programme) const override;
  std::int32_t tenant_cards(TenantName const& tenant, ClusterName const& cluster) const override;
  PinnedQueue const& queue() const { return queue_; }
  RoundNumber round() const { return round_; }

 private:
  std::shared_ptr<Catalogue const> catalogue_;
  Timestamp now_;
  RoundNumber round_;
  PinnedQueue queue_;
  std::map<ClusterName, ClusterOffers> offers_;
  std::map<std::pair<ClusterName, AcceleratorType>, std::int32_t> sellable_;
  std::map<TenantName, Tenant> tenants_;
  std::map<TenantName, Money> tenant_free_;
  std::map<EntitlementId, Money> entitlement_free_;
  std::map<ProgrammeName, Money> voucher_holds_;
  std::map<std::pair<TenantName, ClusterName>, std::int32_t> tenant_cards_;
};

}  // namespace sluice::policy
