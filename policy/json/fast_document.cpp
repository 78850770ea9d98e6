// The bridge to simdjson: its small handles are kept as bytes in our views, so that no other file pays for its header.
#include "policy/json/fast_document.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <type_traits>
#include <utility>

namespace sluice::json {
namespace {

using Element = simdjson::dom::element;
using Cursor = simdjson::dom::object::iterator;
using ArrayCursor = simdjson::dom::array::iterator;
using Raw = std::array<std::byte, 16>;

constexpr std::size_t depth_max = 64;
constexpr std::int64_t exact_integer_max = (std::int64_t{1} << 53) - 1;

template <class T>
Raw pack(T const& handle) {
  static_assert(sizeof(T) == sizeof(Raw) && std::is_trivially_copyable_v<T> && alignof(T) <= 8);
  Raw raw;
  std::memcpy(raw.data(), &handle, sizeof(T));
  return raw;
}

template <class T>
T unpack(Raw const& raw) {
  static_assert(sizeof(T) == sizeof(Raw) && std::is_trivially_copyable_v<T>);
  T handle;
  std::memcpy(static_cast<void*>(&handle), raw.data(), sizeof(T));
  return handle;
}

std::unexpected<FastError> fail(FastErrc code, std::string_view key = {}) { return std::unexpected(FastError{code, key}); }

/// The plain decimal and nothing else: no plus, no blanks, no leading zero, "-0" refused.
template <class Integer>
Fast<Integer> plain_decimal(std::string_view text) {
  Integer value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return fail(FastErrc::out_of_range);
  std::string_view const digits = text.starts_with('-') ? text.substr(1) : text;
  if (error != std::errc() || end != text.data() + text.size()) return fail(FastErrc::not_decimal);
  if (digits.starts_with('0') && text != "0") return fail(FastErrc::not_decimal);
  return value;
}

template <class T>
Fast<T> named(Fast<T> value, std::string_view key) {
  if (!value && value.error().key.empty()) value.error().key = key;
  return value;
}

}  // namespace

std::string_view to_string(FastErrc code) {
  switch (code) {
    case FastErrc::not_json:
      return "not JSON, too deep or too long";
    case FastErrc::wrong_type:
      return "wrong type";
    case FastErrc::missing:
      return "missing";
    case FastErrc::unknown:
      return "unknown field";
    case FastErrc::key_order:
      return "keys not strictly ascending";
    case FastErrc::out_of_range:
      return "out of range";
    case FastErrc::not_decimal:
      return "not a plain decimal string";
  }
  std::unreachable();
}

std::string to_string(FastError const& error) {
  return error.key.empty() ? std::string(to_string(error.code)) : fmt::format("{}: {}", error.key.substr(0, 64), to_string(error.code));
}

Fast<std::int64_t> FastValue::integer() const {
  auto const element = unpack<Element>(raw_);
  std::int64_t value = 0;
  if (element.type() == simdjson::dom::element_type::UINT64) return fail(FastErrc::out_of_range);
  if (element.type() != simdjson::dom::element_type::INT64 || element.get_int64().get(value)) return fail(FastErrc::wrong_type);
  if (value > exact_integer_max || value < -exact_integer_max) return fail(FastErrc::out_of_range);
  return value;
}

Fast<std::string_view> FastValue::string() const {
  std::string_view text;
  if (unpack<Element>(raw_).get_string().get(text)) return fail(FastErrc::wrong_type);
  return text;
}

Fast<std::int64_t> FastValue::decimal() const {
  auto const text = string();
  if (!text) return std::unexpected(text.error());
  return plain_decimal<std::int64_t>(*text);
}

Fast<std::uint64_t> FastValue::unsigned_decimal() const {
  auto const text = string();
  if (!text) return std::unexpected(text.error());
  if (text->starts_with('-')) return fail(FastErrc::not_decimal);
  return plain_decimal<std::uint64_t>(*text);
}

Fast<bool> FastValue::boolean() const {
  bool value = false;
  if (unpack<Element>(raw_).get_bool().get(value)) return fail(FastErrc::wrong_type);
  return value;
}

bool FastValue::is_null() const { return unpack<Element>(raw_).is_null(); }

Fast<FastObject> FastValue::object() const {
  simdjson::dom::object object;
  if (unpack<Element>(raw_).get_object().get(object)) return fail(FastErrc::wrong_type);
  FastObject out;
  Cursor const begin = object.begin();
  Cursor const end = object.end();
  std::string_view previous;
  for (Cursor cursor = begin; cursor != end; ++cursor) {
    std::string_view const key = cursor.key();
    if (out.size_ > 0 && previous >= key) return fail(FastErrc::key_order, key);
    previous = key;
    ++out.size_;
  }
  out.begin_ = out.cursor_ = pack(begin);
  out.end_ = pack(end);
  return out;
}

Fast<FastArray> FastValue::array() const {
  simdjson::dom::array array;
  if (unpack<Element>(raw_).get_array().get(array)) return fail(FastErrc::wrong_type);
  FastArray out;
  ArrayCursor const end = array.end();
  for (ArrayCursor cursor = array.begin(); cursor != end; ++cursor) ++out.size_;
  out.cursor_ = pack(array.begin());
  out.end_ = pack(end);
  return out;
}

Fast<FastValue> FastObject::field(std::string_view key) {
  auto const end = unpack<Cursor>(end_);
  auto cursor = unpack<Cursor>(cursor_);
  if (cursor == end || !cursor.key_equals(key)) {
    // Not the next one: an optional field that is absent, or asked out of order. Keys ascend, so stop at the first greater one.
    auto search = unpack<Cursor>(begin_);
    while (search != end && search.key() < key) ++search;
    if (search == end || !search.key_equals(key)) return fail(FastErrc::missing, key);
    cursor = search;
  }
  FastValue value;
  value.raw_ = pack(cursor.value());
  ++cursor;
  cursor_ = pack(cursor);
  ++read_;
  return value;
}

bool FastObject::has(std::string_view key) {
  auto const end = unpack<Cursor>(end_);
  auto const next = unpack<Cursor>(cursor_);
  if (next != end && next.key_equals(key)) return true;
  auto search = unpack<Cursor>(begin_);
  while (search != end && search.key() < key) ++search;
  return search != end && search.key_equals(key);
}

Fast<std::int64_t> FastObject::integer(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->integer(), key) : std::unexpected(value.error());
}
Fast<std::int64_t> FastObject::decimal(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->decimal(), key) : std::unexpected(value.error());
}
Fast<std::uint64_t> FastObject::unsigned_decimal(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->unsigned_decimal(), key) : std::unexpected(value.error());
}
Fast<std::string_view> FastObject::string(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->string(), key) : std::unexpected(value.error());
}
Fast<bool> FastObject::boolean(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->boolean(), key) : std::unexpected(value.error());
}
Fast<FastObject> FastObject::object(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->object(), key) : std::unexpected(value.error());
}
Fast<FastArray> FastObject::array(std::string_view key) {
  auto const value = field(key);
  return value ? named(value->array(), key) : std::unexpected(value.error());
}

