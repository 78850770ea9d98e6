// The SAX side of strict reading: builds the value while counting, and stops at the first thing that is not allowed.
#include "policy/json/strict.hpp"

#include "policy/json/quick_parse.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::json {
namespace {

using Json = nlohmann::json;

/// An iterator that tells how far it has been moved. nlohmann copies iterators, so the count lives outside.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = char const*;
  using reference = char const&;

  char const* at;
  std::size_t* moved;
  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    ++at;
    ++*moved;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(CountingIterator const& other) const { return at == other.at; }
};

/// Keys and strings shown in errors: short, and nothing that could disturb a terminal or a log.
std::string shown(std::string_view text) {
  std::string out;
  for (char const c : text.substr(0, 64)) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (text.size() > 64) out += "…";
  return out;
}

/// Builds the document. Every callback returns false to stop; `problem` then says why.
class Builder {
 public:
  explicit Builder(Limits const& limits) : limits_(limits) { stack_.reserve(16); }

  bool null() { return add(Json(nullptr)); }
  bool boolean(bool value) { return add(Json(value)); }
  bool number_integer(std::int64_t value) { return add(Json(value)); }
  bool number_unsigned(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return stop("integer does not fit 64 bits signed");
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(double value, std::string const& literal) {
    // nlohmann turns an integer that overflows into a double; the literal still shows what it was.
    if (literal.find_first_of(".eE") == std::string::npos) return stop("integer does not fit 64 bits signed");
    return add(Json(value));
  }
  bool string(std::string& value) {
    if (value.size() > limits_.string_bytes_max) return stop(fmt::format("string longer than {} bytes", limits_.string_bytes_max));
    return add(Json(std::move(value)));
  }
  bool binary(Json::binary_t&) { return stop("binary value"); }  // cannot come from JSON text
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (name.size() > limits_.key_bytes_max) return stop(fmt::format("key longer than {} bytes", limits_.key_bytes_max));
    if (++keys_ > limits_.keys_max) return stop(fmt::format("more than {} keys", limits_.keys_max));
    auto [position, inserted] = stack_.back()->get_ref<Json::object_t&>().emplace(std::move(name), nullptr);
    slot_ = &position->second;
    slot_key_ = &position->first;
    if (!inserted) return stop(fmt::format("duplicate key \"{}\"", shown(position->first)));
    return true;
  }
  bool parse_error(std::size_t position, std::string const&, Json::exception const& error) {
    // what() is "[json.exception…] … - reason; last read: '…'; expected …": keep the reason and the expectation, drop the input.
    syntax_offset_ = position > 0 ? position - 1 : 0;
    std::string_view text = error.what();
    if (auto const dash = text.find(" - "); dash != std::string_view::npos) text.remove_prefix(dash + 3);
    std::string what(text.substr(0, text.find("; last read")));
    if (auto const expected = text.rfind("; expected "); expected != std::string_view::npos) what += text.substr(expected);
    if (error.id == 406) what = "number too large";
    return stop("not JSON: " + what);
  }

  Json take() { return std::move(root_); }
  std::string const& what() const { return what_; }
  std::optional<std::size_t> syntax_offset() const { return syntax_offset_; }

  std::string pointer() const {
    std::string out;
    for (std::size_t level = 0; level < stack_.size(); ++level) {
      Json const& container = *stack_[level];
      bool const last = level + 1 == stack_.size();
      if (container.is_array()) {
        // The open child is the array's last element; a value not yet added comes after it.
        std::size_t const count = container.size();
        out += fmt::format("/{}", last ? count : count - 1);
      } else if (last) {
        if (slot_ != nullptr) out += "/" + pointer_token(shown(*slot_key_));
      } else {
        out += "/" + pointer_token(shown(*keys_open_[level]));
      }
    }
    return out;
  }

