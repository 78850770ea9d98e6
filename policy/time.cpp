// RFC 3339 as text, strictly.
#include "policy/time.hpp"

#include <array>
#include <chrono>
#include <optional>

namespace sluice::policy {
namespace {

constexpr std::int64_t timestamp_ms_max = (std::int64_t{1} << 53) - 1;

/// Reads fixed-width decimal fields from the front of a text.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : text_(text) {}
  std::optional<int> digits(std::size_t count) {
    if (text_.size() < count) return std::nullopt;
    int value = 0;
    for (char const c : text_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

std::unexpected<std::string> wrong(std::string_view what) {
  return std::unexpected(std::string(what) + "; write a time as RFC 3339 with offset, for example 2026-12-01T00:00:00+08:00");
}

void append_digits(std::string& out, std::int64_t value, std::size_t width) {
  std::string const digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

std::int32_t shanghai_year(Timestamp at) {
  return int{std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{shanghai_day(at)}}}.year()};
}

std::expected<Timestamp, std::string> parse_rfc3339(std::string_view text) {
  FieldReader reader(text);
  auto const year = reader.digits(4);
  if (!year || !reader.take('-')) return wrong("the year needs four digits and '-'");
  auto const month = reader.digits(2);
  if (!month || !reader.take('-')) return wrong("the month needs two digits and '-'");
  auto const day = reader.digits(2);
  if (!day || !reader.take('T')) return wrong("the day needs two digits and 'T'");
  std::chrono::year_month_day const date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (*year < 1970 || !date.ok()) return wrong("there is no such day from 1970 to 9999");
  auto const hour = reader.digits(2);
  if (!hour || *hour > 23 || !reader.take(':')) return wrong("the hour is 00 to 23, then ':'");
  auto const minute = reader.digits(2);
  if (!minute || *minute > 59 || !reader.take(':')) return wrong("the minute is 00 to 59, then ':'");
  auto const second = reader.digits(2);
  if (!second || *second > 59) return wrong("the second is 00 to 59; leap seconds are not counted here");

  std::int64_t fraction_ms = 0;
  if (reader.take('.')) {
    std::int64_t weight = 100;
    auto digit = reader.digits(1);
    if (!digit) return wrong("a fraction needs one to three digits");
    for (; digit && weight > 0; weight /= 10, digit = reader.digits(1)) fraction_ms += weight * *digit;
    if (digit) return wrong("a fraction has at most three digits");
  }

  std::int64_t offset_ms = 0;
  if (!reader.take('Z')) {
    bool const east = reader.take('+');
    if (!east && !reader.take('-')) return wrong("the offset is missing: 'Z', '+hh:mm' or '-hh:mm'");
    auto const hours = reader.digits(2);
    if (!hours || *hours > 23 || !reader.take(':')) return wrong("the offset's hours are 00 to 23, then ':'");
    auto const minutes = reader.digits(2);
    if (!minutes || *minutes > 59) return wrong("the offset's minutes are 00 to 59");
    offset_ms = (*hours * 60 + *minutes) * 60 * ms_per_second * (east ? 1 : -1);
  }
  if (!reader.at_end()) return wrong("something follows the time");

  std::int64_t const days = std::chrono::sys_days{date}.time_since_epoch().count();
  std::int64_t const ms = days * ms_per_day + ((*hour * 60 + *minute) * 60 + *second) * ms_per_second + fraction_ms - offset_ms;
  if (ms < 0 || ms > timestamp_ms_max) return wrong("the time lies before 1970 in UTC");
  return Timestamp{ms};
}

std::string format_rfc3339(Timestamp at) {
  std::int64_t const days = at.ms / ms_per_day;
  std::int64_t const rest = at.ms % ms_per_day;
  std::chrono::year_month_day const date{std::chrono::sys_days{std::chrono::days{days}}};
  std::string out;
  append_digits(out, int{date.year()}, 4);
  out += '-';
  append_digits(out, unsigned{date.month()}, 2);
  out += '-';
  append_digits(out, unsigned{date.day()}, 2);
  out += 'T';
  append_digits(out, rest / ms_per_hour, 2);
  out += ':';
  append_digits(out, rest / 60'000 % 60, 2);
  out += ':';
  append_digits(out, rest / ms_per_second % 60, 2);
  out += '.';
  append_digits(out, rest % ms_per_second, 3);
  out += 'Z';
  return out;
}

}  // namespace sluice::policy
