// Percent-decoding of path segments and queries (RFC 3986 §2.1).
#pragma once

#include "broker/http/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Appends the decoded text to `arena` and returns a view of it there. nullopt: a broken escape, invalid UTF-8 or a control character.
/// REQUIRES: arena has room for text.size() more bytes, so that earlier views stay good.
std::optional<std::string_view> percent_decode(std::string_view text, std::string& arena);

/// Splits "a=1&b=2", decoding names and values into `arena` ('+' stays a plus). False: something does not decode, an empty name, a name
/// twice, or more than 32 parameters. REQUIRES: arena has room for query.size() more bytes.
bool parse_query(std::string_view query, std::vector<QueryParameter>& out, std::string& arena);

}  // namespace sluice::http
