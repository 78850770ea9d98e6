#include "config/protocols.hpp"

#include "config/kinds.hpp"
#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sluice::config {
namespace {

using Table = std::map<std::string, std::string>;

/// Reads one setting; nullopt after an error was reported.
std::optional<std::string> read_setting(Reader& reader, ProtocolSetting const& setting, Value const& value) {
  switch (setting.type) {
    case ProtocolSetting::Type::integer: {
      std::int64_t number = 0;
      Kind<std::int64_t> const kind = integer(setting.min, setting.max);
      return kind.read(reader, value, number) ? std::optional(std::to_string(number)) : std::nullopt;
    }
    case ProtocolSetting::Type::boolean: {
      bool truth = false;
      return boolean().read(reader, value, truth) ? std::optional<std::string>(truth ? "true" : "false") : std::nullopt;
    }
    case ProtocolSetting::Type::name: {
      policy::FrameworkName found;
      return name<struct policy::FrameworkTag>().read(reader, value, found) ? std::optional(found.text) : std::nullopt;
    }
    case ProtocolSetting::Type::text: {
      std::string line;
      if (setting.words.empty()) return text(1'024).read(reader, value, line) ? std::optional(line) : std::nullopt;
      return word(setting.words).read(reader, value, line) ? std::optional(line) : std::nullopt;
    }
  }
  return std::nullopt;
}

KeyDoc doc_of(ProtocolSetting const& setting) {
  static constexpr std::string_view types[] = {"text", "name", "integer", "boolean"};
  KeyDoc doc;
  doc.key = setting.key;
  doc.type = types[static_cast<std::size_t>(setting.type)];
  if (setting.type == ProtocolSetting::Type::integer) doc.allowed = fmt::format("{} … {}", setting.min, setting.max);
  if (!setting.words.empty()) doc.allowed = fmt::format("{}", fmt::join(setting.words, " | "));
  doc.presence = setting.required ? "required" : "unset";
  doc.description = setting.description;
  return doc;
}

}  // namespace

std::vector<ProtocolSchema> const& protocols() {
  static std::vector<ProtocolSchema> const all = {
      {.name = "centre",
       .description = "The plain HTTP/JSON protocol with the published OpenAPI file. It quotes prices and voucher terms itself.",
       .needs_address = true,
       .endpoints = {},
       .settings = {}},
  };
  return all;
}

ProtocolSchema const* find_protocol(std::string_view name) {
  auto const found = std::ranges::find(protocols(), name, &ProtocolSchema::name);
  return found == protocols().end() ? nullptr : &*found;
}

std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (ProtocolSchema const& schema : protocols()) names.push_back(schema.name);
  return names;
}

Kind<Table> protocol_table(ProtocolSchema const& schema) {
  auto doc = std::make_shared<SectionDoc>();
  doc->name = schema.name;
  doc->description = schema.description;
  for (ProtocolSetting const& setting : schema.settings) doc->keys.push_back(doc_of(setting));
  Kind<Table> kind;
  kind.type = "table";
  kind.inner = doc;
  kind.read = [&schema](Reader& reader, Value const& value, Table& out) {
    std::size_t const errors_before = reader.errors();
    auto const* table = std::get_if<TableValue>(&value.data);
    if (table == nullptr) {
      reader.error(value.at, fmt::format("must be a table, not {}", kind_name(value)));
      return false;
    }
    std::vector<std::string> known;
    for (ProtocolSetting const& setting : schema.settings) known.push_back(setting.key);
    for (Member const& member : *table) {
      Reader::Step const step(reader, member.key);
      reader.place(member.at);
      auto const setting = std::ranges::find(schema.settings, member.key, &ProtocolSetting::key);
      if (setting == schema.settings.end()) {
        reader.error(member.at, known.empty() ? fmt::format("unknown key; protocol '{}' has no settings of its own", schema.name)
                                              : fmt::format("unknown key; allowed here: {}{}", fmt::join(known, ", "),
                                                            did_you_mean(member.key, known)));
      } else if (auto read = read_setting(reader, *setting, member.value)) {
        out[member.key] = std::move(*read);
      }
    }
    for (ProtocolSetting const& setting : schema.settings) {
      bool const there = std::ranges::any_of(*table, [&](Member const& member) { return member.key == setting.key; });
      if (setting.required && !there) reader.error_at(setting.key, "is required; " + setting.description);
    }
    return reader.errors() == errors_before;
  };
  kind.show_inner = [](Table const& settings) {
    ShownTable shown;
    for (auto const& [key, value] : settings) shown.push_back({key, toml_string(value), {}, false});
    return std::vector<ShownTable>{shown};
  };
  return kind;
}

}  // namespace sluice::config