 private:
  bool stop(std::string what) {
    what_ = std::move(what);
    return false;
  }
  /// Puts a value where the next one belongs; null when a limit forbids it.
  Json* place(Json&& value) {
    if (++values_ > limits_.values_max) {
      stop(fmt::format("more than {} values", limits_.values_max));
      return nullptr;
    }
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (slot_ != nullptr) {
      *slot_ = std::move(value);
      return std::exchange(slot_, nullptr);
    }
    auto& array = stack_.back()->get_ref<Json::array_t&>();
    array.push_back(std::move(value));
    return &array.back();
  }
  bool add(Json&& value) { return place(std::move(value)) != nullptr; }
  bool open(Json&& container) {
    if (stack_.size() >= limits_.depth_max) return stop(fmt::format("nested deeper than {}", limits_.depth_max));
    std::string const* key = slot_ != nullptr ? slot_key_ : nullptr;
    Json* placed = place(std::move(container));
    if (placed == nullptr) return false;
    if (!stack_.empty()) keys_open_[stack_.size() - 1] = key;
    // Only the innermost container grows, so pointers to the outer ones stay good.
    stack_.push_back(placed);
    keys_open_.push_back(nullptr);
    return true;
  }
  bool close() {
    assert(!stack_.empty());
    stack_.pop_back();
    keys_open_.pop_back();
    return true;
  }

  Limits const& limits_;
  Json root_;
  std::vector<Json*> stack_;
  std::vector<std::string const*> keys_open_;  ///< per level: key of the open child, if the level is an object
  Json* slot_ = nullptr;                       ///< where the value of the key just read belongs
  std::string const* slot_key_ = nullptr;
  std::size_t keys_ = 0;
  std::size_t values_ = 0;
  std::string what_;
  std::optional<std::size_t> syntax_offset_;
};

ParseError located(std::string_view text, std::size_t offset, std::string pointer, std::string what) {
  ParseError error{offset, 1, 1, std::move(pointer), std::move(what)};
  for (char const c : text.substr(0, offset)) {
    ++error.column;
    if (c == '\n') {
      ++error.line;
      error.column = 1;
    }
  }
  return error;
}

}  // namespace

std::string pointer_token(std::string_view key) {
  std::string out;
  for (char const c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string to_string(ParseError const& error) {
  return fmt::format("line {}, column {}{}{}: {}", error.line, error.column, error.pointer.empty() ? "" : ", at ", error.pointer,
                     error.what);
}

std::expected<nlohmann::json, ParseError> parse_strict(std::string_view text, Limits const& limits) {
  if (text.size() > limits.bytes_max) {
    return std::unexpected(located(text, limits.bytes_max, "", fmt::format("longer than {} bytes", limits.bytes_max)));
  }
  if (text.starts_with("\xef\xbb\xbf")) return std::unexpected(located(text, 0, "", "starts with a byte order mark; send plain UTF-8"));
  // nlohmann takes a NUL for the end of input and would accept whatever follows it.
  if (auto const nul = text.find('\0'); nul != std::string_view::npos) {
    return std::unexpected(located(text, nul, "", "NUL byte"));
  }

  if (auto quick = parse_quickly(text, limits)) return std::move(*quick);
  Builder builder(limits);
  if (Json::sax_parse(text.data(), text.data() + text.size(), &builder)) return builder.take();
  if (auto const offset = builder.syntax_offset()) {
    return std::unexpected(located(text, std::min(*offset, text.size()), builder.pointer(), builder.what()));
  }
  // Ours to refuse, and callbacks carry no position: read again with an iterator that counts. Only refusals pay for it.
  std::size_t moved = 0;
  Builder again(limits);
  bool const accepted = Json::sax_parse(CountingIterator{text.data(), &moved}, CountingIterator{text.data() + text.size(), &moved}, &again);
  assert(!accepted);
  static_cast<void>(accepted);
  return std::unexpected(located(text, moved > 0 ? moved - 1 : 0, again.pointer(), again.what()));
}

}  // namespace sluice::json
