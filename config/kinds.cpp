#include "config/kinds.hpp"

#include "config/address_text.hpp"
#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace sluice::config {
namespace {

constexpr std::int64_t timestamp_max_ms = (std::int64_t{1} << 53) - 1;

bool all_of(std::string_view text, std::string_view allowed) { return text.find_first_not_of(allowed) == std::string_view::npos; }

std::expected<std::string, std::string> line_of(Value const& value, std::size_t bytes_max) {
  auto read = text_of(value, "a text");
  if (!read) return read;
  if (read->size() > bytes_max) return std::unexpected(fmt::format("is {} bytes long; at most {} are allowed", read->size(), bytes_max));
  if (printable(*read, bytes_max * 4 + 4) != *read) {
    return std::unexpected(fmt::format("must be one line of visible characters, not '{}'", printable(*read)));
  }
  return read;
}

/// A date in Asia/Shanghai plus whole days, or the moment itself.
std::expected<policy::Timestamp, std::string> moment_of(Value const& value, std::int64_t days_after) {
  std::int64_t ms = -1;
  if (auto const* date = std::get_if<LocalDate>(&value.data)) {
    std::chrono::sys_days const day = std::chrono::year(date->year) / std::chrono::month(static_cast<unsigned>(date->month)) /
                                      std::chrono::day(static_cast<unsigned>(date->day));
    ms = (day.time_since_epoch().count() + days_after) * policy::ms_per_day - 8 * policy::ms_per_hour;
  } else if (auto const* moment = std::get_if<policy::Timestamp>(&value.data)) {
    ms = moment->ms;
  } else {
    return std::unexpected(
        fmt::format("must be a date, without quotation marks (2024-03-01), or a moment with offset "
                    "(2024-03-01T00:00:00+08:00), not {}",
                    quoted(value)));
  }
  if (ms < 0 || ms > timestamp_max_ms) return std::unexpected("must be a date after 1970-01-01");
  return policy::Timestamp{ms};
}

std::string show_moment(policy::Timestamp const& at) { return policy::format_rfc3339(at); }

}  // namespace

std::string quoted(Value const& value) {
  if (auto const* truth = std::get_if<bool>(&value.data)) return *truth ? "true" : "false";
  if (auto const* number = std::get_if<std::int64_t>(&value.data)) return std::to_string(*number);
  if (auto const* decimal_number = std::get_if<double>(&value.data)) return fmt::format("{:#}", *decimal_number);  // 128.0, not 128
  if (auto const* word = std::get_if<std::string>(&value.data)) return fmt::format("'{}'", printable(*word));
  return std::string(kind_name(value));
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (char const letter : text) {
    auto const byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += letter;
    }
  }
  return out + "\"";
}

std::expected<std::string, std::string> text_of(Value const& value, std::string_view what) {
  if (auto const* found = std::get_if<std::string>(&value.data)) return *found;
  return std::unexpected(fmt::format("must be {} in quotation marks, not {}", what, quoted(value)));
}

std::expected<std::int64_t, std::string> integer_of(Value const& value, std::int64_t min, std::int64_t max, std::string_view unit) {
  auto const* number = std::get_if<std::int64_t>(&value.data);
  if (number != nullptr && *number >= min && *number <= max) return *number;
  return std::unexpected(fmt::format("must be an integer from {} to {}{}, not {}", min, max, unit, quoted(value)));
}

std::expected<std::string, std::string> name_of(Value const& value) {
  auto read = text_of(value, "a name");
  if (read && !policy::is_name(*read)) {
    return std::unexpected(
        fmt::format("must be a name (a letter or digit, then letters, digits, '.', '_', '-'; at most 63), not '{}'", printable(*read)));
  }
  return read;
}

std::string allowed_words(Words const& words) {
  std::string out;
  for (auto const& [word, meaning] : words) out += (out.empty() ? "" : " | ") + word;
  return out;
}

std::expected<std::int64_t, std::string> word_of(Value const& value, Words const& words) {
  std::vector<std::string> names;
  for (auto const& [word, meaning] : words) names.push_back(word);
  auto const* found = std::get_if<std::string>(&value.data);
  if (found == nullptr) return std::unexpected(fmt::format("must be one of {}, not {}", fmt::join(names, ", "), quoted(value)));
  for (auto const& [word, meaning] : words) {
    if (word == *found) return meaning;
  }
  return std::unexpected(
      fmt::format("must be one of {}, not '{}'{}", fmt::join(names, ", "), printable(*found, 40), did_you_mean(*found, names)));
}

std::string show_word(std::int64_t meaning, Words const& words) {
  for (auto const& [word, known] : words) {
    if (known == meaning) return toml_string(word);
  }
  return toml_string("");
}

Kind<std::string> word(std::vector<std::string> const& allowed) {
  Words words;
  for (std::string const& one : allowed) words.emplace_back(one, 0);
  return simple_kind<std::string>(
      "word", allowed_words(words),
      [words](Value const& value) -> std::expected<std::string, std::string> {
        auto const known = word_of(value, words);
        if (!known) return std::unexpected(known.error());
        return std::get<std::string>(value.data);
      },
      [](std::string const& chosen) { return toml_string(chosen); });
}

