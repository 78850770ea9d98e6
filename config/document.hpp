// A TOML file as a tree of values that know their place, read within limits. The only door to the TOML library.
#pragma once

#include "config/report.hpp"
#include "policy/time.hpp"

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::config {

struct Value;
struct Member;
using List = std::vector<Value>;
using TableValue = std::vector<Member>;

/// A date without time: a calendar day in Asia/Shanghai, where the rules are in force.
struct LocalDate {
  std::int32_t year = 1970;
  std::int32_t month = 1;
  std::int32_t day = 1;
};

/// What TOML can say and no key here takes: a local time, or a date and time without offset.
struct UnusedKind {
  std::string_view name;
};

struct Value {
  std::variant<bool, std::int64_t, double, std::string, LocalDate, policy::Timestamp, UnusedKind, List, TableValue> data;
  Position at;
};

struct Member {
  std::string key;
  Position at;  ///< of the key
  Value value;
};

/// "an integer", "a table": what the value is, for messages.
std::string_view kind_name(Value const& value);

constexpr std::size_t file_bytes_max = 256 * 1024;
constexpr int nesting_max = 16;  ///< brackets inside each other, and parts of one dotted key

/// Reads the text of one file. Error: its first syntax error, or the limit it breaks, under the key "syntax".
std::expected<Value, Diagnostic> parse_document(std::string_view text, std::string const& file);

/// The bytes of a regular file of at most file_bytes_max. Error: what is wrong.
std::expected<std::string, std::string> read_file(std::filesystem::path const& path);

}  // namespace sluice::config
