// Reading a request body strictly: parse, collect every wrong field, answer all of them at once.
#pragma once

#include "broker/api/problems.hpp"
#include "policy/identifiers.hpp"
#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace sluice::broker::api {

/// Calls read(json::Reader&) on the body's object. Error: malformed_json with the position, or invalid_body with every field.
template <class Read>
std::expected<void, http::Problem> read_body(std::string_view body, Read&& read) {
  auto const document = json::parse_strict(body);
  if (!document) return std::unexpected(problem("malformed_json", json::to_string(document.error())));
  json::Errors errors;
  {
    json::Reader reader(*document, errors);
    read(reader);
  }
  if (errors.empty()) return {};
  http::Problem wrong = problem("invalid_body", "The fields listed in errors are not valid.");
  wrong.errors = errors.take();
  return std::unexpected(std::move(wrong));
}

/// A required member that is a Name.
template <class Name>
Name required_name(json::Reader& reader, std::string_view key) {
  Name name{reader.required_string(key, {.bytes_min = 1, .bytes_max = 63, .single_line = true})};
  if (!name.text.empty() && !policy::is_name(name.text))
    reader.fail(key, "bad_format", "a name is a letter or digit, then letters, digits, '.', '_' or '-', at most 63 in all");
  return name;
}

constexpr json::StringRule reason_text{.bytes_min = 1, .bytes_max = 1'000, .single_line = false};
constexpr json::StringRule short_text{.bytes_min = 1, .bytes_max = 200, .single_line = true};
constexpr json::MoneyRange positive_money{policy::Money{1}, policy::money_max};

}  // namespace sluice::broker::api
