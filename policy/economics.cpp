// Fixed point throughout: each function rounds once, at its end.
#include "policy/economics.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

namespace sluice::policy {
namespace {

constexpr Int128 ten_thousand = 10'000;
constexpr std::int64_t million = 1'000'000;
constexpr Int128 fine = 1'000'000'000;  // ratios inside an index are kept to nine digits

Int128 sum_of(std::span<ClassShare const> classes, std::int64_t ClassShare::* member) {
  Int128 sum = 0;
  for (ClassShare const& each : classes) sum += each.*member;
  return sum;
}

}  // namespace

std::int64_t nearest_ratio(Int128 numerator, Int128 denominator) {
  assert(denominator > 0);
  Int128 const magnitude = numerator < 0 ? -numerator : numerator;
  Int128 const rounded = (2 * magnitude + denominator) / (2 * denominator);
  return static_cast<std::int64_t>(numerator < 0 ? -rounded : rounded);
}

std::optional<Money> token_cost(Money price_per_million, std::int64_t tokens, Rounding rule) {
  return round_ratio(Int128{price_per_million.micro_yuan} * tokens, million, rule);
}

std::int64_t implied_tokens(Money cost, Money price_per_million) {
  assert(price_per_million.micro_yuan > 0);
  return static_cast<std::int64_t>(Int128{cost.micro_yuan} * million / price_per_million.micro_yuan);
}

std::int64_t effective_discount_bp(Money list, FullCost const& cost) {
  assert(list.micro_yuan > 0);
  Int128 const paid =
      Int128{cost.cash.micro_yuan} + cost.unused_commitment.micro_yuan + cost.administration.micro_yuan + cost.delay.micro_yuan;
  return nearest_ratio((list.micro_yuan - paid) * ten_thousand, list.micro_yuan);
}

std::optional<Money> spend_of_runs(Money foreign_price, std::int64_t runs, ExchangeRate rate, RoundingPoint point, Rounding rule) {
  Int128 const one_run = Int128{foreign_price.micro_yuan} * rate.yuan.micro_yuan;
  if (point == RoundingPoint::each_run) {
    auto const each = round_ratio(one_run, rate.foreign.micro_yuan, rule);
    return each ? checked_multiply(*each, runs) : std::nullopt;
  }
  constexpr Int128 most = static_cast<Int128>(~Uint128{0} >> 1);
  if (runs > 0 && one_run > most / runs) return std::nullopt;
  return round_ratio(one_run * runs, rate.foreign.micro_yuan, rule);
}

std::int64_t runs_to_clear(Money minimum, Money foreign_price, ExchangeRate rate) {
  Int128 const one_run = Int128{foreign_price.micro_yuan} * rate.yuan.micro_yuan;
  assert(one_run > 0);
  return static_cast<std::int64_t>((Int128{minimum.micro_yuan} * rate.foreign.micro_yuan + one_run - 1) / one_run);
}

Money shortfall_of(Money minimum, Money spent) { return {std::max<std::int64_t>(0, minimum.micro_yuan - spent.micro_yuan)}; }

std::int64_t effective_milli(std::int64_t peak_milli, std::int64_t utilisation_bp) {
  return nearest_ratio(Int128{peak_milli} * utilisation_bp, ten_thousand);
}

std::int64_t equivalent_cards_centi(std::int64_t reference_milli, std::int64_t other_milli) {
  return nearest_ratio(Int128{reference_milli} * 100, other_milli);
}

std::int64_t break_even_cards(std::int64_t cards, std::int64_t other_milli, std::int64_t reference_milli) {
  assert(reference_milli > 0);
  return static_cast<std::int64_t>(Int128{cards} * other_milli / reference_milli);
}

std::int64_t representation_e4(std::span<ClassShare const> classes, std::size_t index) {
  Int128 const received = sum_of(classes, &ClassShare::received);
  Int128 const weight = sum_of(classes, &ClassShare::weight);
  return nearest_ratio(ten_thousand * classes[index].received * weight, received * classes[index].weight);
}

std::int64_t jain_e4(std::span<ClassShare const> classes) {
  Int128 sum = 0;
  Int128 squares = 0;
  for (ClassShare const& each : classes) {
    assert(each.weight > 0);
    // Only the proportions count, so no class needs its share of the sum.
    Int128 const x = fine * each.received / each.weight;
    sum += x;
    squares += x * x;
  }
  if (squares == 0) return 0;
  // x has at most some 10^12 units for classes as far apart as a million to one, so these products stay below 10^38 / 10^4.
  return nearest_ratio(sum * sum, std::max<Int128>(1, squares * static_cast<Int128>(classes.size()) / ten_thousand));
}

std::int64_t gini_e4(std::span<ClassShare const> classes) {
  std::vector<ClassShare> sorted(classes.begin(), classes.end());
  std::ranges::sort(sorted,
                    [](ClassShare const& a, ClassShare const& b) { return Int128{a.received} * b.weight < Int128{b.received} * a.weight; });
  Int128 const received = sum_of(classes, &ClassShare::received);
  Int128 const weight = sum_of(classes, &ClassShare::weight);
  Int128 twice_area = 0;  // under the Lorenz curve, in received × weight
  Int128 below = 0;
  for (ClassShare const& each : sorted) {
    twice_area += each.weight * (2 * below + each.received);
    below += each.received;
  }
  return nearest_ratio((received * weight - twice_area) * ten_thousand, received * weight);
}

std::int64_t share_to_move_e4(std::span<ClassShare const> classes) {
  Int128 const received = sum_of(classes, &ClassShare::received);
  Int128 const weight = sum_of(classes, &ClassShare::weight);
  Int128 excess = 0;
  for (ClassShare const& each : classes) excess += std::max<Int128>(0, each.received * weight - each.weight * received);
  return nearest_ratio(excess * ten_thousand, received * weight);
}

}  // namespace sluice::policy
