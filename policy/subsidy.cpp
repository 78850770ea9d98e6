// One share per flow.
#include "policy/subsidy.hpp"

#include "policy/pricing.hpp"

#include <algorithm>

namespace sluice::policy {

Money subsidy_of(SubsidyRule const& rule, Charge const& charge) {
  if (rule.rate_bp == 0) return {};
  if (rule.flow != Flow::billing_tag) return std::min(apply_rate(charge.gross, rule.rate_bp, rule.rounding), charge.gross);
  Money const cut = apply_rate(charge.price_per_card_hour, rule.rate_bp, Rounding::floor_micro);
  Money const tagged{charge.price_per_card_hour.micro_yuan - cut.micro_yuan};
  auto const bill = gross_price(tagged, charge.billed_card_ms, charge.tariff_rounding);
  // A lower price never gives a higher bill, and the higher one fits, so this one does.
  return {charge.gross.micro_yuan - std::min(bill.value_or(charge.gross), charge.gross).micro_yuan};
}

}  // namespace sluice::policy
