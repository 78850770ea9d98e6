// Keys and socket peers.
#include "broker/api/caller.hpp"

#include "broker/api/problems.hpp"
#include "broker/secrets.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace sluice::broker::api {
namespace {

constexpr std::string_view prefix = "slk_";
constexpr std::size_t name_length = 12;
constexpr std::size_t secret_length = 43;  // 62^43 > 2^256
constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Uniform digits: bytes of 248 and above are drawn again, since 248 is the largest multiple of 62 below 256.
std::string random_digits(std::size_t count) {
  std::string text;
  while (text.size() < count) {
    for (char const byte : random_bytes(count)) {
      auto const value = static_cast<unsigned char>(byte);
      if (value < 248 && text.size() < count) text.push_back(digits[value % digits.size()]);
    }
  }
  return text;
}

bool same(policy::Hash const& a, policy::Hash const& b) { return CRYPTO_memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0; }

}  // namespace

NewKey make_key() {
  NewKey key;
  key.name.text = random_digits(name_length);
  key.token = std::string(prefix) + key.name.text + '_' + random_digits(secret_length);
  key.secret_hash = policy::sha256(key.token);
  return key;
}

std::optional<policy::KeyName> key_name_of(std::string_view token) {
  if (token.size() != prefix.size() + name_length + 1 + secret_length || !token.starts_with(prefix)) return std::nullopt;
  if (token[prefix.size() + name_length] != '_') return std::nullopt;
  return policy::KeyName{std::string(token.substr(prefix.size(), name_length))};
}

std::expected<Caller, http::Problem> authenticate(policy::State const& state, http::Request const& request, policy::Timestamp now,
                                                  std::vector<std::uint32_t> const& admitted_uids) {
  auto const header = request.header("authorization");
  if (!header) {
    if (request.peer->uid && std::ranges::find(admitted_uids, *request.peer->uid) != admitted_uids.end())
      return Caller{.principal = {"socket"}, .role = policy::Role::local_admin, .tenant = std::nullopt, .until = std::nullopt};
    return std::unexpected(problem("key_missing", "No Authorization header came with the request."));
  }
  constexpr std::string_view scheme = "bearer ";
  auto const refuse = [] { return std::unexpected(problem("key_invalid", "The key is unknown, revoked or expired.")); };
  if (header->size() <= scheme.size() || !http::equals_ignoring_case(header->substr(0, scheme.size()), scheme)) return refuse();
  std::string_view const token = header->substr(scheme.size());
  auto const name = key_name_of(token);
  if (!name) return refuse();
  auto const found = state.keys.find(*name);
  // The hash is computed and compared in any case, so that time does not tell whether the name exists.
  policy::Hash const presented = policy::sha256(token);
  policy::Hash const expected = found == state.keys.end() ? policy::Hash{} : found->second.secret_hash;
  if (!same(presented, expected) || found == state.keys.end()) return refuse();
  policy::Key const& key = found->second;
  if (key.revoked || (key.expires_at && now >= *key.expires_at)) return refuse();
  return Caller{.principal = key.principal, .role = key.role, .tenant = key.tenant, .until = key.expires_at};
}

}  // namespace sluice::broker::api
