// Reading members of an answer that may lack them, be null, or be of another type than expected.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::ctl {

/// The value at an RFC 6901 pointer; a null value when there is none.
nlohmann::json const& member(nlohmann::json const& value, std::string const& pointer);

/// The elements of an array; none when it is no array.
nlohmann::json const& items(nlohmann::json const& value);

/// A string, number or boolean as text; "-" for null, absent or anything else.
std::string text(nlohmann::json const& value, std::string const& pointer);

/// The integer at the pointer, or `otherwise`.
std::int64_t integer(nlohmann::json const& value, std::string const& pointer, std::int64_t otherwise);

/// A Reason of the contract in one line: text in the language, needed and offered when stated, code.
std::string reason_text(nlohmann::json const& reason, std::string_view language);

/// The codes of a list of reasons, comma-separated; "" when there are none.
std::string reason_codes(nlohmann::json const& reasons);

/// A Text of the contract ({"en","zh"}) in the language.
std::string in_language(nlohmann::json const& value, std::string_view language);

/// "2026-11-22 08:00:04Z" from an RFC 3339 time in UTC; the text itself when it is none; "-" when absent.
std::string short_time(nlohmann::json const& value, std::string const& pointer);

}  // namespace sluice::ctl
