// Randomness and commitments for private parts: the broker's one source of chance.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/group.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::broker {

/// `count` bytes from the operating system's generator (through libcrypto). Aborts when it cannot give any: nothing may go on without.
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();

/// A private part and the hash that binds it in an entry: SHA-256(32-byte salt ‖ content).
struct Sealed {
  policy::Hash commitment;
  log::PrivatePart part;  ///< bytes = salt ‖ content, key = the commitment's 32 bytes
};
Sealed seal(log::PrivateKind kind, std::string owner, std::string_view content, std::int64_t expires_at_ms = 0);

/// The content of an opened part: what follows the salt. REQUIRES: written by seal().
std::string_view content_of(std::string_view opened);

}  // namespace sluice::broker
