// The invoice line of an ended attempt: who pays how much, by which rule.
#pragma once

#include "policy/state/state.hpp"

#include <optional>

namespace sluice::policy {

/// Who pays for an attempt that ended so (DESIGN §3.7): own exit, limit or cancellation the tenant; the cluster's fault or preemption the
/// centre; the broker's fault the operator.
Liability liability_of(Outcome outcome);

/// What the centre charges for `card_ms` of use under the attempt's price and tariff: use per card rounded up to whole milliseconds, the
/// minimum applied, rounded up to whole increments, priced, rounded once by the tariff's rule. Use of zero costs nothing: it never ran.
/// nullopt when money cannot hold it.
std::optional<Money> gross_of(Attempt const& attempt, std::int64_t card_ms);

/// The settlement that must follow. With `gross` for all use and `within` for use up to the granted limit:
///   tenant:    subsidy = min(subsidy_of(within), held subsidy); fee = fee_bp × within, to the nearest fen;
///              loss = (gross − within) + the job's extra, in proportion to use up to the estimate;
///              net = gross − subsidy − loss;  released = hold − net − fee.
///   operator:  loss = gross; the whole hold is released.     centre: gross is disputed; the whole hold is released.
/// REQUIRES: status ended, and gross_of(card_ms) within limits::gross_max.
AttemptSettled settlement_of(Catalogue const& catalogue, Attempt const& attempt);

}  // namespace sluice::policy
