// Money: micro-yuan with checked arithmetic, so that an overflow is an error and never a wrong bill.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::policy {

// -Wpedantic objects to __int128 unless it is named through __extension__.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

/// An amount in micro-yuan (10^-6 CNY). Raw arithmetic does not compile: use the checked functions below.
struct Money {
  std::int64_t micro_yuan = 0;
  auto operator<=>(Money const&) const = default;
};

constexpr std::int64_t micro_yuan_per_yuan = 1'000'000;
constexpr std::int64_t micro_yuan_per_fen = 10'000;
/// No single amount above 10^12 yuan: sums of a million of them still fit 128 bits, and single ones fit 64.
constexpr Money money_max{1'000'000'000'000 * micro_yuan_per_yuan};

constexpr Money yuan(std::int64_t amount) { return {amount * micro_yuan_per_yuan}; }

/// Sum or difference; nullopt when 64 bits cannot hold it.
std::optional<Money> checked_add(Money a, Money b);
std::optional<Money> checked_subtract(Money a, Money b);
/// amount × factor; nullopt when 64 bits cannot hold it.
std::optional<Money> checked_multiply(Money amount, std::int64_t factor);

/// Named rounding rules, each stated in the tariff or programme that uses it.
enum class Rounding : std::uint8_t {
  floor_fen,      ///< down to whole fen: subsidies, so that they never exceed rate × base
  ceil_fen,       ///< up to whole fen
  half_up_fen,    ///< to the nearest fen, halves up: invoices
  floor_micro,    ///< down to whole micro-yuan
  ceil_micro,     ///< up to whole micro-yuan: holds and limits, so that they always suffice
  half_up_micro,  ///< to the nearest micro-yuan, halves up
};

/// numerator / denominator micro-yuan, rounded by the rule. REQUIRES: numerator ≥ 0, denominator > 0. nullopt on overflow.
std::optional<Money> round_ratio(Int128 numerator, Int128 denominator, Rounding rule);

/// amount × rate_bp / 10,000. REQUIRES: amount ≥ 0, 0 ≤ rate_bp ≤ 10,000.
Money apply_rate(Money amount, std::int32_t rate_bp, Rounding rule);

/// Decimal yuan with at most six fraction digits and no exponent, e.g. "5000.00"; 0 … money_max. Error: what is wrong.
std::expected<Money, std::string> parse_yuan(std::string_view text);
/// Shortest exact decimal yuan with at least two fraction digits: "5000.00", "0.000001", "-3.50".
std::string format_yuan(Money amount);

}  // namespace sluice::policy
