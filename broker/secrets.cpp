// Salts and commitments.
#include "broker/secrets.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>

namespace sluice::broker {
namespace {

constexpr std::size_t salt_bytes = 32;

/// Drawn a few dozen at a time, since the generator's cost is by the call; each is wiped as it is given away.
class Salts {
 public:
  std::string next() {
    if (used_ == drawn_.size()) {
      if (RAND_bytes(drawn_.data(), static_cast<int>(drawn_.size())) != 1) std::abort();
      used_ = 0;
    }
    std::string salt(reinterpret_cast<char const*>(drawn_.data()) + used_, salt_bytes);
    OPENSSL_cleanse(drawn_.data() + used_, salt_bytes);
    used_ += salt_bytes;
    return salt;
  }

 private:
  std::array<unsigned char, 64 * salt_bytes> drawn_{};
  std::size_t used_ = drawn_.size();
};

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::uint64_t random_u64() {
  std::string const bytes = random_bytes(sizeof(std::uint64_t));
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Sealed seal(log::PrivateKind kind, std::string owner, std::string_view content, std::int64_t expires_at_ms) {
  Sealed sealed;
  sealed.part.kind = kind;
  sealed.part.owner = std::move(owner);
  thread_local Salts salts;
  sealed.part.bytes = salts.next();
  sealed.part.bytes += content;
  sealed.part.expires_at_ms = expires_at_ms;
  sealed.commitment = policy::sha256(sealed.part.bytes);
  sealed.part.key.assign(reinterpret_cast<char const*>(sealed.commitment.bytes.data()), sealed.commitment.bytes.size());
  return sealed;
}

std::string_view content_of(std::string_view opened) {
  assert(opened.size() >= salt_bytes);
  return opened.substr(std::min(salt_bytes, opened.size()));
}

}  // namespace sluice::broker
