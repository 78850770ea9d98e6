// toml++ parses; before it, a scan bounds the nesting, because its tables are built and destroyed by recursion.
#include "config/document.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <utility>

namespace sluice::config {
namespace {

Position place_of(toml::source_region const& region) {
  return {static_cast<std::int32_t>(std::max<toml::source_index>(region.begin.line, 1)),
          static_cast<std::int32_t>(std::max<toml::source_index>(region.begin.column, 1))};
}

/// Walks the bytes with just enough of TOML's lexing (comments and the four kinds of strings) to count what nests outside of them:
/// open brackets, and dots on one line. A dotted key cannot span lines, so both bounds together bound the depth of the tree.
class NestingScan {
 public:
  explicit NestingScan(std::string_view text) : text_(text) {}

  std::optional<Position> too_deep() {
    while (at_ < text_.size()) {
      char const next = text_[at_];
      if (next == '\n') {
        line_break();
      } else if (next == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (next == '"' || next == '\'') {
        skip_string(next);
      } else {
        if (next == '[' || next == '{') ++open_;
        if ((next == ']' || next == '}') && open_ > 0) --open_;
        if (next == '.') ++dots_;
        if (open_ > nesting_max || dots_ >= nesting_max) return Position{line_, static_cast<std::int32_t>(at_ - line_start_ + 1)};
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  void line_break() {
    ++at_;
    ++line_;
    line_start_ = at_;
    dots_ = 0;
  }

  void skip_string(char quote) {
    std::string const three(3, quote);
    bool const multiline = text_.substr(at_).starts_with(three);
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
        at_ += 2;
      } else if (text_[at_] == '\n') {
        if (!multiline) return;  // a syntax error that the parser will report
        line_break();
      } else if (multiline && text_.substr(at_).starts_with(three)) {
        while (at_ < text_.size() && text_[at_] == quote) ++at_;
        return;
      } else if (!multiline && text_[at_] == quote) {
        ++at_;
        return;
      } else {
        ++at_;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::int32_t line_ = 1;
  int open_ = 0;
  int dots_ = 0;
};

std::optional<policy::Timestamp> timestamp_of(toml::date_time const& when) {
  if (!when.offset) return std::nullopt;
  std::chrono::sys_days const day =
      std::chrono::year(when.date.year) / std::chrono::month(when.date.month) / std::chrono::day(when.date.day);
  std::int64_t const seconds = when.time.hour * 3'600 + when.time.minute * 60 + when.time.second - when.offset->minutes * 60;
  return policy::Timestamp{day.time_since_epoch().count() * policy::ms_per_day + seconds * policy::ms_per_second +
                           when.time.nanosecond / 1'000'000};
}

Value convert(toml::node const& node);

TableValue convert_table(toml::table const& table) {
  TableValue members;
  members.reserve(table.size());
  for (auto&& [key, node] : table) members.push_back({std::string(key.str()), place_of(key.source()), convert(node)});
  std::ranges::stable_sort(members, {}, &Member::at);
  return members;
}

Value convert(toml::node const& node) {
  Value value;
  value.at = place_of(node.source());
  if (auto const* table = node.as_table()) {
    value.data = convert_table(*table);
  } else if (auto const* array = node.as_array()) {
    List list;
    list.reserve(array->size());
    for (toml::node const& element : *array) list.push_back(convert(element));
    value.data = std::move(list);
  } else if (auto const* text = node.as_string()) {
    value.data = text->get();
  } else if (auto const* integer = node.as_integer()) {
    value.data = integer->get();
  } else if (auto const* number = node.as_floating_point()) {
    value.data = number->get();
  } else if (auto const* truth = node.as_boolean()) {
    value.data = truth->get();
  } else if (auto const* date = node.as_date()) {
    value.data = LocalDate{date->get().year, date->get().month, date->get().day};
  } else if (auto const* moment = node.as_date_time()) {
    if (auto const timestamp = timestamp_of(moment->get())) {
      value.data = *timestamp;
    } else {
      value.data = UnusedKind{"a date and time without offset"};
    }
  } else {
    value.data = UnusedKind{"a time of day"};
  }
  return value;
}

}  // namespace

std::string_view kind_name(Value const& value) {
  if (auto const* unused = std::get_if<UnusedKind>(&value.data)) return unused->name;
  static constexpr std::string_view names[] = {"a boolean",       "an integer", "a decimal number", "a text", "a date",
                                               "a date and time", "",           "a list",           "a table"};
  return names[value.data.index()];
}

std::expected<Value, Diagnostic> parse_document(std::string_view text, std::string const& file) {
  auto const refuse = [&](Position at, std::string what) {
    return std::unexpected(Diagnostic{Severity::error, file, at, "syntax", std::move(what)});
  };
  if (text.size() > file_bytes_max) return refuse({}, fmt::format("the file is larger than {} KiB", file_bytes_max / 1024));
  if (text.starts_with("\xEF\xBB\xBF")) return refuse({}, "the file begins with a byte order mark; save it as plain UTF-8");
  if (auto const place = NestingScan(text).too_deep()) {
    return refuse(*place, fmt::format("nested too deeply: at most {} brackets inside each other or dots on a line", nesting_max));
  }
  try {
    toml::table table = toml::parse(text, file);
    Value root{convert_table(table), {}};
    return root;
  } catch (toml::parse_error const& error) {
    return refuse(place_of(error.source()), std::string(error.description()));
  } catch (std::exception const& error) {
    return refuse({}, fmt::format("cannot be read as TOML: {}", error.what()));
  }
}

std::expected<std::string, std::string> read_file(std::filesystem::path const& path) {
  std::error_code failure;
  auto const status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) return std::unexpected("the file is not there");
  if (failure) return std::unexpected("cannot be read: " + failure.message());
  if (!std::filesystem::is_regular_file(status)) return std::unexpected("is not a regular file");
  std::ifstream stream(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (!stream.eof() && stream.gcount() == 0)) return std::unexpected("cannot be read; check its permissions");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > file_bytes_max) return std::unexpected(fmt::format("is larger than {} KiB", file_bytes_max / 1024));
  return text;
}

}  // namespace sluice::config
