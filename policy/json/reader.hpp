// Checked access to a JSON value that collects every error with its pointer, so that a client can mend all of them at once.
#pragma once

#include "policy/json/field_error.hpp"
#include "policy/money.hpp"
#include "policy/time.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::json {

/// Collects at most 64 errors, then one "too_many_errors".
class Errors {
 public:
  void add(std::string pointer, std::string_view code, std::string detail);
  bool empty() const { return list_.empty(); }
  std::vector<FieldError> const& list() const& { return list_; }
  std::vector<FieldError> take() { return std::move(list_); }

 private:
  std::vector<FieldError> list_;
};

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
};

struct StringRule {
  std::size_t bytes_min = 0;
  std::size_t bytes_max = 256;
  bool single_line = true;  ///< refuses control characters (C0, DEL, C1, U+2028, U+2029)
};

struct ArrayRule {
  std::size_t min = 0;
  std::size_t max = 64;
};

struct MoneyRange {
  policy::Money min{};
  policy::Money max = policy::money_max;
};

/// A non-negative decimal in a string ("96.5"), kept exactly as an integer in units of 10^-fraction_digits.
struct DecimalRule {
  unsigned fraction_digits = 0;  ///< at most 9
  std::int64_t min = 0;          ///< in the same units
  std::int64_t max = INT64_MAX;
};

/// Decimal digits, optionally with '.' and 1 … fraction_digits more; no sign, blank, exponent or superfluous leading zero.
/// Error: what is wrong. This and nothing looser reads decimal strings from outside, 64-bit ids (fraction_digits 0) included.
std::expected<std::int64_t, std::string> parse_decimal(std::string_view text, unsigned fraction_digits);

class ArrayReader;

/// One JSON object. Each accessor notes the key as known; finish() (or the destructor) reports every key nobody asked for, with the
/// nearest known name. A required accessor returns a harmless value (range minimum, empty, false) after recording an error, so that
/// reading goes on: use results only when Errors is empty. Holds pointers: the document, Errors and the text of every key asked for must
/// outlive it.
class Reader {
 public:
  /// The whole document; an error when it is not an object.
  Reader(nlohmann::json const& document, Errors& errors);
  ~Reader();
  Reader(Reader&& other) noexcept;
  Reader(Reader const&) = delete;
  Reader& operator=(Reader&&) = delete;

  /// False when absent (or the value is not an object): every accessor then returns its harmless value without an error.
  bool present() const { return object_ != nullptr; }
  std::string const& pointer() const { return pointer_; }
  bool has(std::string_view key) const;

  std::int64_t required_integer(std::string_view key, IntegerRange range);
  std::optional<std::int64_t> optional_integer(std::string_view key, IntegerRange range);
  bool required_boolean(std::string_view key);
  std::optional<bool> optional_boolean(std::string_view key);
  std::string required_string(std::string_view key, StringRule rule = {});
  std::optional<std::string> optional_string(std::string_view key, StringRule rule = {});

  /// Decimal strings, never JSON numbers.
  policy::Money required_money(std::string_view key, MoneyRange range = {});
  std::optional<policy::Money> optional_money(std::string_view key, MoneyRange range = {});
  std::int64_t required_decimal(std::string_view key, DecimalRule rule);
  std::optional<std::int64_t> optional_decimal(std::string_view key, DecimalRule rule);
  /// RFC 3339 with offset.
  policy::Timestamp required_time(std::string_view key);
  std::optional<policy::Timestamp> optional_time(std::string_view key);

  /// One of the names listed; the error lists them all.
  template <class Enum>
  Enum required_enum(std::string_view key, std::initializer_list<std::pair<std::string_view, Enum>> names) {
    auto const index = choice(key, name_list(names), true);
    return index ? std::next(names.begin(), static_cast<std::ptrdiff_t>(*index))->second : names.begin()->second;
  }
  template <class Enum>
  std::optional<Enum> optional_enum(std::string_view key, std::initializer_list<std::pair<std::string_view, Enum>> names) {
    auto const index = choice(key, name_list(names), false);
    if (!index) return std::nullopt;
    return std::next(names.begin(), static_cast<std::ptrdiff_t>(*index))->second;
  }

  /// A nested object; absent gives a reader whose present() is false.
  Reader required_object(std::string_view key);
  Reader optional_object(std::string_view key);
  ArrayReader required_array(std::string_view key, ArrayRule rule);
  ArrayReader optional_array(std::string_view key, ArrayRule rule);
  /// Strings of one rule each, e.g. a command.
  std::vector<std::string> required_strings(std::string_view key, ArrayRule rule, StringRule each = {});
  std::vector<std::string> optional_strings(std::string_view key, ArrayRule rule, StringRule each = {});
  /// An object whose keys are data ("environment": {"K":"V"}), in key order.
  std::vector<std::pair<std::string, std::string>> optional_string_map(std::string_view key, ArrayRule rule, StringRule keys = {},
                                                                       StringRule values = {});

  /// A key that exists but is read elsewhere, or not at all.
  void ignore(std::string_view key) { find(key); }
  /// Records an error of the caller's own at a key of this object (empty key: at the object).
  void fail(std::string_view key, std::string_view code, std::string detail);
  /// Reports the unknown keys; called once, by the destructor at the latest.
  void finish();

 private:
  friend class ArrayReader;
  Reader(nlohmann::json const* value, std::string pointer, Errors& errors);

  template <class Enum>
  static std::vector<std::string_view> name_list(std::initializer_list<std::pair<std::string_view, Enum>> names) {
    std::vector<std::string_view> list;
    for (auto const& [name, value] : names) list.push_back(name);
    return list;
  }
  nlohmann::json const* find(std::string_view key);
  nlohmann::json const* require(std::string_view key);
  std::string at(std::string_view key) const;
  std::optional<std::size_t> choice(std::string_view key, std::vector<std::string_view> const& names, bool required);

  nlohmann::json const* object_;
  std::string pointer_;
  Errors* errors_;
  std::vector<std::string_view> known_;
  bool finished_ = false;
};

/// One JSON array. Same rules as Reader.
class ArrayReader {
 public:
  bool present() const { return array_ != nullptr; }
  std::size_t size() const;
  /// Element `index` as an object, integer or string. REQUIRES: index < size().
  Reader object(std::size_t index);
  std::int64_t integer(std::size_t index, IntegerRange range);
  std::string string(std::size_t index, StringRule rule = {});
  std::string const& pointer() const { return pointer_; }
  /// Records an error at an element.
  void fail(std::size_t index, std::string_view code, std::string detail);

 private:
  friend class Reader;
  ArrayReader(nlohmann::json const* value, std::string pointer, ArrayRule rule, Errors& errors);

  nlohmann::json const* array_;
  std::string pointer_;
  Errors* errors_;
};

/// The nearest of `names` by edit distance, if it is near enough to be meant; empty otherwise. For "did you mean".
std::string_view nearest_name(std::string_view name, std::span<std::string const> names);

}  // namespace sluice::json
