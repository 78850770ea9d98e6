// Who owns which book account, and what may never fall below zero.
#include "policy/state/books.hpp"

#include <charconv>

namespace sluice::policy {

BookAccount tenant_book(BookKind kind, TenantName const& tenant) { return {kind, tenant.text}; }
BookAccount entitlement_book(BookKind kind, EntitlementId id) { return {kind, std::to_string(id.value)}; }
BookAccount purse_book(ProgrammeName const& programme) { return {BookKind::purse, programme.text}; }
BookAccount cluster_book(BookKind kind, ClusterName const& cluster) { return {kind, cluster.text}; }

EntitlementId entitlement_of(BookAccount const& account) {
  EntitlementId id;
  std::from_chars(account.owner.data(), account.owner.data() + account.owner.size(), id.value);
  return id;
}

bool is_voucher_hold(BookKind kind) { return kind == BookKind::entitlement_held || kind == BookKind::entitlement_disputed; }

bool never_negative(BookKind kind) {
  switch (kind) {
    case BookKind::tenant_free:
    case BookKind::tenant_held:
    case BookKind::tenant_disputed:
    case BookKind::purse:
    case BookKind::entitlement_free:
    case BookKind::entitlement_held:
    case BookKind::entitlement_disputed:
    case BookKind::centre_payable:
    case BookKind::centre_claim:
    case BookKind::centre_disputed:
    case BookKind::operator_fee:
      return true;
    case BookKind::bank:
    case BookKind::treasury:
    case BookKind::claim_against_centre:
    case BookKind::operator_loss:
      return false;
  }
  return true;
}

}  // namespace sluice::policy
