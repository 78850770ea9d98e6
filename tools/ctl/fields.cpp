// Forgiving access to JSON from a server that may be newer, older or not what it claims to be.
#include "tools/ctl/fields.hpp"

#include <fmt/format.h>

namespace sluice::ctl {
namespace {

nlohmann::json const nothing;
nlohmann::json const no_items = nlohmann::json::array();

}  // namespace

nlohmann::json const& member(nlohmann::json const& value, std::string const& pointer) {
  nlohmann::json::json_pointer const path(pointer);
  return value.contains(path) ? value.at(path) : nothing;
}

nlohmann::json const& items(nlohmann::json const& value) { return value.is_array() ? value : no_items; }

std::string text(nlohmann::json const& value, std::string const& pointer) {
  auto const& found = member(value, pointer);
  if (found.is_string()) return found.get_ref<std::string const&>();
  if (found.is_number_unsigned()) return fmt::format("{}", found.get<std::uint64_t>());
  if (found.is_number_integer()) return fmt::format("{}", found.get<std::int64_t>());
  if (found.is_boolean()) return found.get<bool>() ? "yes" : "no";
  return "-";
}

std::int64_t integer(nlohmann::json const& value, std::string const& pointer, std::int64_t otherwise) {
  auto const& found = member(value, pointer);
  return found.is_number_integer() ? found.get<std::int64_t>() : otherwise;
}

std::string reason_text(nlohmann::json const& reason, std::string_view language) {
  auto result = in_language(reason, language);
  auto const needed = text(reason, "/needed");
  auto const offered = text(reason, "/offered");
  if (needed != "-" || offered != "-") result += fmt::format(" [needed {}, offered {}]", needed, offered);
  return fmt::format("{} ({})", result, text(reason, "/code"));
}

std::string reason_codes(nlohmann::json const& reasons) {
  std::string result;
  for (auto const& reason : items(reasons)) result += (result.empty() ? "" : ", ") + text(reason, "/code");
  return result;
}

std::string in_language(nlohmann::json const& value, std::string_view language) {
  auto result = text(value, language == "zh" ? "/zh" : "/en");
  return result == "-" ? text(value, "/en") : result;
}

std::string short_time(nlohmann::json const& value, std::string const& pointer) {
  auto result = text(value, pointer);
  if (result.size() < 20 || result[10] != 'T' || !result.ends_with('Z')) return result;
  result.resize(19);
  result[10] = ' ';
  result += 'Z';  // who reads it may be eight hours away
  return result;
}

}  // namespace sluice::ctl
