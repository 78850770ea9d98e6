// Checked access: type tests, ranges and known keys, with every error collected.
#include "policy/json/reader.hpp"

#include "policy/json/strict.hpp"
#include "policy/json/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <variant>

namespace sluice::json {
namespace {

constexpr std::size_t errors_max = 64;
constexpr std::size_t keys_usual = 16;  ///< asked for in one object, so that the list of them grows once

std::string_view type_word(nlohmann::json const& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::null:
      return "null";
    case nlohmann::json::value_t::object:
      return "an object";
    case nlohmann::json::value_t::array:
      return "an array";
    case nlohmann::json::value_t::string:
      return "a string";
    case nlohmann::json::value_t::boolean:
      return "a boolean";
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned:
      return "an integer";
    case nlohmann::json::value_t::number_float:
      return "a number with a fraction or exponent";
    default:
      return "something else";
  }
}

/// A hostile key for an error text: bounded, no control characters.
std::string shown_key(std::string_view key) {
  if (key.size() > 64 || has_control_character(key)) return "(unprintable or long)";
  return std::string(key);
}

/// Where a value stands: put into words only when there is an error to tell.
struct Place {
  std::string const& parent;
  std::variant<std::string_view, std::size_t> step;  ///< a key or an index

  std::string pointer() const {
    if (auto const* index = std::get_if<std::size_t>(&step)) return fmt::format("{}/{}", parent, *index);
    return parent + "/" + pointer_token(shown_key(std::get<std::string_view>(step)));
  }
};

std::optional<std::int64_t> read_integer(nlohmann::json const& value, Place const& place, IntegerRange range, Errors& errors) {
  if (!value.is_number_integer()) {
    errors.add(place.pointer(), "wrong_type", fmt::format("must be an integer, not {}", type_word(value)));
    return std::nullopt;
  }
  // parse_strict stores integers signed; a value built by hand may be unsigned.
  auto const* as_unsigned = value.get_ptr<nlohmann::json::number_unsigned_t const*>();
  bool const too_large = as_unsigned != nullptr && *as_unsigned > static_cast<std::uint64_t>(INT64_MAX);
  std::int64_t const number = too_large                ? INT64_MAX
                              : as_unsigned != nullptr ? static_cast<std::int64_t>(*as_unsigned)
                                                       : *value.get_ptr<nlohmann::json::number_integer_t const*>();
  if (too_large || number < range.min || number > range.max) {
    errors.add(place.pointer(), "out_of_range", fmt::format("must be {} … {}", range.min, range.max));
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> read_string(nlohmann::json const& value, Place const& place, StringRule const& rule, Errors& errors) {
  auto const* text = value.get_ptr<std::string const*>();
  if (text == nullptr) {
    errors.add(place.pointer(), "wrong_type", fmt::format("must be a string, not {}", type_word(value)));
    return std::nullopt;
  }
  if (text->size() > rule.bytes_max) {
    errors.add(place.pointer(), "too_long", fmt::format("must be at most {} bytes of UTF-8, is {}", rule.bytes_max, text->size()));
    return std::nullopt;
  }
  if (text->size() < rule.bytes_min) {
    errors.add(place.pointer(), "too_short",
               rule.bytes_min == 1 ? std::string("must not be empty") : fmt::format("must be at least {} bytes", rule.bytes_min));
    return std::nullopt;
  }
  if (rule.single_line && has_control_character(*text)) {
    errors.add(place.pointer(), "bad_format", "must not contain control characters or line breaks");
    return std::nullopt;
  }
  return *text;
}

/// Text of a decimal string; numbers get a hint, for they are the likely mistake.
std::string const* decimal_text(nlohmann::json const& value, Place const& place, Errors& errors) {
  auto const* text = value.get_ptr<std::string const*>();
  if (text == nullptr)
    errors.add(place.pointer(), "wrong_type", fmt::format("must be a decimal string such as \"12.5\", not {}", type_word(value)));
  return text;
}

std::optional<policy::Money> read_money(nlohmann::json const& value, Place const& place, MoneyRange const& range, Errors& errors) {
  std::string const* text = decimal_text(value, place, errors);
  if (text == nullptr) return std::nullopt;
  if (text->size() > 32) {
    errors.add(place.pointer(), "too_long", "must be a decimal string of at most 32 characters");
    return std::nullopt;
  }
  auto const amount = policy::parse_yuan(*text);
  if (!amount) {
    errors.add(place.pointer(), "bad_format", amount.error());
    return std::nullopt;
  }
  if (*amount < range.min || *amount > range.max) {
    errors.add(place.pointer(), "out_of_range",
               fmt::format("must be {} … {} yuan", policy::format_yuan(range.min), policy::format_yuan(range.max)));
    return std::nullopt;
  }
  return *amount;
}

std::string scaled(std::int64_t value, unsigned fraction_digits) {
  std::string digits = std::to_string(value);
  if (fraction_digits == 0) return digits;
  if (digits.size() <= fraction_digits) digits.insert(0, fraction_digits + 1 - digits.size(), '0');
  digits.insert(digits.size() - fraction_digits, ".");
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::optional<std::int64_t> read_decimal(nlohmann::json const& value, Place const& place, DecimalRule const& rule, Errors& errors) {
  std::string const* text = decimal_text(value, place, errors);
  if (text == nullptr) return std::nullopt;
  auto const number = parse_decimal(*text, rule.fraction_digits);
  if (!number) {
    errors.add(place.pointer(), "bad_format", number.error());
    return std::nullopt;
  }
  if (*number < rule.min || *number > rule.max) {
    errors.add(place.pointer(), "out_of_range",
               fmt::format("must be \"{}\" … \"{}\"", scaled(rule.min, rule.fraction_digits), scaled(rule.max, rule.fraction_digits)));
    return std::nullopt;
  }
  return *number;
}

std::optional<policy::Timestamp> read_time(nlohmann::json const& value, Place const& place, Errors& errors) {
  auto const text = read_string(value, place, {.bytes_min = 1, .bytes_max = 40}, errors);
  if (!text) return std::nullopt;
  auto const at = policy::parse_rfc3339(*text);
  if (!at) {
    errors.add(place.pointer(), "bad_format", at.error());
    return std::nullopt;
  }
  return *at;
}

/// Damerau-Levenshtein (adjacent swaps count one), for names of at most 64 bytes.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const change = a[i - 1] == b[j - 1] ? 0u : 1u;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

template <class Names>
std::string_view nearest(std::string_view name, Names const& names) {
  std::string_view best;
  if (name.size() > 64) return best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (std::string_view const candidate : names) {
    if (candidate.size() > 64) continue;
    std::size_t const distance = edit_distance(name, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<std::string const> names) { return nearest(name, names); }

std::expected<std::int64_t, std::string> parse_decimal(std::string_view text, unsigned fraction_digits) {
  assert(fraction_digits <= 9);
  auto const bad = [&] {
    return std::unexpected(fraction_digits == 0
                               ? std::string("must be decimal digits, such as \"42\"")
                               : fmt::format("must be decimal digits with at most {} after the point, such as \"96.5\"", fraction_digits));
  };
  auto const point = text.find('.');
  std::string_view const whole = text.substr(0, point);
  std::string_view const fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  auto const digits = [](std::string_view part) { return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; }); };
  if (whole.empty() || !digits(whole) || !digits(fraction) || fraction.size() > fraction_digits) return bad();
  if (point != std::string_view::npos && fraction.empty()) return bad();
  if (whole.size() > 1 && whole.front() == '0') return bad();
  std::int64_t value = 0;
  auto const append = [&value](int digit) {
    if (value > (INT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
    return true;
  };
  for (char const c : whole) {
    if (!append(c - '0')) return std::unexpected(std::string("is too large"));
  }
  for (unsigned i = 0; i < fraction_digits; ++i) {
    if (!append(i < fraction.size() ? fraction[i] - '0' : 0)) return std::unexpected(std::string("is too large"));
  }
  return value;
}

void Errors::add(std::string pointer, std::string_view code, std::string detail) {
  if (list_.size() > errors_max) return;
  if (list_.size() == errors_max) {
    list_.push_back({"", "too_many_errors", fmt::format("only the first {} errors are listed", errors_max)});
    return;
  }
  list_.push_back({std::move(pointer), code, std::move(detail)});
}

Reader::Reader(nlohmann::json const& document, Errors& errors) : Reader(&document, "", errors) {}

Reader::Reader(nlohmann::json const* value, std::string pointer, Errors& errors)
    : object_(value), pointer_(std::move(pointer)), errors_(&errors) {
  if (object_ != nullptr && !object_->is_object()) {
    errors_->add(pointer_, "wrong_type", fmt::format("must be an object, not {}", type_word(*object_)));
    object_ = nullptr;
  }
}

Reader::Reader(Reader&& other) noexcept
    : object_(other.object_),
      pointer_(std::move(other.pointer_)),
      errors_(other.errors_),
      known_(std::move(other.known_)),
      finished_(std::exchange(other.finished_, true)) {}

Reader::~Reader() { finish(); }

void Reader::finish() {
  if (std::exchange(finished_, true) || object_ == nullptr) return;
  for (auto const& [key, value] : object_->get_ref<nlohmann::json::object_t const&>()) {
    if (std::ranges::find(known_, key) != known_.end()) continue;
    std::string_view const meant = nearest(key, known_);
    errors_->add(at(shown_key(key)), "unknown_key",
                 meant.empty() ? std::string("is not a known key") : fmt::format("is not a known key; did you mean \"{}\"?", meant));
  }
}

std::string Reader::at(std::string_view key) const { return pointer_ + "/" + pointer_token(key); }

bool Reader::has(std::string_view key) const { return object_ != nullptr && object_->contains(key); }

nlohmann::json const* Reader::find(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  if (known_.empty()) known_.reserve(keys_usual);
  known_.push_back(key);
  auto const position = object_->find(key);
  return position == object_->end() ? nullptr : &*position;
}

nlohmann::json const* Reader::require(std::string_view key) {
  nlohmann::json const* value = find(key);
  if (value == nullptr && object_ != nullptr) errors_->add(at(key), "required", "is required");
  return value;
}

void Reader::fail(std::string_view key, std::string_view code, std::string detail) {
  errors_->add(key.empty() ? pointer_ : at(key), code, std::move(detail));
}

std::int64_t Reader::required_integer(std::string_view key, IntegerRange range) {
  auto const* value = require(key);
  return value == nullptr ? range.min : read_integer(*value, Place{pointer_, key}, range, *errors_).value_or(range.min);
}

std::optional<std::int64_t> Reader::optional_integer(std::string_view key, IntegerRange range) {
  auto const* value = find(key);
  return value == nullptr ? std::nullopt : read_integer(*value, Place{pointer_, key}, range, *errors_);
}

std::optional<bool> Reader::optional_boolean(std::string_view key) {
  auto const* value = find(key);
  if (value == nullptr) return std::nullopt;
  auto const* truth = value->get_ptr<bool const*>();
  if (truth == nullptr) {
    errors_->add(at(key), "wrong_type", fmt::format("must be true or false, not {}", type_word(*value)));
    return std::nullopt;
  }
  return *truth;
}

bool Reader::required_boolean(std::string_view key) {
  if (require(key) == nullptr) return false;
  return optional_boolean(key).value_or(false);
}

std::string Reader::required_string(std::string_view key, StringRule rule) {
  auto const* value = require(key);
  return value == nullptr ? std::string() : read_string(*value, Place{pointer_, key}, rule, *errors_).value_or(std::string());
}

std::optional<std::string> Reader::optional_string(std::string_view key, StringRule rule) {
  auto const* value = find(key);
  return value == nullptr ? std::nullopt : read_string(*value, Place{pointer_, key}, rule, *errors_);
}

policy::Money Reader::required_money(std::string_view key, MoneyRange range) {
  auto const* value = require(key);
  return value == nullptr ? range.min : read_money(*value, Place{pointer_, key}, range, *errors_).value_or(range.min);
}

std::optional<policy::Money> Reader::optional_money(std::string_view key, MoneyRange range) {
  auto const* value = find(key);
  return value == nullptr ? std::nullopt : read_money(*value, Place{pointer_, key}, range, *errors_);
}

std::int64_t Reader::required_decimal(std::string_view key, DecimalRule rule) {
  auto const* value = require(key);
  return value == nullptr ? rule.min : read_decimal(*value, Place{pointer_, key}, rule, *errors_).value_or(rule.min);
}

std::optional<std::int64_t> Reader::optional_decimal(std::string_view key, DecimalRule rule) {
  auto const* value = find(key);
  return value == nullptr ? std::nullopt : read_decimal(*value, Place{pointer_, key}, rule, *errors_);
}

policy::Timestamp Reader::required_time(std::string_view key) {
  auto const* value = require(key);
  return value == nullptr ? policy::Timestamp{} : read_time(*value, Place{pointer_, key}, *errors_).value_or(policy::Timestamp{});
}

std::optional<policy::Timestamp> Reader::optional_time(std::string_view key) {
  auto const* value = find(key);
  return value == nullptr ? std::nullopt : read_time(*value, Place{pointer_, key}, *errors_);
}

std::optional<std::size_t> Reader::choice(std::string_view key, std::vector<std::string_view> const& names, bool required) {
  assert(!names.empty());
  auto const* value = required ? require(key) : find(key);
  if (value == nullptr) return std::nullopt;
  auto const* text = value->get_ptr<std::string const*>();
  if (text == nullptr) {
    errors_->add(at(key), "wrong_type", fmt::format("must be one of \"{}\", not {}", fmt::join(names, "\", \""), type_word(*value)));
    return std::nullopt;
  }
  auto const position = std::ranges::find(names, *text);
  if (position == names.end()) {
    std::string_view const meant = nearest(*text, names);
    errors_->add(at(key), "not_allowed",
                 fmt::format("must be one of \"{}\"{}", fmt::join(names, "\", \""),
                             meant.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", meant)));
    return std::nullopt;
  }
  return static_cast<std::size_t>(position - names.begin());
}

Reader Reader::required_object(std::string_view key) { return {require(key), at(key), *errors_}; }
Reader Reader::optional_object(std::string_view key) { return {find(key), at(key), *errors_}; }
ArrayReader Reader::required_array(std::string_view key, ArrayRule rule) { return {require(key), at(key), rule, *errors_}; }
ArrayReader Reader::optional_array(std::string_view key, ArrayRule rule) { return {find(key), at(key), rule, *errors_}; }

std::vector<std::string> Reader::required_strings(std::string_view key, ArrayRule rule, StringRule each) {
  if (require(key) == nullptr) return {};
  return optional_strings(key, rule, each);
}

std::vector<std::string> Reader::optional_strings(std::string_view key, ArrayRule rule, StringRule each) {
  ArrayReader array = optional_array(key, rule);
  std::vector<std::string> out;
  out.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array.string(i, each));
  return out;
}

std::vector<std::pair<std::string, std::string>> Reader::optional_string_map(std::string_view key, ArrayRule rule, StringRule keys,
                                                                             StringRule values) {
  std::vector<std::pair<std::string, std::string>> out;
  auto const* value = find(key);
  if (value == nullptr) return out;
  if (!value->is_object()) {
    errors_->add(at(key), "wrong_type", fmt::format("must be an object, not {}", type_word(*value)));
    return out;
  }
  if (value->size() > rule.max) {
    errors_->add(at(key), "too_many", fmt::format("must have at most {} members, has {}", rule.max, value->size()));
    return out;
  }
  if (value->size() < rule.min) errors_->add(at(key), "too_few", fmt::format("must have at least {} members", rule.min));
  std::string const pointer = at(key);
  for (auto const& [name, member] : value->get_ref<nlohmann::json::object_t const&>()) {
    Place const place{pointer, name};
    if (name.size() > keys.bytes_max || name.size() < keys.bytes_min || (keys.single_line && has_control_character(name))) {
      errors_->add(place.pointer(), "bad_format",
                   fmt::format("its name must be {} … {} bytes without control characters", keys.bytes_min, keys.bytes_max));
      continue;
    }
    if (auto text = read_string(member, place, values, *errors_)) out.emplace_back(name, std::move(*text));
  }
  return out;
}

ArrayReader::ArrayReader(nlohmann::json const* value, std::string pointer, ArrayRule rule, Errors& errors)
    : array_(value), pointer_(std::move(pointer)), errors_(&errors) {
  if (array_ == nullptr) return;
  if (!array_->is_array()) {
    errors_->add(pointer_, "wrong_type", fmt::format("must be an array, not {}", type_word(*array_)));
    array_ = nullptr;
  } else if (array_->size() > rule.max) {
    errors_->add(pointer_, "too_many", fmt::format("must have at most {} elements, has {}", rule.max, array_->size()));
    array_ = nullptr;  // elements beyond the cap are not worth reading
  } else if (array_->size() < rule.min) {
    errors_->add(pointer_, "too_few",
                 rule.min == 1 ? std::string("must not be empty") : fmt::format("must have at least {} elements", rule.min));
  }
}

std::size_t ArrayReader::size() const { return array_ == nullptr ? 0 : array_->size(); }

Reader ArrayReader::object(std::size_t index) {
  assert(index < size());
  return {&(*array_)[index], fmt::format("{}/{}", pointer_, index), *errors_};
}

std::int64_t ArrayReader::integer(std::size_t index, IntegerRange range) {
  assert(index < size());
  return read_integer((*array_)[index], Place{pointer_, index}, range, *errors_).value_or(range.min);
}

std::string ArrayReader::string(std::size_t index, StringRule rule) {
  assert(index < size());
  return read_string((*array_)[index], Place{pointer_, index}, rule, *errors_).value_or(std::string());
}

void ArrayReader::fail(std::size_t index, std::string_view code, std::string detail) {
  errors_->add(fmt::format("{}/{}", pointer_, index), code, std::move(detail));
}

}  // namespace sluice::json
