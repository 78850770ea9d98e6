// The hot path of appending, verifying and replaying. EVP costs 50 ns a call beside 35 ns a block, so this one file
// feeds whole padded blocks to libcrypto's low-level SHA-256 (deprecated, still there and still the fastest door to SHA-NI).
#define OPENSSL_SUPPRESS_DEPRECATED

#include "storage/log/tree_hash.hpp"

#include <openssl/sha.h>

#include <array>
#include <cassert>
#include <cstring>

namespace sluice::log {
namespace {

constexpr std::size_t block = 64;

policy::Hash digest_of(const SHA256_CTX& context) {
  policy::Hash hash;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint32_t const word = __builtin_bswap32(static_cast<std::uint32_t>(context.h[i]));
    std::memcpy(hash.bytes.data() + 4 * i, &word, 4);
  }
  return hash;
}

void put_bit_length(std::uint8_t* end_of_block, std::uint64_t bytes) {
  std::uint64_t const bits = __builtin_bswap64(bytes * 8);
  std::memcpy(end_of_block - 8, &bits, 8);
}

}  // namespace

policy::Hash hash_leaf(std::string_view entry) {
  // One copy into whole blocks: 0x00 ‖ entry ‖ 0x80 ‖ zeros ‖ bit length. Longer entries go through in chunks.
  constexpr std::size_t chunk_blocks = 16;
  std::array<std::uint8_t, chunk_blocks * block> buffer;
  SHA256_CTX context;
  SHA256_Init(&context);
  std::uint64_t const message_bytes = entry.size() + 1;
  buffer[0] = 0x00;
  std::size_t used = 1;
  std::size_t taken = 0;
  while (entry.size() - taken > buffer.size() - used) {
    std::size_t const n = buffer.size() - used;
    std::memcpy(buffer.data() + used, entry.data() + taken, n);
    SHA256_Update(&context, buffer.data(), buffer.size());
    taken += n;
    used = 0;
  }
  if (taken < entry.size()) std::memcpy(buffer.data() + used, entry.data() + taken, entry.size() - taken);
  used += entry.size() - taken;
  if (used + 9 > buffer.size()) {  // no room for the padding: it takes a block of its own
    std::size_t const whole = used / block * block;
    SHA256_Update(&context, buffer.data(), whole);
    std::memmove(buffer.data(), buffer.data() + whole, used - whole);
    used -= whole;
  }
  std::size_t const end = (used + 9 + block - 1) / block * block;
  buffer[used] = 0x80;
  std::memset(buffer.data() + used + 1, 0, end - used - 1);
  put_bit_length(buffer.data() + end, message_bytes);
  SHA256_Update(&context, buffer.data(), end);
  return digest_of(context);
}

policy::Hash hash_node(policy::Hash const& left, policy::Hash const& right) {
  std::array<std::uint8_t, 2 * block> buffer;
  buffer[0] = 0x01;
  std::memcpy(buffer.data() + 1, left.bytes.data(), 32);
  std::memcpy(buffer.data() + 33, right.bytes.data(), 32);
  buffer[65] = 0x80;
  std::memset(buffer.data() + 66, 0, buffer.size() - 66);
  put_bit_length(buffer.data() + buffer.size(), 65);
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, buffer.data(), buffer.size());
  return digest_of(context);
}

policy::Hash empty_root() { return policy::sha256(std::string_view{}); }

policy::Hash fold(std::span<policy::Hash const> hashes) {
  assert(!hashes.empty());
  if (hashes.size() == 1) return hashes[0];
  std::size_t left = 1;
  while (left * 2 < hashes.size()) left *= 2;
  return hash_node(fold(hashes.first(left)), fold(hashes.subspan(left)));
}

}  // namespace sluice::log
