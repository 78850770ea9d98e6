// Names of methods, comparison of field names, look-ups in a request.
#include "broker/http/request.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace sluice::http {
namespace {

constexpr std::array<std::string_view, method_count> method_names{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

std::string_view to_string(Method method) { return method_names[static_cast<std::size_t>(method)]; }

std::optional<Method> parse_method(std::string_view name) {
  auto const position = std::ranges::find(method_names, name);
  if (position == method_names.end()) return std::nullopt;
  return static_cast<Method>(position - method_names.begin());
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (auto const& field : headers) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (auto const& item : query) {
    if (item.name == name) return item.value;
  }
  return std::nullopt;
}

std::string_view Request::parameter(std::string_view name) const {
  for (auto const& item : parameters) {
    if (item.name == name) return item.value;
  }
  assert(false && "the route's template does not name this parameter");
  return {};
}

}  // namespace sluice::http
