// How the API writes and reads the values that JSON has no type for.
#pragma once

#include "policy/identifiers.hpp"
#include "policy/time.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::broker::api {

/// Card-milliseconds as decimal hours with at most five digits, rounded up: "96.5".
std::string hours_text(std::int64_t ms);
/// Six digits.
std::string region_text(policy::RegionCode region);
/// Reads six digits.
std::optional<policy::RegionCode> region_of(std::string_view text);
/// A decimal id without sign, blanks or leading zeros.
std::optional<std::uint64_t> id_of(std::string_view text);
/// RFC 3339, or null.
nlohmann::ordered_json time_or_null(std::optional<policy::Timestamp> const& at);

}  // namespace sluice::broker::api
