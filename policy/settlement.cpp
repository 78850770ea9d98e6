// Exact accruals: 128-bit products, one rounding per invoice line.
#include "policy/settlement.hpp"

#include "policy/limits.hpp"
#include "policy/pricing.hpp"
#include "policy/subsidy.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::policy {
namespace {

/// Run time of the gang that this much use means, rounded up.
std::int64_t run_ms_of(Attempt const& attempt, std::int64_t card_ms) {
  std::int64_t const cards = attempt.allocation.cards;
  return card_ms / cards + (card_ms % cards == 0 ? 0 : 1);
}

/// Billed card-milliseconds for a run time; nullopt when 64 bits cannot hold them.
std::optional<std::int64_t> billed_card_ms(Attempt const& attempt, std::int64_t run_ms) {
  if (run_ms == 0) return 0;
  if (run_ms > limits::timestamp_ms_max) return std::nullopt;
  Int128 const billed = Int128{billed_ms(attempt.tariff, run_ms)} * attempt.allocation.cards;
  if (billed > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(billed);
}

std::optional<Money> priced(Attempt const& attempt, std::optional<std::int64_t> billed) {
  if (!billed) return std::nullopt;
  return gross_price(attempt.allocation.price_per_card_hour, *billed, attempt.tariff.rounding);
}

Money minus(Money a, Money b) { return {a.micro_yuan - b.micro_yuan}; }
Money plus(Money a, Money b) { return {a.micro_yuan + b.micro_yuan}; }

/// The rule of the programme's version that the allocation cites: later versions do not touch it.
SubsidyRule subsidy_rule(Catalogue const& catalogue, Allocation const& allocation) {
  SubsidyRule rule{.rate_bp = allocation.rate_bp};
  auto const held = catalogue.entitlements.find(*allocation.entitlement);
  if (held == catalogue.entitlements.end()) return rule;
  auto const programme = catalogue.programmes.find({held->second.programme, allocation.programme_version});
  if (programme == catalogue.programmes.end()) return rule;
  rule.flow = programme->second.flow;
  rule.rounding = programme->second.rounding;
  return rule;
}

}  // namespace

Liability liability_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded:
    case Outcome::failed:
    case Outcome::limit_reached:
    case Outcome::cancelled:
      return Liability::tenant;
    case Outcome::cluster_fault:
    case Outcome::preempted:
      return Liability::centre;
    case Outcome::broker_fault:
      return Liability::operator_;
  }
  return Liability::unknown;
}

std::optional<Money> gross_of(Attempt const& attempt, std::int64_t card_ms) {
  return priced(attempt, billed_card_ms(attempt, run_ms_of(attempt, card_ms)));
}

AttemptSettled settlement_of(Catalogue const& catalogue, Attempt const& attempt) {
  assert(attempt.status == AttemptStatus::ended && (attempt.liability || attempt.outcome));
  Allocation const& allocation = attempt.allocation;
  std::int64_t const run_ms = run_ms_of(attempt, attempt.card_ms);
  auto const all_billed = billed_card_ms(attempt, run_ms);
  Money const gross = priced(attempt, all_billed).value_or(money_max);

  AttemptSettled line;
  line.attempt = attempt.id;
  line.liability = attempt.liability ? *attempt.liability : liability_of(*attempt.outcome);
  line.gross = gross;
  line.billed_card_ms = all_billed.value_or(0);
  line.released = allocation.hold_net;
  if (line.liability == Liability::operator_) line.loss = gross;
  if (line.liability != Liability::tenant) return line;

  auto const within_billed = billed_card_ms(attempt, std::min(run_ms, allocation.limit_ms));
  Money const within = std::min(gross, priced(attempt, within_billed).value_or(gross));
  line.billed_card_ms = within_billed.value_or(line.billed_card_ms);
  if (allocation.entitlement) {
    Charge const charge{allocation.price_per_card_hour, line.billed_card_ms, attempt.tariff.rounding, within};
    line.subsidy = std::min(subsidy_of(subsidy_rule(catalogue, allocation), charge), allocation.hold_subsidy);
  }
  line.fee = apply_rate(within, allocation.fee_bp, Rounding::half_up_fen);
  line.net = minus(within, line.subsidy);

  // What moving the job cost more than its cheapest place is its mover's, by the share of the estimate that was really used.
  if (allocation.extra.micro_yuan > 0 && allocation.estimate.micro_yuan > 0) {
    Money const used = std::min(within, allocation.estimate);
    Money const extra =
        round_ratio(Int128{allocation.extra.micro_yuan} * used.micro_yuan, allocation.estimate.micro_yuan, Rounding::floor_micro)
            .value_or(Money{});
    line.net = minus(line.net, std::min(extra, line.net));
  }
  // The hold is made to suffice; should it ever not, the tenant pays no more than was held, and the operator the rest.
  Money const most_net = minus(allocation.hold_net, std::min(line.fee, allocation.hold_net));
  line.fee = std::min(line.fee, allocation.hold_net);
  line.net = std::min(line.net, most_net);
  line.loss = minus(minus(gross, line.subsidy), line.net);
  line.released = minus(allocation.hold_net, plus(line.net, line.fee));
  return line;
}

}  // namespace sluice::policy