std::expected<void, FastError> FastObject::finish() const {
  if (read_ >= size_) return {};
  // Cold: name a field, as well as can be told without remembering which were read.
  auto const next = unpack<Cursor>(cursor_);
  return fail(FastErrc::unknown, next != unpack<Cursor>(end_) ? next.key() : std::string_view());
}

bool FastObject::at_end() const { return unpack<Cursor>(cursor_) == unpack<Cursor>(end_); }
std::string_view FastObject::current_key() const { return unpack<Cursor>(cursor_).key(); }
FastValue FastObject::current_value() const {
  FastValue value;
  value.raw_ = pack(unpack<Cursor>(cursor_).value());
  return value;
}
void FastObject::advance() {
  auto cursor = unpack<Cursor>(cursor_);
  ++cursor;
  cursor_ = pack(cursor);
  ++read_;
}

bool FastArray::at_end() const { return unpack<ArrayCursor>(cursor_) == unpack<ArrayCursor>(end_); }
FastValue FastArray::current() const {
  FastValue value;
  value.raw_ = pack(*unpack<ArrayCursor>(cursor_));
  return value;
}
void FastArray::advance() {
  auto cursor = unpack<ArrayCursor>(cursor_);
  ++cursor;
  cursor_ = pack(cursor);
}

struct FastParser::Buffers {
  explicit Buffers(std::size_t bytes_max) : parser(bytes_max) {}
  simdjson::dom::parser parser;
  std::string padded;
  std::size_t capacity = 0;
};

FastParser::FastParser(std::size_t bytes_max) : buffers_(std::make_unique<Buffers>(bytes_max)) {}
FastParser::~FastParser() = default;
FastParser::FastParser(FastParser&&) noexcept = default;
FastParser& FastParser::operator=(FastParser&&) noexcept = default;

Fast<FastValue> FastParser::parse(std::string_view text) {
  Buffers& buffers = *buffers_;
  if (text.size() > buffers.parser.max_capacity()) return fail(FastErrc::not_json);
  if (buffers.capacity < text.size() || buffers.capacity == 0) {
    // simdjson would allocate for the default depth of 1024; allocate here so that ours holds.
    std::size_t const capacity = std::max<std::size_t>(std::bit_ceil(text.size()), 4'096);
    if (buffers.parser.allocate(capacity, depth_max + 1)) return fail(FastErrc::not_json);
    buffers.capacity = capacity;
    buffers.padded.reserve(capacity + simdjson::SIMDJSON_PADDING);
  }
  // simdjson reads beyond the end: a copy into a buffer with room costs less than the page faults of a fresh one.
  buffers.padded.assign(text);
  Element root;
  if (buffers.parser.parse(buffers.padded.data(), text.size(), /*realloc_if_needed=*/false).get(root)) return fail(FastErrc::not_json);
  FastValue value;
  value.raw_ = pack(root);
  return value;
}

Fast<FastObject> FastParser::parse_object(std::string_view text) {
  auto const root = parse(text);
  if (!root) return std::unexpected(root.error());
  return root->object();
}

}  // namespace sluice::json
