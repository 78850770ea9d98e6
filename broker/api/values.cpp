// Hours, regions and ids as text.
#include "broker/api/values.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace sluice::broker::api {

std::string hours_text(std::int64_t ms) {
  // One 10^-5 hour is 36 ms.
  std::int64_t const units = (ms + 35) / 36;
  std::string text = std::to_string(units / 100'000);
  std::int64_t fraction = units % 100'000;
  if (fraction == 0) return text;
  std::string digits = std::to_string(fraction);
  digits.insert(0, 5 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + '.' + digits;
}

std::string region_text(policy::RegionCode region) {
  std::string digits = std::to_string(region.code);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return digits;
}

std::optional<policy::RegionCode> region_of(std::string_view text) {
  if (text.size() != 6 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  policy::RegionCode region;
  for (char const c : text) region.code = region.code * 10 + (c - '0');
  return region;
}

std::optional<std::uint64_t> id_of(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || std::to_string(value) != text) return std::nullopt;
  return value;
}

nlohmann::ordered_json time_or_null(std::optional<policy::Timestamp> const& at) {
  return at ? nlohmann::ordered_json(policy::format_rfc3339(*at)) : nlohmann::ordered_json(nullptr);
}

}  // namespace sluice::broker::api
