// Who calls, and how a key or a socket peer becomes someone.
#pragma once

#include "broker/http/problem.hpp"
#include "broker/http/request.hpp"
#include "policy/state/state.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::broker::api {

/// The principal behind a request. `local_admin` stands for an admitted peer of the Unix socket: it bootstraps and repairs, never approves.
struct Caller {
  policy::PrincipalName principal;
  policy::Role role = policy::Role::tenant;
  std::optional<policy::TenantName> tenant;  ///< of a tenant's key
  std::optional<policy::Timestamp> until;    ///< when the key expires, if it does
};

/// A new API key: "slk_<name>_<43 base-62 digits>", 256 bits of chance. Only its hash is kept.
struct NewKey {
  policy::KeyName name;
  std::string token;
  policy::Hash secret_hash;
};
NewKey make_key();

/// The name inside a token; nullopt when it is not shaped like one.
std::optional<policy::KeyName> key_name_of(std::string_view token);

/// Authenticates a request: the Bearer key if there is one, else the socket peer when its uid is admitted.
/// Error: key_missing or key_invalid (401). The answer does not tell unknown, revoked and expired keys apart.
std::expected<Caller, http::Problem> authenticate(policy::State const& state, http::Request const& request, policy::Timestamp now,
                                                  std::vector<std::uint32_t> const& admitted_uids);

}  // namespace sluice::broker::api
