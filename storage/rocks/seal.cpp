#include "storage/rocks/seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace sluice::rocks {
namespace {

constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

// libcrypto fails in these calls only when out of memory or misbuilt; a secret must then not be written at all.
void expect(bool ok) {
  assert(ok);
  if (!ok) std::abort();
}

const EVP_CIPHER* cipher() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return fetched;
}

EVP_CIPHER_CTX* context() {
  thread_local std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> const own(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  expect(own != nullptr);
  return own.get();
}

/// Drawn a few dozen at a time: a nonce is no secret, and the generator's cost is by the call.
class Nonces {
 public:
  unsigned char const* next() {
    if (used_ == drawn_.size()) {
      expect(RAND_bytes(drawn_.data(), static_cast<int>(drawn_.size())) == 1);
      used_ = 0;
    }
    unsigned char const* const nonce = drawn_.data() + used_;
    used_ += nonce_bytes;
    return nonce;
  }

 private:
  std::array<unsigned char, 64 * nonce_bytes> drawn_{};
  std::size_t used_ = drawn_.size();
};

unsigned char const* bytes(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int length(std::string_view text) {
  expect(text.size() <= (1u << 30));
  return static_cast<int>(text.size());
}

}  // namespace

SecretKey::~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

SecretKey SecretKey::generate() {
  SecretKey key;
  expect(RAND_priv_bytes(key.bytes_.data(), static_cast<int>(key.bytes_.size())) == 1);
  return key;
}

std::optional<SecretKey> SecretKey::from_bytes(std::string_view text) {
  SecretKey key;
  if (text.size() != key.bytes_.size()) return std::nullopt;
  std::memcpy(key.bytes_.data(), text.data(), text.size());
  return key;
}

std::string random_bytes(std::size_t count) {
  std::string random(count, '\0');
  expect(RAND_bytes(bytes(random), length(random)) == 1);
  return random;
}

std::string seal(SecretKey const& key, std::string_view plaintext, std::string_view associated) {
  std::string sealed(nonce_bytes + plaintext.size() + tag_bytes, '\0');
  unsigned char* const nonce = bytes(sealed);
  unsigned char* const body = nonce + nonce_bytes;
  thread_local Nonces nonces;
  std::memcpy(nonce, nonces.next(), nonce_bytes);
  EVP_CIPHER_CTX* const c = context();
  int written = 0;
  expect(EVP_EncryptInit_ex2(c, cipher(), key.bytes().data(), nonce, nullptr) == 1);
  expect(EVP_EncryptUpdate(c, nullptr, &written, bytes(associated), length(associated)) == 1);
  if (!plaintext.empty()) expect(EVP_EncryptUpdate(c, body, &written, bytes(plaintext), length(plaintext)) == 1);
  expect(EVP_EncryptFinal_ex(c, body + plaintext.size(), &written) == 1);
  expect(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, tag_bytes, body + plaintext.size()) == 1);
  EVP_CIPHER_CTX_reset(c);
  return sealed;
}

std::optional<std::string> unseal(SecretKey const& key, std::string_view sealed, std::string_view associated) {
  if (sealed.size() < seal_overhead) return std::nullopt;
  std::string_view const nonce = sealed.substr(0, nonce_bytes);
  std::string_view const body = sealed.substr(nonce_bytes, sealed.size() - seal_overhead);
  std::string tag(sealed.substr(sealed.size() - tag_bytes));
  std::string plaintext(body.size(), '\0');
  EVP_CIPHER_CTX* const c = context();
  int written = 0;
  expect(EVP_DecryptInit_ex2(c, cipher(), key.bytes().data(), bytes(nonce), nullptr) == 1);
  expect(EVP_DecryptUpdate(c, nullptr, &written, bytes(associated), length(associated)) == 1);
  if (!body.empty()) expect(EVP_DecryptUpdate(c, bytes(plaintext), &written, bytes(body), length(body)) == 1);
  expect(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1);
  bool const good = EVP_DecryptFinal_ex(c, bytes(plaintext) + plaintext.size(), &written) == 1;
  EVP_CIPHER_CTX_reset(c);
  if (good) return plaintext;
  OPENSSL_cleanse(plaintext.data(), plaintext.size());
  return std::nullopt;
}

}  // namespace sluice::rocks
