#include "config/section.hpp"

namespace sluice::config {

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
