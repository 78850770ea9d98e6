#include "config/reference.hpp"

#include "config/schemas.hpp"

#include <fmt/format.h>

namespace sluice::config {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char const letter : text) {
    if (letter == '|') out += '\\';
    out += letter;
  }
  return out;
}

void write_keys(std::string& out, SectionDoc const& doc) {
  out += "| key | type | allowed | absent | meaning |\n|---|---|---|---|---|\n";
  for (KeyDoc const& key : doc.keys) {
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.key, key.type, escaped(key.allowed), escaped(key.presence),
                       escaped(key.description));
  }
  out += "\n";
}

void write_tables(std::string& out, SectionDoc const& doc, std::string const& prefix) {
  for (KeyDoc const& key : doc.keys) {
    if (!key.inner) continue;
    std::string const name = prefix.empty() ? key.key : prefix + "." + key.key;
    out += fmt::format("### `{}`\n\n{}\n\n", key.type == "list of tables" ? "[[" + name + "]]" : "[" + name + "]", key.inner->description);
    if (key.inner->keys.empty()) {
      out += "No keys of its own.\n\n";
    } else {
      write_keys(out, *key.inner);
    }
    write_tables(out, *key.inner, name);
  }
}

void write_file(std::string& out, SectionDoc const& doc) {
  out += fmt::format("## {}\n\n{}\n\n", doc.name, doc.description);
  write_keys(out, doc);
  write_tables(out, doc, "");
}

}  // namespace

std::string reference_markdown() {
  std::string out =
      "# Every key of the configuration\n\n"
      "Written from the schemas; a test fails when it differs. `SLUICE_UPDATE=1` before that test writes it anew.\n\n"
      "*absent* says what holds when a key is not there: `required` (an error), a default, or `unset` (the figure is unknown and stays "
      "so,\n"
      "never zero). Units stand in the names: `_ms`, `_s`, `_days`, `_mib`, `_bp` (basis points), `_ppm` (millionths). Money is a text:\n"
      "\"5000.00\", \"200万元\", \"1亿元\". Dates stand without quotation marks.\n\n";
  write_file(out, *main_schema().doc());
  write_file(out, *cluster_schema().doc());
  write_file(out, *programme_schema().doc());
  write_file(out, *equivalence_schema().doc());
  write_file(out, *scenario_schema().doc());
  out.pop_back();
  return out;
}

}  // namespace sluice::config
