// Lists a page at a time: limit, opaque cursor, next.
#pragma once

#include "broker/http/problem.hpp"
#include "broker/http/response.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace sluice::broker::api {

struct Page {
  std::size_t limit = 100;             ///< 1 … 1000
  std::optional<std::uint64_t> after;  ///< the cursor: continue behind this id
};

/// Reads `limit` and `cursor`. Error: malformed_query.
std::expected<Page, http::Problem> read_page(http::Request const& request);

/// {"data":[…],"next":cursor-or-null} with Link: rel="next".
http::Response page_response(http::Request const& request, nlohmann::ordered_json data, std::optional<std::uint64_t> next);

/// The 64-bit big-endian number a row key ends with. REQUIRES: eight bytes or more.
std::uint64_t last_be64(std::string_view key);

}  // namespace sluice::broker::api
