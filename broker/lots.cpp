// Committing to the day's secret, using it, revealing it.
#include "broker/lots.hpp"

#include "broker/secrets.hpp"
#include "policy/lot.hpp"

#include <cstdlib>
#include <cstring>

namespace sluice::broker {
namespace {

std::string part_key(std::int64_t day) { return "lot-day-" + std::to_string(day); }

policy::Hash as_hash(std::string const& secret) {
  policy::Hash hash;
  std::memcpy(hash.bytes.data(), secret.data(), hash.bytes.size());
  return hash;
}

}  // namespace

std::string const& LotKeeper::secret(policy::State const& state) {
  if (day_ != state.governance.lot_day) {
    day_ = state.governance.lot_day;
    auto const part = ledger_.private_part(log::PrivateKind::secret_state, "operator", part_key(*day_));
    // The part stands in the same batch as the entry: without it the ledger would not have opened.
    if (!part || !*part || (*part)->bytes.size() != sizeof(policy::Hash)) std::abort();
    secret_ = (*part)->bytes;
  }
  return secret_;
}

std::optional<policy::Event> LotKeeper::due(policy::State const& state, policy::Timestamp at) {
  std::int64_t const today = policy::shanghai_day(at);
  if (state.governance.lot_day == today) return std::nullopt;
  if (state.governance.lot_day) {
    std::string const& old = secret(state);
    return policy::LotDayClosed{*state.governance.lot_day, as_hash(old)};
  }
  secret_ = random_bytes(sizeof(policy::Hash));
  day_ = today;
  part_due_ = true;
  return policy::LotDayOpened{today, policy::lot_secret_hash(as_hash(secret_))};
}

void LotKeeper::take_part(policy::State const& state, std::vector<log::PrivatePart>& parts) {
  if (!part_due_ || state.governance.lot_day != day_) return;
  part_due_ = false;
  parts.push_back({log::PrivateKind::secret_state, "operator", part_key(*day_), secret_, 0});
}

std::uint64_t LotKeeper::lot(policy::State const& state, policy::TenantName const& tenant, policy::Hash const& idempotency) {
  return policy::lot_of(as_hash(secret(state)), tenant, idempotency);
}

}  // namespace sluice::broker
