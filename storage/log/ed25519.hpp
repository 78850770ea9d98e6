// Ed25519 (RFC 8032) through OpenSSL, so that log, Go auditors and witnesses accept the same signatures.
#pragma once

#include "policy/hash.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sluice::log {

using Ed25519Public = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

/// A private key. Shares its OpenSSL object when copied; signing is thread-safe. The seed is wiped with the last copy.
class Ed25519Key {
 public:
  /// From RFC 8032's 32-byte seed. Error: not 32 bytes.
  static std::expected<Ed25519Key, std::string> from_seed(policy::Bytes seed);
  /// From the system's random source.
  static Ed25519Key generate();

  Ed25519Public const& public_key() const { return public_; }
  Ed25519Signature sign(policy::Bytes message) const;
  /// The 32-byte seed, for writing a key file. The caller wipes it.
  std::string seed() const;

 private:
  Ed25519Key() = default;
  std::shared_ptr<evp_pkey_st> key_;
  Ed25519Public public_{};
};

/// Checks signatures of one public key; builds OpenSSL's object once. Copies share it; thread-safe.
class Ed25519Verifier {
 public:
  explicit Ed25519Verifier(Ed25519Public const& key);
  Ed25519Public const& public_key() const { return public_; }
  /// False for a wrong signature, a wrong length, and for a public key that is no curve point.
  bool verify(policy::Bytes message, policy::Bytes signature) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  Ed25519Public public_{};
};

}  // namespace sluice::log
