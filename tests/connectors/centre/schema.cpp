#include "tests/connectors/centre/schema.hpp"

#include "policy/time.hpp"

#include <nlohmann/json.hpp>
#include <regex.h>

#include <algorithm>

namespace sluice::test {
namespace {

using nlohmann::json;

bool is_type(json const& value, std::string const& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  return false;
}

/// The contract's patterns are also POSIX extended expressions, which compile under the sanitizers without g++'s false alarms.
bool matches(std::string const& text, std::string const& pattern) {
  regex_t expression;
  if (regcomp(&expression, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  bool const found = regexec(&expression, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&expression);
  return found;
}

bool within(std::size_t size, json const& schema, char const* minimum, char const* maximum) {
  return size >= schema.value(minimum, std::size_t{0}) && size <= schema.value(maximum, SIZE_MAX);
}

}  // namespace

std::vector<std::string> breaches(json const& document, json const& schema, json const& value, std::string const& at) {
  std::vector<std::string> found;
  auto const breach = [&](std::string const& what) { found.push_back(at + ": " + what); };
  auto const descend = [&](json const& inner, json const& part, std::string const& where) {
    auto const more = breaches(document, inner, part, where);
    found.insert(found.end(), more.begin(), more.end());
  };
  if (schema.contains("$ref")) {
    std::string const pointer = schema["$ref"].get<std::string>().substr(1);
    descend(document.at(json::json_pointer(pointer)), value, at);
    return found;
  }
  static std::vector<std::string> const known{"type",
                                              "properties",
                                              "required",
                                              "items",
                                              "enum",
                                              "pattern",
                                              "minLength",
                                              "maxLength",
                                              "minimum",
                                              "maximum",
                                              "minItems",
                                              "maxItems",
                                              "additionalProperties",
                                              "maxProperties",
                                              "format",
                                              "description",
                                              "default"};
  for (auto const& [keyword, unused] : schema.items()) {
    if (std::find(known.begin(), known.end(), keyword) == known.end()) breach("keyword " + keyword + " is not checked");
  }
  if (schema.contains("type")) {
    json const types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
    if (std::none_of(types.begin(), types.end(), [&](json const& type) { return is_type(value, type.get<std::string>()); })) {
      breach("is not of type " + schema["type"].dump());
      return found;
    }
  }
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    breach("is not listed");
  if (value.is_string()) {
    std::string const text = value.get<std::string>();
    if (!within(text.size(), schema, "minLength", "maxLength")) breach("length");
    if (schema.contains("pattern") && !matches(text, schema["pattern"].get<std::string>())) breach("does not match the pattern");
    if (schema.value("format", "") == "date-time" && !policy::parse_rfc3339(text)) breach("is no time");
  }
  if (value.is_number_integer()) {
    if (value.get<std::int64_t>() < schema.value("minimum", INT64_MIN) || value.get<std::int64_t>() > schema.value("maximum", INT64_MAX))
      breach("range");
  }
  if (value.is_array()) {
    if (!within(value.size(), schema, "minItems", "maxItems")) breach("number of items");
    for (std::size_t index = 0; schema.contains("items") && index < value.size(); ++index) {
      descend(schema["items"], value[index], at + "/" + std::to_string(index));
    }
  }
  if (value.is_object()) {
    for (json const& key : schema.value("required", json::array())) {
      if (!value.contains(key.get<std::string>())) breach("lacks " + key.get<std::string>());
    }
    if (!within(value.size(), schema, "minProperties", "maxProperties")) breach("number of members");
    json const properties = schema.value("properties", json::object());
    for (auto const& [key, member] : value.items()) {
      if (properties.contains(key)) {
        descend(properties[key], member, at + "/" + key);
      } else if (schema.contains("additionalProperties")) {
        descend(schema["additionalProperties"], member, at + "/" + key);
      } else {
        breach("has the undescribed member " + key);  // examples show nothing that the contract does not say
      }
    }
  }
  return found;
}

}  // namespace sluice::test
