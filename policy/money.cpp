// Checked arithmetic, named roundings and decimal texts of money.
#include "policy/money.hpp"

#include <cassert>

namespace sluice::policy {
namespace {

std::optional<Money> narrowed(Int128 micro_yuan) {
  if (micro_yuan > INT64_MAX || micro_yuan < INT64_MIN) return std::nullopt;
  return Money{static_cast<std::int64_t>(micro_yuan)};
}

enum class Direction : std::uint8_t { down, up, nearest };

struct RoundingRule {
  Direction direction;
  std::int64_t unit;  // micro-yuan
};

RoundingRule rule_of(Rounding rule) {
  switch (rule) {
    case Rounding::floor_fen:
      return {Direction::down, micro_yuan_per_fen};
    case Rounding::ceil_fen:
      return {Direction::up, micro_yuan_per_fen};
    case Rounding::half_up_fen:
      return {Direction::nearest, micro_yuan_per_fen};
    case Rounding::floor_micro:
      return {Direction::down, 1};
    case Rounding::ceil_micro:
      return {Direction::up, 1};
    case Rounding::half_up_micro:
      return {Direction::nearest, 1};
  }
  assert(false);
  return {Direction::down, micro_yuan_per_fen};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Money> checked_add(Money a, Money b) { return narrowed(Int128{a.micro_yuan} + b.micro_yuan); }
std::optional<Money> checked_subtract(Money a, Money b) { return narrowed(Int128{a.micro_yuan} - b.micro_yuan); }
std::optional<Money> checked_multiply(Money amount, std::int64_t factor) { return narrowed(Int128{amount.micro_yuan} * factor); }

std::optional<Money> round_ratio(Int128 numerator, Int128 denominator, Rounding rule) {
  assert(numerator >= 0 && denominator > 0);
  auto const [direction, unit] = rule_of(rule);
  // Whole micro-yuan first: the remainder then says exactly whether and where the value lies between two units.
  Int128 const whole = numerator / denominator;
  Int128 const part = numerator % denominator;  // of one micro-yuan, over the denominator
  Int128 const units = whole / unit;
  Int128 const over = whole % unit;  // micro-yuan above the unit below
  bool const between = over > 0 || part > 0;
  bool up = false;
  if (direction == Direction::up) up = between;
  // At least half a unit above: 2·(over + part/denominator) ≥ unit, where only an odd unit needs the part (unit 1).
  if (direction == Direction::nearest) up = unit == 1 ? part >= denominator - part : 2 * over >= unit;
  if (units > INT64_MAX / unit) return std::nullopt;
  return narrowed((units + (up ? 1 : 0)) * unit);
}

Money apply_rate(Money amount, std::int32_t rate_bp, Rounding rule) {
  assert(amount.micro_yuan >= 0 && rate_bp >= 0 && rate_bp <= 10'000);
  auto const money = round_ratio(Int128{amount.micro_yuan} * rate_bp, 10'000, rule);
  return money.value_or(Money{INT64_MAX});  // only an amount at the very edge of 64 bits rounds up beyond it
}

std::expected<Money, std::string> parse_yuan(std::string_view text) {
  std::size_t const point = text.find('.');
  std::string_view const whole = text.substr(0, point);
  std::string_view const fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty()) return std::unexpected("write yuan as a decimal with at least one digit before the point, for example 0.50");
  if (whole.size() > 1 && whole.front() == '0') return std::unexpected("write yuan without leading zeros");
  if (point != std::string_view::npos && fraction.empty()) return std::unexpected("digits are missing after the decimal point");
  if (fraction.size() > 6) return std::unexpected("yuan have at most six digits after the point (one millionth)");
  if (whole.size() > 13) return std::unexpected("the amount is above 1000000000000 yuan");
  std::int64_t micro_yuan = 0;
  for (char const c : whole) {
    if (!is_digit(c)) return std::unexpected("write yuan with digits and one point only: no sign, no exponent, no separators");
    micro_yuan = micro_yuan * 10 + (c - '0');
  }
  // Compared before the fraction too: with more digits the steps below could leave 64 bits.
  if (micro_yuan > money_max.micro_yuan / micro_yuan_per_yuan) return std::unexpected("the amount is above 1000000000000 yuan");
  for (std::size_t i = 0; i < 6; ++i) {
    char const c = i < fraction.size() ? fraction[i] : '0';
    if (!is_digit(c)) return std::unexpected("write yuan with digits and one point only: no sign, no exponent, no separators");
    micro_yuan = micro_yuan * 10 + (c - '0');
  }
  if (micro_yuan > money_max.micro_yuan) return std::unexpected("the amount is above 1000000000000 yuan");
  return Money{micro_yuan};
}

std::string format_yuan(Money amount) {
  bool const negative = amount.micro_yuan < 0;
  auto const bits = static_cast<std::uint64_t>(amount.micro_yuan);
  std::uint64_t const magnitude = negative ? 0 - bits : bits;  // also right for the least value of 64 bits
  std::string fraction = std::to_string(magnitude % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return (negative ? "-" : "") + std::to_string(magnitude / 1'000'000) + '.' + fraction;
}

}  // namespace sluice::policy
