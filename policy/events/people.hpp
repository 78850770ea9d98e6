// Events about tenants, keys, accounts and quotas: who may ask for what, and where.
#pragma once

#include "policy/definitions.hpp"

#include <optional>
#include <string_view>

namespace sluice::policy {

struct TenantRegistered {
  static constexpr std::string_view type = "tenant.registered/1";
  ApplicantClass applicant = ApplicantClass::startup;
  By by;
  Hash identity;                      ///< private: company name, credit code, contact
  std::int32_t queue_limit = 10'000;  ///< jobs waiting at once
  RegionCode region;                  ///< of registration
  std::int32_t submissions_per_minute = 6'000;
  TenantName tenant;
  static void fields(auto& self, auto&& visit) {
    visit("applicant_class", self.applicant);
    visit("by", self.by);
    visit("identity", self.identity);
    visit("queue_limit", self.queue_limit);
    visit("region", self.region);
    visit("submissions_per_minute", self.submissions_per_minute);
    visit("tenant", self.tenant);
  }
};

enum class TenantStatus : std::uint8_t { active = 1, suspended = 2, erased = 3 };

/// Suspended: no new jobs, running ones go on. Erased: private parts are gone for good, open jobs are cancelled.
struct TenantStatusSet {
  static constexpr std::string_view type = "tenant.status_set/1";
  By by;
  TenantStatus status = TenantStatus::active;
  TenantName tenant;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("status", self.status);
    visit("tenant", self.tenant);
  }
};

/// A key of a principal. `by.principal` created it, which bars that principal from approving with it.
struct KeyIssued {
  static constexpr std::string_view type = "key.issued/1";
  By by;
  std::optional<Timestamp> expires_at;
  KeyName key;
  PrincipalName principal;
  Role role = Role::tenant;
  Hash secret_hash;                  ///< SHA-256 of the whole key text
  std::optional<TenantName> tenant;  ///< present exactly for role tenant
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("expires_at_ms", self.expires_at);
    visit("key", self.key);
    visit("principal", self.principal);
    visit("role", self.role);
    visit("secret_hash", self.secret_hash);
    visit("tenant", self.tenant);
  }
};

struct KeyRevoked {
  static constexpr std::string_view type = "key.revoked/1";
  By by;
  KeyName key;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("key", self.key);
  }
};

/// A contract with a centre; its id is this entry's sequence number.
struct AccountOpened {
  static constexpr std::string_view type = "account.opened/1";
  Timestamp approved_from;
  By by;
  ClusterName cluster;
  Hash contract;  ///< private: contract number and terms
  CredentialName credential;
  std::optional<TenantName> holder;  ///< absent: the operator holds it and every tenant may use it
  static void fields(auto& self, auto&& visit) {
    visit("approved_from_ms", self.approved_from);
    visit("by", self.by);
    visit("cluster", self.cluster);
    visit("contract", self.contract);
    visit("credential", self.credential);
    visit("holder", self.holder);
  }
};

/// No new bids through it; live attempts go on.
struct AccountClosed {
  static constexpr std::string_view type = "account.closed/1";
  AccountId account;
  By by;
  static void fields(auto& self, auto&& visit) {
    visit("account", self.account);
    visit("by", self.by);
  }
};

/// Cards a tenant may hold at once in a cluster; absent lifts the limit.
struct QuotaSet {
  static constexpr std::string_view type = "quota.set/1";
  By by;
  std::optional<std::int32_t> cards;
  ClusterName cluster;
  TenantName tenant;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("cards", self.cards);
    visit("cluster", self.cluster);
    visit("tenant", self.tenant);
  }
};

}  // namespace sluice::policy
