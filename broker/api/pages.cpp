// Cursors and pages.
#include "broker/api/pages.hpp"

#include "broker/api/problems.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace sluice::broker::api {
namespace {

// Opaque to clients, and free to change: a letter, then the number in base 36.
std::string cursor_of(std::uint64_t id) {
  char digits[16];
  auto const [end, error] = std::to_chars(digits, digits + sizeof digits, id, 36);
  return 'c' + std::string(digits, end);
}

std::optional<std::uint64_t> id_of_cursor(std::string_view cursor) {
  if (cursor.size() < 2 || cursor.front() != 'c') return std::nullopt;
  std::uint64_t id = 0;
  auto const [end, error] = std::from_chars(cursor.data() + 1, cursor.data() + cursor.size(), id, 36);
  if (error != std::errc{} || end != cursor.data() + cursor.size()) return std::nullopt;
  return id;
}

}  // namespace

std::expected<Page, http::Problem> read_page(http::Request const& request) {
  Page page;
  if (auto const limit = request.query_value("limit")) {
    auto const [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    if (error != std::errc{} || end != limit->data() + limit->size() || page.limit < 1 || page.limit > 1'000)
      return std::unexpected(problem("malformed_query", "limit is a whole number from 1 to 1000."));
  }
  if (auto const cursor = request.query_value("cursor")) {
    page.after = id_of_cursor(*cursor);
    if (!page.after) return std::unexpected(problem("malformed_query", "cursor is not one that this API gave out."));
  }
  return page;
}

http::Response page_response(http::Request const& request, nlohmann::ordered_json data, std::optional<std::uint64_t> next) {
  nlohmann::ordered_json body{{"data", std::move(data)}, {"next", nullptr}};
  std::string link;
  if (next) {
    std::string const cursor = cursor_of(*next);
    body["next"] = cursor;
    link = '<' + std::string(request.path) + "?cursor=" + cursor;
    for (http::QueryParameter const& parameter : request.query)
      if (parameter.name != "cursor") link += '&' + std::string(parameter.name) + '=' + std::string(parameter.value);
    link += ">; rel=\"next\"";
  }
  http::Response response = http::json_response(200, body.dump());
  if (!link.empty()) response.add("Link", link);
  return response;
}

std::uint64_t last_be64(std::string_view key) {
  std::uint64_t value = 0;
  for (char const byte : key.substr(key.size() - 8)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace sluice::broker::api
