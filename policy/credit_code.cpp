// GB 32100-2015, annex on the check digit.
#include "policy/credit_code.hpp"

namespace sluice::policy {

bool is_credit_code(std::string_view text) {
  static constexpr std::string_view alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  if (text.size() != 18) return false;
  unsigned sum = 0;
  unsigned weight = 1;
  for (char const c : text.substr(0, 17)) {
    auto const value = alphabet.find(c);
    if (value == std::string_view::npos) return false;
    sum += static_cast<unsigned>(value) * weight;
    weight = weight * 3 % 31;
  }
  // The outer "mod 31" is often forgotten: without it a sum divisible by 31 would have no digit.
  return text[17] == alphabet[(31 - sum % 31) % 31];
}

}  // namespace sluice::policy