Kind<bool> boolean() {
  return simple_kind<bool>(
      "boolean", "true | false",
      [](Value const& value) -> std::expected<bool, std::string> {
        if (auto const* truth = std::get_if<bool>(&value.data)) return *truth;
        return std::unexpected(fmt::format("must be true or false, not {}", quoted(value)));
      },
      [](bool const& truth) { return std::string(truth ? "true" : "false"); });
}

Kind<std::string> text(std::size_t bytes_max) {
  return simple_kind<std::string>(
      "text", fmt::format("one line, at most {} bytes", bytes_max), [bytes_max](Value const& value) { return line_of(value, bytes_max); },
      [](std::string const& line) { return toml_string(line); });
}

Kind<std::string> ascii_text(std::size_t bytes_max) {
  Kind<std::string> kind = simple_kind<std::string>(
      "text", fmt::format("ASCII, at most {} characters", bytes_max),
      [bytes_max](Value const& value) -> std::expected<std::string, std::string> {
        auto line = line_of(value, bytes_max);
        if (line && !std::ranges::all_of(*line, [](char letter) { return static_cast<unsigned char>(letter) < 0x80; })) {
          return std::unexpected(fmt::format("must be ASCII, since it goes into public entries; not '{}'", printable(*line)));
        }
        return line;
      },
      [](std::string const& line) { return toml_string(line); });
  return kind;
}

