// Money as people write it in rules: "5000.00", "5000.00元", "200万元", "1亿元".
#pragma once

#include "policy/money.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace sluice::config {

/// Decimal yuan, alone or followed by 元, 万元 (10^4) or 亿元 (10^8); no sign, no spaces, no thousands separators, ASCII digits only.
/// The product must be whole micro-yuan and at most money_max. Error: what is wrong.
std::expected<policy::Money, std::string> parse_money(std::string_view text);

}  // namespace sluice::config
