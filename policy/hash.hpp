// SHA-256 values and how they are made and written.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace sluice::policy {

using Bytes = std::span<std::uint8_t const>;

/// The bytes of a text, without a copy.
inline Bytes bytes_of(std::string_view text) { return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()}; }

/// A SHA-256 value (FIPS 180-4). Ordered by its bytes, so it can be a key.
struct Hash {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(Hash const&) const = default;
};

/// One SHA-256 computation fed in pieces. Not thread-safe; movable, not copyable.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(Bytes data);
  Sha256& update(std::string_view text) { return update(bytes_of(text)); }
  /// Big-endian, as every hashed integer here.
  Sha256& update_be64(std::uint64_t value);
  Sha256& update_be32(std::uint32_t value);
  /// The digest; the object is then ready for the next computation.
  Hash finish();

 private:
  evp_md_ctx_st* context_;
};

Hash sha256(Bytes data);
inline Hash sha256(std::string_view text) { return sha256(bytes_of(text)); }

/// 64 lower-case hexadecimal digits.
std::string to_hex(Bytes data);
inline std::string to_hex(Hash const& hash) { return to_hex(Bytes{hash.bytes}); }
/// Reads exactly 64 lower-case hexadecimal digits; nullopt-like error text otherwise.
std::expected<Hash, std::string> hash_from_hex(std::string_view hex);

}  // namespace sluice::policy
