// The double-entry books: accounts, balances, and transfers that sum to zero by construction.
#pragma once

#include "policy/definitions.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace sluice::policy {

/// Kinds of book accounts. Values are part of the state's rows: never renumber.
enum class BookKind : std::uint8_t {
  bank = 1,                   ///< money outside; negative while we hold deposits
  treasury = 2,               ///< public money outside; negative while purses and vouchers hold it
  tenant_free = 3,            ///< owner: tenant
  tenant_held = 4,            ///< owner: tenant; holds of live attempts
  tenant_disputed = 5,        ///< owner: tenant; holds of attempts whose end is unknown
  purse = 6,                  ///< owner: programme
  entitlement_free = 7,       ///< owner: entitlement id
  entitlement_held = 8,       ///< owner: entitlement id
  entitlement_disputed = 9,   ///< owner: entitlement id
  centre_payable = 10,        ///< owner: cluster; what the broker owes for tenants' shares
  centre_claim = 11,          ///< owner: cluster; what the centre claims from the voucher's treasury
  centre_disputed = 12,       ///< owner: cluster; use that nobody pays until the centre's fault is settled (a claim)
  claim_against_centre = 13,  ///< owner: cluster; counter-account of centre_disputed
  operator_fee = 14,          ///< fees earned
  operator_loss = 15,         ///< losses borne; negative when money was lost
};

struct BookAccount {
  BookKind kind = BookKind::bank;
  std::string owner;  ///< empty for accounts of the broker itself
  auto operator<=>(BookAccount const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("kind", self.kind);
    visit("owner", self.owner);
  }
};

/// Accounts by owner, written in one place so that a key is never spelt twice.
BookAccount tenant_book(BookKind kind, TenantName const& tenant);
BookAccount entitlement_book(BookKind kind, EntitlementId id);
BookAccount purse_book(ProgrammeName const& programme);
BookAccount cluster_book(BookKind kind, ClusterName const& cluster);

/// The voucher whose account this is. REQUIRES: an account made by entitlement_book().
EntitlementId entitlement_of(BookAccount const& account);
/// True for what live and lost attempts hold of a voucher.
bool is_voucher_hold(BookKind kind);

/// True for accounts that must never fall below zero: everything that belongs to a tenant, a voucher or a purse.
bool never_negative(BookKind kind);

}  // namespace sluice::policy
