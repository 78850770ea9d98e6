// Integer arithmetic of quotes and fairness reports: discounts, pooled minimum spends, equivalents, shares.
#pragma once

#include "policy/money.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace sluice::policy {

/// Every ratio here is rounded to the nearest unit of its scale, halves away from zero.
std::int64_t nearest_ratio(Int128 numerator, Int128 denominator);

// --- Prices per token ------------------------------------------------------------------------------------------------------------

/// Cost of tokens at a price per million, rounded once. nullopt on overflow. REQUIRES: both ≥ 0.
std::optional<Money> token_cost(Money price_per_million, std::int64_t tokens, Rounding rule);
/// Tokens that a cost implies at a price per million, rounded down. REQUIRES: price > 0, cost ≥ 0.
std::int64_t implied_tokens(Money cost, Money price_per_million);

// --- Discounts -------------------------------------------------------------------------------------------------------------------

/// What a subsidised run really costs its owner.
struct FullCost {
  Money cash;               ///< paid for the run
  Money unused_commitment;  ///< of a minimum spend that had to be signed for it
  Money administration;     ///< of applying
  Money delay;              ///< of waiting
};
/// 1 − full cost / list cost in basis points; negative when the subsidised way is dearer. REQUIRES: list > 0.
std::int64_t effective_discount_bp(Money list, FullCost const& cost);

// --- Foreign prices and pooled minimum spends ------------------------------------------------------------------------------------

/// `yuan` CNY are `foreign` units (in millionths, as Money counts): a rate as it was stated, without a rounded quotient.
struct ExchangeRate {
  Money yuan;
  Money foreign;
};
/// Where a sum of runs is rounded: the rule decides whether seven start-ups with ten runs each clear a minimum exactly or miss it by 0.10.
enum class RoundingPoint : std::uint8_t {
  total = 1,  ///< the exact sum, once: the rule for commitments here
  each_run,   ///< every run by itself
};
/// Yuan that `runs` runs at a foreign price cost. nullopt on overflow. REQUIRES: all ≥ 0, rate.foreign > 0.
std::optional<Money> spend_of_runs(Money foreign_price, std::int64_t runs, ExchangeRate rate, RoundingPoint point, Rounding rule);
/// Least number of runs whose exact sum reaches the minimum. REQUIRES: price > 0.
std::int64_t runs_to_clear(Money minimum, Money foreign_price, ExchangeRate rate);
/// What is left to pay of a signed minimum after spending: it is paid all the same.
Money shortfall_of(Money minimum, Money spent);

// --- Effective throughput --------------------------------------------------------------------------------------------------------

/// peak × utilisation: thousandths of a unit of peak. peak_milli in thousandths, utilisation in basis points.
std::int64_t effective_milli(std::int64_t peak_milli, std::int64_t utilisation_bp);
/// How many cards of `other` stand in for one of `reference`, in hundredths.
std::int64_t equivalent_cards_centi(std::int64_t reference_milli, std::int64_t other_milli);
/// Most cards of `reference` that are worth no more than `cards` of `other`.
std::int64_t break_even_cards(std::int64_t cards, std::int64_t other_milli, std::int64_t reference_milli);

// --- Fairness --------------------------------------------------------------------------------------------------------------------

/// One class of tenants: what it got and what it is measured against, in any unit common to all classes.
struct ClassShare {
  std::int64_t received = 0;
  std::int64_t weight = 0;  ///< > 0
};
/// Representation ratio received ÷ weight, both as shares of their sums, in ten-thousandths.
std::int64_t representation_e4(std::span<ClassShare const> classes, std::size_t index);
/// Jain's index (Σx)² / (n Σx²) of received ÷ weight, in ten-thousandths: 10,000 is equal.
std::int64_t jain_e4(std::span<ClassShare const> classes);
/// Weighted Gini coefficient of received against weight (Lorenz curve), in ten-thousandths: 0 is equal.
std::int64_t gini_e4(std::span<ClassShare const> classes);
/// Share of what was received that would have to move for every class to have its weight's share, in ten-thousandths.
std::int64_t share_to_move_e4(std::span<ClassShare const> classes);

}  // namespace sluice::policy
