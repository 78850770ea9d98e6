// Lists a page at a time: limit, opaque cursor, next.
#pragma once

#include "broker/http/problem.hpp"
#include "broker/http/response.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::broker::api {

struct Page {
  std::size_t limit = 100;                ///< 1 … 1000
  std::optional<std::uint64_t> after;     ///< the cursor: continue behind this id
  std::optional<std::string> after_name;  ///< the cursor of lists by name: continue behind this one
};

/// Reads `limit` and `cursor`. Error: malformed_query.
std::expected<Page, http::Problem> read_page(http::Request const& request);

/// A position as clients get it, opaque to them, and back; nullopt when it is none of ours.
std::string cursor_of(std::uint64_t id);
std::optional<std::uint64_t> id_of_cursor(std::string_view cursor);

/// {"data":[…],"next":cursor-or-null} with Link: rel="next".
http::Response page_response(http::Request const& request, nlohmann::ordered_json const& data, std::optional<std::uint64_t> next);
/// The same when the array is text already.
http::Response page_of_text(http::Request const& request, std::string_view data, std::optional<std::uint64_t> next);

/// The same for lists by name: `next` is the last name shown, if there are more.
http::Response page_response(http::Request const& request, nlohmann::ordered_json const& data, std::optional<std::string> const& next);

/// One page of a map whose keys are Names: render(key, value) gives a row, or null to leave it out. Stable while rows come and go.
template <class Map, class Render>
http::Response named_page(http::Request const& request, Page const& page, Map const& map, Render&& render) {
  auto data = nlohmann::ordered_json::array();
  std::optional<std::string> next;
  auto it = page.after_name ? map.upper_bound({*page.after_name}) : map.begin();
  std::string last;
  for (; it != map.end(); ++it) {
    auto row = render(it->first, it->second);
    if (row.is_null()) continue;
    if (data.size() == page.limit) {
      next = last;
      break;
    }
    data.push_back(std::move(row));
    last = it->first.text;
  }
  return page_response(request, data, next);
}

/// The same for maps whose keys are Numbers.
template <class Map, class Render>
http::Response numbered_page(http::Request const& request, Page const& page, Map const& map, Render&& render) {
  auto data = nlohmann::ordered_json::array();
  std::optional<std::uint64_t> next;
  auto it = page.after ? map.upper_bound({*page.after}) : map.begin();
  std::uint64_t last = 0;
  for (; it != map.end(); ++it) {
    auto row = render(it->first, it->second);
    if (row.is_null()) continue;
    if (data.size() == page.limit) {
      next = last;
      break;
    }
    data.push_back(std::move(row));
    last = it->first.value;
  }
  return page_response(request, data, next);
}

/// The 64-bit big-endian number a row key ends with. REQUIRES: eight bytes or more.
std::uint64_t last_be64(std::string_view key);

}  // namespace sluice::broker::api
