// What a voucher pays of a charge: by its programme's flow, rate and rounding.
#pragma once

#include "policy/definitions.hpp"

#include <optional>

namespace sluice::policy {

/// How a programme shares a charge with the voucher's holder.
struct SubsidyRule {
  Flow flow = Flow::deduct_at_use;
  std::int32_t rate_bp = 0;  ///< 0 … 10,000
  Rounding rounding = Rounding::floor_fen;
};

/// What is charged before any voucher: a price, a use, and the gross they give under the tariff's rounding.
struct Charge {
  Money price_per_card_hour;
  std::int64_t billed_card_ms = 0;
  Rounding tariff_rounding = Rounding::half_up_fen;
  Money gross;
};

/// The voucher's share of a charge, never more than the charge; what is left on the voucher is for the caller to mind.
///   deduct_at_use   rate × gross, rounded by the programme.
///   billing_tag     the rate lowers the unit price, the tagged price is billed in place of the listed one, and the share is the difference
///                   of the two bills. The cut per unit is rounded down to micro-yuan, so that it never exceeds the rate.
Money subsidy_of(SubsidyRule const& rule, Charge const& charge);

}  // namespace sluice::policy
