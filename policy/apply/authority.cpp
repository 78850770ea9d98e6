// Roles by key, and descent of principals.
#include "policy/apply/authority.hpp"

#include <set>

namespace sluice::policy {
namespace {

/// The principal and everyone in the chain of those who created it, local administration excepted.
std::set<PrincipalName> lineage(State const& state, PrincipalName const& principal) {
  std::set<PrincipalName> chain;
  PrincipalName current = principal;
  while (!is_reserved(current) && chain.insert(current).second) {
    auto const it = state.principals.find(current);
    if (it == state.principals.end()) break;
    current = it->second.created_by;
  }
  return chain;
}

}  // namespace

bool is_reserved(PrincipalName const& principal) { return principal.text == socket_principal || principal.text == broker_principal; }

Verdict authority_refuses(State const& state, By const& by, Roles allowed) {
  if ((allowed & role_bit(by.role)) == 0) return refuse(Reason::not_permitted, "by.role");
  if (by.role == Role::local_admin || by.role == Role::broker) {
    std::string_view const name = by.role == Role::broker ? broker_principal : socket_principal;
    if (by.principal.text != name) return refuse(Reason::not_permitted, "by.principal: this role is " + std::string(name) + "'s alone");
    return std::nullopt;
  }
  auto const it = state.principals.find(by.principal);
  if (it == state.principals.end() || (it->second.roles & role_bit(by.role)) == 0)
    return refuse(Reason::not_permitted, "by.principal: " + by.principal.text + " holds no key of this role");
  return std::nullopt;
}

bool independent(State const& state, PrincipalName const& a, PrincipalName const& b) {
  auto const of_a = lineage(state, a);
  for (PrincipalName const& name : lineage(state, b))
    if (of_a.contains(name)) return false;
  return true;
}

}  // namespace sluice::policy
