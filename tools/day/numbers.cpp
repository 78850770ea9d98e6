// Rounding for the eye only; nothing is computed from these texts.
#include "tools/day/numbers.hpp"

#include <fmt/format.h>

namespace sluice::day {

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count < 0 ? -count : count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return count < 0 ? '-' + digits : digits;
}

std::string yuan_text(std::int64_t micro_yuan) { return count_text((micro_yuan + (micro_yuan < 0 ? -500'000 : 500'000)) / 1'000'000); }

std::string hours_text(std::int64_t ms) {
  std::int64_t const tenths = (ms + 180'000) / 360'000;
  return fmt::format("{}.{}", count_text(tenths / 10), tenths % 10);
}

std::string percent_text(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string against_text(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "-";
  return part <= whole ? percent_text(whole - part, whole) + " below" : percent_text(part - whole, whole) + " above";
}

std::string change_text(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "-";
  return part <= whole ? "−" + percent_text(whole - part, whole) : "+" + percent_text(part - whole, whole);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) out += c;
    }
  }
  return out;
}

}  // namespace sluice::day