Kind<std::string> file_path() {
  Kind<std::string> kind = text(4'096);
  kind.type = "path";
  kind.allowed = "relative ones start at the folder of sluice.toml; or \"credential:NAME\"";
  kind.read = [read = kind.read](Reader& reader, Value const& value, std::string& out) {
    if (!read(reader, value, out)) return false;
    if (out.starts_with(credential_scheme)) {
      if (policy::is_name(std::string_view(out).substr(credential_scheme.size()))) return true;
      reader.error(value.at, fmt::format("after '{}' stands the name of a file in the credentials folder", credential_scheme));
      return false;
    }
    if (!out.empty()) out = (reader.base() / out).lexically_normal().string();
    return true;
  };
  return kind;
}

Kind<std::string> prefix() {
  return simple_kind<std::string>(
      "prefix", "an absolute path, or a scheme and a path: \"/data/in/\", \"obs://bucket/\"",
      [](Value const& value) -> std::expected<std::string, std::string> {
        auto line = line_of(value, 1'024);
        if (!line) return line;
        std::size_t const scheme = line->find("://");
        bool const url = scheme != std::string::npos && scheme > 0 && line->size() > scheme + 3 &&
                         all_of(std::string_view(*line).substr(0, scheme), "abcdefghijklmnopqrstuvwxyz0123456789+");
        if ((line->starts_with('/') || url) && ("/" + *line + "/").find("/../") == std::string::npos) return line;
        return std::unexpected(fmt::format(
            "must be an absolute path or a scheme and a path without '..' (\"/data/in/\", \"obs://bucket/\"), not '{}'", printable(*line)));
      },
      [](std::string const& line) { return toml_string(line); });
}

Kind<std::string> base_url() {
  return simple_kind<std::string>(
      "URL", "http or https, host, optional port and path",
      [](Value const& value) -> std::expected<std::string, std::string> {
        auto line = line_of(value, 1'024);
        if (!line) return line;
        if (auto const judged = judge_url(*line); !judged) {
          // The text may hold a password: it is not quoted.
          return std::unexpected(fmt::format("must be an address like \"https://api.example:8443/centre\": {}", judged.error()));
        }
        return line;
      },
      [](std::string const& line) { return toml_string(line); });
}

Kind<std::string> ip_address() {
  return simple_kind<std::string>(
      "address", "an IPv4 or IPv6 address",
      [](Value const& value) -> std::expected<std::string, std::string> {
        auto line = line_of(value, 64);
        if (line && !is_ipv4(*line) && !is_ipv6(*line)) {
          return std::unexpected(fmt::format("must be an IPv4 or IPv6 address (\"127.0.0.1\", \"::\"), not '{}'", printable(*line)));
        }
        return line;
      },
      [](std::string const& line) { return toml_string(line); });
}

Kind<std::string> network() {
  return simple_kind<std::string>(
      "network", "an address or network",
      [](Value const& value) -> std::expected<std::string, std::string> {
        auto line = line_of(value, 64);
        if (line && !is_network(*line)) {
          return std::unexpected(fmt::format("must be an address or network (\"10.20.0.0/16\", \"fd00::/8\"), not '{}'", printable(*line)));
        }
        return line;
      },
      [](std::string const& line) { return toml_string(line); });
}

Kind<std::string> credential() {
  return simple_kind<std::string>(
      "file name", "of a credential, never its content; empty for none",
      [](Value const& value) -> std::expected<std::string, std::string> {
        auto line = text_of(value, "a file name");
        if (!line || line->empty() || policy::is_name(*line)) return line;
        // What stands here may be the secret itself: it is not quoted.
        return std::unexpected(
            "must be the name of a file in the credentials folder (letters, digits, '.', '_', '-'; at most 63), not a path "
            "and never the secret itself");
      },
      [](std::string const& line) { return toml_string(line); });
}

Kind<policy::Money> money(policy::Money min, policy::Money max) {
  std::string allowed = "yuan: \"5000.00\", \"200万元\", \"1亿元\"";
  if (min > policy::Money{0}) allowed += fmt::format("; more than zero");
  return simple_kind<policy::Money>(
      "money", allowed,
      [min, max](Value const& value) -> std::expected<policy::Money, std::string> {
        auto const* line = std::get_if<std::string>(&value.data);
        if (line == nullptr) {
          return std::unexpected(
              fmt::format("must be an amount in quotation marks (\"5000.00\", \"200万元\", \"1亿元\"), not {}", quoted(value)));
        }
        auto amount = parse_money(*line);
        if (!amount) return amount;
        if (*amount < min || *amount > max) {
          return std::unexpected(fmt::format("must be from {} to {} yuan, not {}; an unknown amount stays unset", policy::format_yuan(min),
                                             policy::format_yuan(max), policy::format_yuan(*amount)));
        }
        return amount;
      },
      [](policy::Money const& amount) { return toml_string(policy::format_yuan(amount)); });
}

Kind<std::int32_t> rate_bp() {
  return simple_kind<std::int32_t>(
      "basis points", "1 … 10000",
      [](Value const& value) -> std::expected<std::int32_t, std::string> {
        auto read = integer_of(value, 1, 10'000, " (basis points: 3000 is 30 %, 10000 is all of it)");
        if (!read) return std::unexpected(std::move(read.error()));
        return static_cast<std::int32_t>(*read);
      },
      [](std::int32_t const& rate) { return std::to_string(rate); });
}

Kind<policy::RegionCode> region() {
  return simple_kind<policy::RegionCode>(
      "region", "GB/T 2260, six digits",
      [](Value const& value) -> std::expected<policy::RegionCode, std::string> {
        auto const* code = std::get_if<std::int64_t>(&value.data);
        if (code != nullptr && *code >= 110'000 && *code <= 829'999) return policy::RegionCode{static_cast<std::int32_t>(*code)};
        return std::unexpected(fmt::format("must be a GB/T 2260 code of six digits (420100, 621000), not {}", quoted(value)));
      },
      [](policy::RegionCode const& code) { return std::to_string(code.code); });
}

Kind<policy::Timestamp> day_begin() {
  return simple_kind<policy::Timestamp>(
      "date", "its first moment in Asia/Shanghai, or a moment with offset", [](Value const& value) { return moment_of(value, 0); },
      show_moment);
}

Kind<policy::Timestamp> day_end() {
  return simple_kind<policy::Timestamp>(
      "date", "included to its end in Asia/Shanghai, or a moment with offset", [](Value const& value) { return moment_of(value, 1); },
      show_moment);
}

Kind<double> decimal(double min, double max) {
  return simple_kind<double>(
      "decimal number", fmt::format("{} … {}", min, max),
      [min, max](Value const& value) -> std::expected<double, std::string> {
        double number = std::nan("");
        if (auto const* found = std::get_if<double>(&value.data)) number = *found;
        if (auto const* whole = std::get_if<std::int64_t>(&value.data)) number = static_cast<double>(*whole);
        if (number >= min && number <= max) return number;
        return std::unexpected(fmt::format("must be a number from {} to {}, not {}", min, max, quoted(value)));
      },
      [](double const& number) {
        std::string const shown = fmt::format("{}", number);
        return shown.find_first_of(".e") == std::string::npos ? shown + ".0" : shown;
      });
}

Kind<std::map<std::string, std::string>> names_map(std::size_t rows_max) {
  using Map = std::map<std::string, std::string>;
  Kind<Map> kind;
  kind.type = "table of names";
  kind.allowed = fmt::format("name = \"name\", at most {}", rows_max);
  kind.read = [rows_max](Reader& reader, Value const& value, Map& out) {
    auto const* table = std::get_if<TableValue>(&value.data);
    if (table == nullptr || table->size() > rows_max) {
      reader.error(value.at, fmt::format("must be a table of at most {} names, not {}", rows_max, quoted(value)));
      return false;
    }
    bool good = true;
    for (Member const& member : *table) {
      Reader::Step const step(reader, member.key);
      auto const* word = std::get_if<std::string>(&member.value.data);
      if (member.key.empty() || member.key.size() > 128 || printable(member.key, 1'024) != member.key) {
        reader.error(member.at, "the name to translate must be one line of at most 128 visible characters");
      } else if (word == nullptr || !policy::is_name(*word)) {
        reader.error(member.value.at, fmt::format("must be a name in quotation marks, not {}", quoted(member.value)));
      } else {
        out[member.key] = *word;
        continue;
      }
      good = false;
    }
    return good;
  };
  kind.show = [](Map const& map) {
    std::vector<std::string> rows;
    for (auto const& [from, to] : map) rows.push_back(fmt::format("{} = {}", toml_string(from), toml_string(to)));
    return fmt::format("{{{}}}", fmt::join(rows, ", "));
  };
  return kind;
}

}  // namespace sluice::config
