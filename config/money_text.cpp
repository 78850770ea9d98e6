#include "config/money_text.hpp"

#include "config/report.hpp"

#include <fmt/format.h>

namespace sluice::config {

std::expected<policy::Money, std::string> parse_money(std::string_view text) {
  struct Unit {
    std::string_view suffix;
    std::int64_t factor;
  };
  static constexpr Unit units[] = {{"亿元", 100'000'000}, {"万元", 10'000}, {"元", 1}};
  auto const refuse = [text](std::string_view why) {
    return std::unexpected(
        fmt::format("'{}' is no amount: {}; write yuan as \"5000.00\", \"200万元\" or \"1亿元\"", printable(text, 40), why));
  };
  std::string_view number = text;
  std::int64_t factor = 1;
  for (Unit const& unit : units) {
    if (!number.ends_with(unit.suffix)) continue;
    number.remove_suffix(unit.suffix.size());
    factor = unit.factor;
    break;
  }
  if (number.empty()) return refuse("it has no digits");
  if (number.find_first_not_of("0123456789.") != std::string_view::npos) return refuse("only digits and one point are allowed");
  auto const amount = policy::parse_yuan(number);
  if (!amount) return refuse(amount.error());
  auto const product = policy::checked_multiply(*amount, factor);
  if (!product || *product > policy::money_max) return refuse("it is larger than 1000000000000 yuan");
  return *product;
}

}  // namespace sluice::config
