// Percent-decoding into an arena that does not move.
#include "broker/http/target.hpp"

#include "policy/json/text.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::http {
namespace {

constexpr std::size_t query_parameters_max = 32;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string_view> percent_decode(std::string_view text, std::string& arena) {
  if (text.find('%') == std::string_view::npos) return text;  // the gate has let only clean ASCII through
  assert(arena.capacity() - arena.size() >= text.size());
  std::size_t const begin = arena.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      arena.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    int const high = hex_digit(text[i + 1]);
    int const low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    arena.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  std::string_view const decoded = std::string_view(arena).substr(begin);
  if (!json::valid_utf8(decoded) || json::has_control_character(decoded)) return std::nullopt;
  return decoded;
}

bool parse_query(std::string_view query, std::vector<QueryParameter>& out, std::string& arena) {
  while (!query.empty()) {
    std::string_view const pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    auto const equals = pair.find('=');
    auto const name = percent_decode(pair.substr(0, equals), arena);
    auto const value = percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), arena);
    if (!name || !value || name->empty() || out.size() == query_parameters_max) return false;
    if (std::ranges::find(out, *name, &QueryParameter::name) != out.end()) return false;
    out.push_back({*name, *value});
  }
  return true;
}

}  // namespace sluice::http
