// AES-256-GCM (NIST SP 800-38D) through OpenSSL, with a random 96-bit nonce in front.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::rocks {

/// A 256-bit key, wiped when it goes.
class SecretKey {
 public:
  SecretKey() = default;
  explicit SecretKey(std::array<std::uint8_t, 32> const& bytes) : bytes_(bytes) {}
  SecretKey(SecretKey const&) = default;
  SecretKey& operator=(SecretKey const&) = default;
  ~SecretKey();
  /// From the system's random source.
  static SecretKey generate();
  /// nullopt unless 32 bytes.
  static std::optional<SecretKey> from_bytes(std::string_view bytes);

  std::array<std::uint8_t, 32> const& bytes() const { return bytes_; }
  std::string_view text() const { return {reinterpret_cast<char const*>(bytes_.data()), bytes_.size()}; }

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

constexpr std::size_t seal_overhead = 12 + 16;  ///< nonce and tag

/// nonce ‖ ciphertext ‖ tag; `associated` is authenticated with it. At most 2^32 messages a key (random nonces).
std::string seal(SecretKey const& key, std::string_view plaintext, std::string_view associated);

/// nullopt when key, associated data or any byte is not what was sealed.
std::optional<std::string> unseal(SecretKey const& key, std::string_view sealed, std::string_view associated);

/// `count` bytes from the system's random source.
std::string random_bytes(std::size_t count);

}  // namespace sluice::rocks
