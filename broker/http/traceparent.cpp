// W3C Trace Context level 1, §3.2: the traceparent field.
#include "broker/http/request.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

bool lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool all_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }
unsigned hex_value(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

}  // namespace

Traceparent parse_traceparent(std::string_view value) {
  constexpr std::size_t length = 55;
  if (value.size() < length || value.size() > 128) return {};
  std::string_view const version = value.substr(0, 2);
  if (!lower_hex(version) || version == "ff") return {};
  // A later version may append more after a dash; version 00 may not.
  if (version == "00" ? value.size() != length : value.size() > length && value[length] != '-') return {};
  std::string_view const text = value.substr(0, length);
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  std::string_view const trace_id = text.substr(3, 32);
  std::string_view const parent_id = text.substr(36, 16);
  std::string_view const flags = text.substr(53, 2);
  if (!lower_hex(trace_id) || !lower_hex(parent_id) || !lower_hex(flags) || all_zero(trace_id) || all_zero(parent_id)) return {};
  return {text, trace_id, parent_id, (hex_value(flags[1]) & 1u) != 0};
}

}  // namespace sluice::http
