#include "config/section.hpp"

#include "config/kinds.hpp"
#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {

bool walk_table(Reader& reader, Value const& value, SectionDoc const& doc,
                std::function<void(std::size_t, Value const&)> const& read_field) {
  auto const* table = std::get_if<TableValue>(&value.data);
  if (table == nullptr) {
    reader.error(value.at, fmt::format("must be a table, not {}", kind_name(value)));
    return false;
  }
  reader.place(value.at);
  std::vector<std::string> keys;
  for (KeyDoc const& key : doc.keys) keys.push_back(key.key);
  std::vector<bool> seen(keys.size());
  for (Member const& member : *table) {
    auto const known = std::ranges::find(keys, member.key);
    Reader::Step const step(reader, member.key);
    if (known == keys.end()) {
      reader.error(member.at, fmt::format("unknown key; allowed here: {}{}", fmt::join(keys, ", "), did_you_mean(member.key, keys)));
      continue;
    }
    auto const index = static_cast<std::size_t>(known - keys.begin());
    seen[index] = true;
    reader.place(member.at);
    read_field(index, member.value);
  }
  for (std::size_t index = 0; index < keys.size(); ++index) {
    KeyDoc const& key = doc.keys[index];
    if (seen[index] || key.presence != "required") continue;
    reader.error_at(key.key,
                    fmt::format("is required: {}{}{}; {}", key.type, key.allowed.empty() ? "" : " ", key.allowed, key.description));
  }
  return true;
}

List const* rows_of(Reader& reader, Value const& value, std::size_t rows_max) {
  auto const* list = std::get_if<List>(&value.data);
  if (list == nullptr) {
    reader.error(value.at, fmt::format("must be a list in brackets, not {}", quoted(value)));
  } else if (list->size() > rows_max) {
    reader.error(value.at, fmt::format("has {} rows; at most {} are allowed", list->size(), rows_max));
    return nullptr;
  }
  return list;
}

std::string to_toml(ShownTable const& table, std::string const& prefix) {
  std::string out;
  for (ShownKey const& key : table) {
    if (!key.text.empty()) out += fmt::format("{} = {}\n", key.key, key.text);
  }
  for (ShownKey const& key : table) {
    std::string const name = prefix.empty() ? key.key : prefix + "." + key.key;
    for (ShownTable const& inner : key.inner) {
      out += key.list_of_tables ? fmt::format("\n[[{}]]\n", name) : fmt::format("\n[{}]\n", name);
      out += to_toml(inner, name);
    }
  }
  return out;
}

}  // namespace sluice::config
