// AES-256-GCM against a published vector, and nothing opened that was changed.
#include "storage/rocks/seal.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice::rocks {
namespace {

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// Test cases 13 and 14 of the GCM specification: zero key, zero nonce.
TEST(Seal, OpensThePublishedVectors) {
  SecretKey const key;
  EXPECT_EQ(unseal(key,
                   unhex("000000000000000000000000"
                         "530f8afbc74536b9a963b4f1c4cb738b"),
                   ""),
            "");
  EXPECT_EQ(unseal(key,
                   unhex("000000000000000000000000"
                         "cea7403d4d606b6e074ec5d3baf39d18"
                         "d0d1c8a799996bf0265b98b5d48ab919"),
                   ""),
            std::string(16, '\0'));
}

TEST(Seal, OpensWhatItSealedAndNothingChanged) {
  SecretKey const key = SecretKey::generate();
  for (std::string const& plain : {std::string(), std::string("x"), std::string(100'000, 'p')}) {
    std::string const sealed = seal(key, plain, "context");
    EXPECT_EQ(sealed.size(), plain.size() + seal_overhead);
    EXPECT_EQ(unseal(key, sealed, "context"), plain);
    EXPECT_FALSE(unseal(key, sealed, "other context"));
    EXPECT_FALSE(unseal(SecretKey::generate(), sealed, "context"));
    EXPECT_FALSE(unseal(key, sealed.substr(1), "context"));
    EXPECT_FALSE(unseal(key, sealed.substr(0, seal_overhead - 1), "context"));
    for (std::size_t bit = 0; bit < sealed.size() * 8; bit += 1 + sealed.size() / 7) {
      std::string flipped = sealed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(unseal(key, flipped, "context")) << bit;
    }
  }
}

TEST(Seal, NeverRepeatsANonce) {
  SecretKey const key = SecretKey::generate();
  std::set<std::string> nonces;
  for (int i = 0; i < 1'000; ++i) nonces.insert(seal(key, "same", "").substr(0, 12));
  EXPECT_EQ(nonces.size(), 1'000u);
}

TEST(SecretKey, HasThirtyTwoBytes) {
  EXPECT_FALSE(SecretKey::from_bytes(std::string(31, 'k')));
  EXPECT_EQ(SecretKey::from_bytes(std::string(32, 'k'))->text(), std::string(32, 'k'));
  EXPECT_NE(SecretKey::generate().text(), SecretKey::generate().text());
}

}  // namespace
}  // namespace sluice::rocks
