// One hash per lot.
#include "policy/lot.hpp"

namespace sluice::policy {

Hash lot_secret_hash(Hash const& secret) { return sha256(Bytes{secret.bytes}); }

std::uint64_t lot_of(Hash const& day_secret, TenantName const& tenant, Hash const& idempotency_key_hash) {
  Hash const hash = Sha256().update(Bytes{day_secret.bytes}).update(tenant.text).update(Bytes{idempotency_key_hash.bytes}).finish();
  std::uint64_t lot = 0;
  for (std::size_t i = 0; i < 8; ++i) lot = lot << 8 | hash.bytes[i];
  return lot;
}

}  // namespace sluice::policy
