#include "storage/log/ed25519.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cassert>
#include <cstdlib>

namespace sluice::log {
namespace {

// libcrypto fails in these calls only when out of memory or misbuilt; a log that signs wrongly is worse than none.
void expect(bool ok) {
  assert(ok);
  if (!ok) std::abort();
}

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Context new_context() {
  Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  expect(context != nullptr);
  return context;
}

}  // namespace

std::expected<Ed25519Key, std::string> Ed25519Key::from_seed(policy::Bytes seed) {
  if (seed.size() != 32) return std::unexpected("an Ed25519 seed has 32 bytes, got " + std::to_string(seed.size()));
  Ed25519Key key;
  key.key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()), EVP_PKEY_free);
  expect(key.key_ != nullptr);
  std::size_t length = key.public_.size();
  expect(EVP_PKEY_get_raw_public_key(key.key_.get(), key.public_.data(), &length) == 1);
  return key;
}

Ed25519Key Ed25519Key::generate() {
  std::array<std::uint8_t, 32> seed;
  expect(RAND_priv_bytes(seed.data(), static_cast<int>(seed.size())) == 1);
  auto key = from_seed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return *key;
}

Ed25519Signature Ed25519Key::sign(policy::Bytes message) const {
  Context context = new_context();
  Ed25519Signature signature;
  std::size_t length = signature.size();
  expect(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  expect(EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) == 1);
  return signature;
}

std::string Ed25519Key::seed() const {
  std::string seed(32, '\0');
  std::size_t length = seed.size();
  expect(EVP_PKEY_get_raw_private_key(key_.get(), reinterpret_cast<std::uint8_t*>(seed.data()), &length) == 1);
  return seed;
}

Ed25519Verifier::Ed25519Verifier(Ed25519Public const& key)
    : key_(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()), EVP_PKEY_free), public_(key) {
  expect(key_ != nullptr);
}

bool Ed25519Verifier::verify(policy::Bytes message, policy::Bytes signature) const {
  Context context = new_context();
  expect(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace sluice::log
