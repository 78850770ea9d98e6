// The lot that orders jobs of equal content: drawn from a secret that is promised before the day and told after it.
#pragma once

#include "policy/hash.hpp"
#include "policy/identifiers.hpp"

#include <cstdint>

namespace sluice::policy {

/// What lot.day_opened promises: SHA-256 of the 32 secret bytes.
Hash lot_secret_hash(Hash const& secret);

/// First 8 bytes, big-endian, of SHA-256(day secret ‖ tenant pseudonym ‖ SHA-256(Idempotency-Key)). Nobody who does not know the secret
/// can choose a key for a good lot, and the broker, having promised the secret, cannot choose a lot for a tenant.
std::uint64_t lot_of(Hash const& day_secret, TenantName const& tenant, Hash const& idempotency_key_hash);

}  // namespace sluice::policy
