// Time as an input: milliseconds UTC, never read from a clock in policy.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::policy {

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds. Range 0 … 2^53-1, so JSON carries it exactly.
struct Timestamp {
  std::int64_t ms = 0;
  auto operator<=>(Timestamp const&) const = default;
};

constexpr std::int64_t ms_per_second = 1'000;
constexpr std::int64_t ms_per_hour = 3'600'000;
constexpr std::int64_t ms_per_day = 86'400'000;

/// Days since the epoch in Asia/Shanghai (UTC+8, no daylight saving since 1991): the rules' calendar day.
constexpr std::int64_t shanghai_day(Timestamp at) { return (at.ms + 8 * ms_per_hour) / ms_per_day; }

/// The calendar year in Asia/Shanghai: caps by natural year count in it.
std::int32_t shanghai_year(Timestamp at);

/// RFC 3339 with offset, e.g. 2026-12-01T00:00:00+08:00; years 1970 … 9999, up to millisecond fractions.
/// Error: what is wrong with the text.
std::expected<Timestamp, std::string> parse_rfc3339(std::string_view text);
/// RFC 3339 in UTC with milliseconds: 2026-11-30T16:00:00.000Z.
std::string format_rfc3339(Timestamp at);

}  // namespace sluice::policy
