// Names, attempt ids and region codes as text.
#include "policy/identifiers.hpp"

#include <charconv>

namespace sluice::policy {
namespace {

constexpr std::size_t name_length_max = 63;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Decimal digits without sign, leading zero or anything after.
template <class Integer>
bool read_decimal(std::string_view text, Integer& value) {
  if (text.empty() || (text.size() > 1 && text.front() == '0') || text.front() == '-') return false;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > name_length_max || !is_alphanumeric(text.front())) return false;
  for (char const c : text)
    if (!is_alphanumeric(c) && c != '.' && c != '_' && c != '-') return false;
  return true;
}

std::string to_string(AttemptId id) { return std::to_string(id.job.value) + '-' + std::to_string(id.number); }

std::expected<AttemptId, std::string> attempt_from_string(std::string_view text) {
  std::size_t const dash = text.find('-');
  AttemptId id;
  if (dash == std::string_view::npos || !read_decimal(text.substr(0, dash), id.job.value) ||
      !read_decimal(text.substr(dash + 1), id.number) || id.number == 0)
    return std::unexpected("an attempt is written {job}-{number}, both decimal and the number from 1, for example 1207-1");
  return id;
}

bool lies_in(RegionCode place, RegionCode area) {
  if (place.code <= 0 || area.code <= 0) return false;
  if (place == area) return true;
  if (area.code % 10'000 == 0) return place.code / 10'000 == area.code / 10'000;
  return area.code % 100 == 0 && place.code / 100 == area.code / 100;
}

}  // namespace sluice::policy
