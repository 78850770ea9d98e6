// Who may do what, and which two people are independent of each other.
#pragma once

#include "policy/apply/handlers.hpp"

namespace sluice::policy {

/// A set of roles: bit 1 << role.
using Roles = std::int32_t;
constexpr Roles role_bit(Role role) { return Roles{1} << static_cast<int>(role); }

constexpr Roles operators = role_bit(Role::operator_) | role_bit(Role::local_admin);
/// What files own, and what the broker may do by itself to be safe.
constexpr Roles operators_and_broker = operators | role_bit(Role::broker);
/// Money overrides: people with keys of their own, so never the socket and never the broker.
constexpr Roles override_proposers = role_bit(Role::operator_) | role_bit(Role::approver);
constexpr Roles override_approvers = role_bit(Role::approver);

/// Names of those who act without a key.
inline constexpr std::string_view socket_principal = "socket";
inline constexpr std::string_view broker_principal = "broker";
bool is_reserved(PrincipalName const& principal);

/// Refuses when `by` does not hold its role, or the role is not among those allowed. local_admin is "socket", broker is "broker"; any
/// other principal needs a key of that role that is not revoked (the gate has checked which key, and its expiry).
Verdict authority_refuses(State const& state, By const& by, Roles allowed);

/// True when neither principal is the other, created the other at whatever remove, nor shares a creator other than local administration
/// with the other: one person could hold both keys otherwise.
bool independent(State const& state, PrincipalName const& a, PrincipalName const& b);

}  // namespace sluice::policy
