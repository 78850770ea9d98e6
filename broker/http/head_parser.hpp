// Beast's parser, made to yield views into the received bytes instead of copies.
#pragma once

#include "broker/http/gate.hpp"
#include "broker/http/request.hpp"

#include <expected>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Parses a whole header (request line to the empty line, both included) that HeaderScan has passed. Fields go into `fields` (cleared
/// first) as views into `header`. Nothing of Beast's own opinion on framing is trusted: check_head decides that from the fields.
std::expected<Head, Refusal> parse_head(std::string_view header, std::vector<HeaderField>& fields);

}  // namespace sluice::http
