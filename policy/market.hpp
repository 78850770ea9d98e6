// What pricing and eligibility look at: one interface over the live state and over a round's pinned view.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "policy/state/state.hpp"

namespace sluice::policy {

/// Read access to everything that decides what a job could get and at what price. Implementations are immutable while in use.
class Market {
 public:
  virtual ~Market() = default;
  virtual const Catalogue& catalogue() const = 0;
  virtual Timestamp now() const = 0;
  virtual const ClusterOffers* offers(const ClusterName& cluster) const = 0;      ///< null: never observed
  virtual std::optional<std::int32_t> sellable(const ClusterName& cluster, const AcceleratorType& type) const = 0;
  virtual const Tenant* tenant(const TenantName& name) const = 0;
  virtual Money tenant_free(const TenantName& name) const = 0;
  virtual Money entitlement_free(EntitlementId id) const = 0;
  virtual std::int32_t tenant_cards(const TenantName& tenant, const ClusterName& cluster) const = 0;
};

/// The state as it is now. Holds a reference: use it and let it go.
class LiveMarket final : public Market {
 public:
  /// `now` is the time of the event being applied, or of the request being answered.
  LiveMarket(const State& state, Timestamp now) : state_(state), now_(now) {}
  const Catalogue& catalogue() const override { return *state_.catalogue; }
  Timestamp now() const override { return now_; }
  const ClusterOffers* offers(const ClusterName& cluster) const override;
  std::optional<std::int32_t> sellable(const ClusterName& cluster, const AcceleratorType& type) const override;
  const Tenant* tenant(const TenantName& name) const override;
  Money tenant_free(const TenantName& name) const override;
  Money entitlement_free(EntitlementId id) const override;
  std::int32_t tenant_cards(const TenantName& tenant, const ClusterName& cluster) const override;

 private:
  const State& state_;
  Timestamp now_;
};

/// The view that round.opened pins: the waiting jobs by chunk, the catalogue by pointer, and copies of the small tables.
class PinnedMarket final : public Market {
 public:
  PinnedMarket(const State& state, Timestamp now);
  const Catalogue& catalogue() const override { return *catalogue_; }
  Timestamp now() const override { return now_; }
  const ClusterOffers* offers(const ClusterName& cluster) const override;
  std::optional<std::int32_t> sellable(const ClusterName& cluster, const AcceleratorType& type) const override;
  const Tenant* tenant(const TenantName& name) const override;
  Money tenant_free(const TenantName& name) const override;
  Money entitlement_free(EntitlementId id) const override;
  std::int32_t tenant_cards(const TenantName& tenant, const ClusterName& cluster) const override;
  const PinnedQueue& queue() const { return queue_; }
  RoundNumber round() const { return round_; }

 private:
  std::shared_ptr<const Catalogue> catalogue_;
  Timestamp now_;
  RoundNumber round_;
  PinnedQueue queue_;
  std::map<ClusterName, ClusterOffers> offers_;
  std::map<std::pair<ClusterName, AcceleratorType>, std::int32_t> sellable_;
  std::map<TenantName, Tenant> tenants_;
  std::map<TenantName, Money> tenant_free_;
  std::map<EntitlementId, Money> entitlement_free_;
  std::map<std::pair<TenantName, ClusterName>, std::int32_t> tenant_cards_;
};

}  // namespace sluice::policy
