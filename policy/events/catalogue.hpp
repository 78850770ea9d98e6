// Events about clusters, programmes and what clusters offer.
#pragma once

#include "policy/definitions.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::policy {

/// Adds a cluster or replaces its definition; the files own it.
struct ClusterDefined {
  static constexpr std::string_view type = "cluster.defined/1";
  By by;
  ClusterDefinition definition;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("definition", self.definition);
  }
};

enum class ClusterStatus : std::uint8_t {
  open = 1,
  cordoned = 2,     ///< no new allocations
  draining = 3,     ///< no new allocations; leaves when its last attempt has ended
  quarantined = 4,  ///< it reported what cannot be true, or more of our cards are live than it has
};

struct ClusterStatusSet {
  static constexpr std::string_view type = "cluster.status_set/1";
  By by;
  ClusterName cluster;
  bool remove_when_empty = false;  ///< with draining: its file is gone
  ClusterStatus status = ClusterStatus::open;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("cluster", self.cluster);
    visit("remove_when_empty", self.remove_when_empty);
    visit("status", self.status);
  }
};

/// Forced: a draining cluster whose file is gone has become empty.
struct ClusterRemoved {
  static constexpr std::string_view type = "cluster.removed/1";
  ClusterName cluster;
  bool operator==(ClusterRemoved const&) const = default;
  static void fields(auto& self, auto&& visit) { visit("cluster", self.cluster); }
};

struct EquivalenceSet {
  static constexpr std::string_view type = "equivalence.set/1";
  By by;
  EquivalenceTable table;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("table", self.table);
  }
};

/// Adds a programme or a later version of it. Entitlements already issued keep the version they cite.
struct ProgrammeDefined {
  static constexpr std::string_view type = "programme.defined/1";
  By by;
  ProgrammeDefinition definition;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("definition", self.definition);
  }
};

/// What a cluster offers of one accelerator type. Unknown is absent, never zero.
struct Offer {
  std::int32_t counted_cards = 0;  ///< cards of our live attempts that `free` already leaves out
  std::int32_t free_cards = 0;
  std::optional<Money> list_price_per_card_hour;
  std::optional<Money> price_per_card_hour;  ///< what a job of ours is charged, before any voucher
  std::optional<std::int64_t> queue_delay_ms;
  std::int32_t total_cards = 0;
  AcceleratorType type;
  bool operator==(Offer const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("counted_cards", self.counted_cards);
    visit("free_cards", self.free_cards);
    visit("list_price_per_card_hour_micro_yuan", self.list_price_per_card_hour);
    visit("price_per_card_hour_micro_yuan", self.price_per_card_hour);
    visit("queue_delay_ms", self.queue_delay_ms);
    visit("total_cards", self.total_cards);
    visit("type", self.type);
  }
};

/// What a site says of a programme now. Where site and file disagree, the lower counts.
struct VoucherTerms {
  ProgrammeName programme;
  std::optional<std::int32_t> rate_bp;
  std::optional<Money> remaining_purse;
  bool operator==(VoucherTerms const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("programme", self.programme);
    visit("rate_bp", self.rate_bp);
    visit("remaining_purse_micro_yuan", self.remaining_purse);
  }
};

/// Replaces everything known of a cluster's offers. An empty list means that the cluster offers nothing now.
struct OffersObserved {
  static constexpr std::string_view type = "offers.observed/1";
  Timestamp as_of;  ///< when the site looked, by the broker's clock
  ClusterName cluster;
  std::optional<Hash> evidence;     ///< private: the raw response
  std::vector<Offer> offers;        ///< sorted by type
  std::vector<VoucherTerms> terms;  ///< sorted by programme
  Timestamp valid_until;
  static void fields(auto& self, auto&& visit) {
    visit("as_of_ms", self.as_of);
    visit("cluster", self.cluster);
    visit("evidence", self.evidence);
    visit("offers", self.offers);
    visit("terms", self.terms);
    visit("valid_until_ms", self.valid_until);
  }
};

/// Forced when valid_until has passed: the cluster's offers are no longer used.
struct OffersExpired {
  static constexpr std::string_view type = "offers.expired/1";
  ClusterName cluster;
  bool operator==(OffersExpired const&) const = default;
  static void fields(auto& self, auto&& visit) { visit("cluster", self.cluster); }
};

}  // namespace sluice::policy
