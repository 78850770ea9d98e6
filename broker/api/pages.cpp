// Cursors and pages.
#include "broker/api/pages.hpp"

#include "broker/api/problems.hpp"
#include "policy/hash.hpp"
#include "policy/json/text_writer.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace sluice::broker::api {
namespace {

// A name may hold dots and dashes that a cursor may not: hexadecimal.
std::string cursor_of(std::string const& name) { return 'n' + policy::to_hex(policy::bytes_of(name)); }

std::optional<std::string> name_of_cursor(std::string_view cursor) {
  if (cursor.size() < 3 || cursor.front() != 'n' || cursor.size() % 2 == 0) return std::nullopt;
  std::string name;
  for (std::size_t i = 1; i < cursor.size(); i += 2) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(cursor.data() + i, cursor.data() + i + 2, value, 16);
    if (error != std::errc{} || end != cursor.data() + i + 2) return std::nullopt;
    name.push_back(static_cast<char>(value));
  }
  return name;
}

/// A stranger's text as part of a URI: nothing in it can end the URI or the field around it.
std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    bool const plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
    if (plain) {
      out.push_back(c);
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(hex[byte >> 4]);
    out.push_back(hex[byte & 0xfu]);
  }
  return out;
}

/// {"data":…,"next":…} with the Link that repeats the request's own filters.
http::Response with_next(http::Request const& request, std::string_view data, std::string const& cursor) {
  std::string body;
  json::TextWriter writer(body);
  writer.begin_object().key("data").raw(data).key("next");
  if (cursor.empty()) {
    writer.null().end_object();
    return http::json_response(200, std::move(body));
  }
  writer.string(cursor).end_object();
  std::string link = '<' + std::string(request.path) + "?cursor=" + cursor;
  for (http::QueryParameter const& parameter : request.query)
    if (parameter.name != "cursor") link += '&' + percent_encoded(parameter.name) + '=' + percent_encoded(parameter.value);
  http::Response response = http::json_response(200, std::move(body));
  response.add("Link", link + ">; rel=\"next\"");
  return response;
}

}  // namespace

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

std::expected<Page, http::Problem> read_page(http::Request const& request) {
  Page page;
  if (auto const limit = request.query_value("limit")) {
    auto const [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    if (error != std::errc{} || end != limit->data() + limit->size() || page.limit < 1 || page.limit > 1'000)
      return std::unexpected(problem("malformed_query", "limit is a whole number from 1 to 1000."));
  }
  if (auto const cursor = request.query_value("cursor")) {
    page.after = id_of_cursor(*cursor);
    page.after_name = name_of_cursor(*cursor);
    if (!page.after && !page.after_name) return std::unexpected(problem("malformed_query", "cursor is not one that this API gave out."));
  }
  return page;
}

http::Response page_of_text(http::Request const& request, std::string_view data, std::optional<std::uint64_t> next) {
  return with_next(request, data, next ? cursor_of(*next) : std::string());
}

http::Response page_response(http::Request const& request, nlohmann::ordered_json const& data, std::optional<std::uint64_t> next) {
  return with_next(request, data.dump(), next ? cursor_of(*next) : std::string());
}

http::Response page_response(http::Request const& request, nlohmann::ordered_json const& data, std::optional<std::string> const& next) {
  return with_next(request, data.dump(), next ? cursor_of(*next) : std::string());
}

std::uint64_t last_be64(std::string_view key) {
  std::uint64_t value = 0;
  for (char const byte : key.substr(key.size() - 8)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace sluice::broker::api
