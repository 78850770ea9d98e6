// Canonical JSON, written byte by byte.
#include "policy/json/canonical_writer.hpp"

#include "policy/json/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cassert>
#include <charconv>

namespace sluice::json {
namespace {

/// What an ASCII byte becomes inside a string: 0 itself, 'u' a \u00xx escape, else the letter after the backslash.
constexpr std::array<char, 256> escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

char escape_of(char c) { return escapes[static_cast<unsigned char>(c)]; }

/// Keys are ASCII letters, digits and marks, so that byte order is RFC 8785's order and no escape is ever needed.
bool plain_key(std::string_view name) {
  for (char const c : name) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || escape_of(c) != 0) return false;
  }
  return true;
}

void append_integer(std::string& out, auto value) {
  std::array<char, 24> buffer;
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t clean = 0;  // start of the bytes not yet appended
  bool ascii = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    ascii = ascii && static_cast<unsigned char>(text[i]) < 0x80;
    char const escape = escape_of(text[i]);
    if (escape == 0) continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    out.push_back('\\');
    out.push_back(escape);
    if (escape == 'u') {
      constexpr std::string_view hex = "0123456789abcdef";
      auto const byte = static_cast<unsigned char>(text[i]);
      out.append("00");
      out.push_back(hex[byte >> 4]);
      out.push_back(hex[byte & 15]);
    }
  }
  assert(ascii || valid_utf8(text));
  out.append(text, clean);
  out.push_back('"');
}

void CanonicalWriter::begin_value() {
  Level& level = levels_[depth_];
  if (level.object) {
    assert(level.key_pending && "a value in an object needs its key first");
    level.key_pending = false;
  } else {
    assert((depth_ > 0 || level.values == 0) && "one text holds one value");
    if (level.values > 0) out_->push_back(',');
  }
  ++level.values;
}

void CanonicalWriter::begin(char bracket, bool object) {
  begin_value();
  assert(depth_ + 1 < levels_.size() && "nested deeper than 64");
  levels_[++depth_] = Level{.object = object};
  out_->push_back(bracket);
}

void CanonicalWriter::end(char bracket, bool object) {
  assert(depth_ > 0 && levels_[depth_].object == object && !levels_[depth_].key_pending && "ends must match");
  static_cast<void>(object);
  --depth_;
  out_->push_back(bracket);
}

CanonicalWriter& CanonicalWriter::begin_object() {
  begin('{', true);
  return *this;
}
CanonicalWriter& CanonicalWriter::end_object() {
  end('}', true);
  return *this;
}
CanonicalWriter& CanonicalWriter::begin_array() {
  begin('[', false);
  return *this;
}
CanonicalWriter& CanonicalWriter::end_array() {
  end(']', false);
  return *this;
}

CanonicalWriter& CanonicalWriter::key(std::string_view name) {
  Level& level = levels_[depth_];
  assert(level.object && !level.key_pending && "a key belongs in an object, once per value");
  assert(plain_key(name) && "keys are ASCII without escapes");
  assert((level.values == 0 || std::string_view(*out_).substr(level.key_begin, level.key_length) < name) && "keys strictly ascending");
  if (level.values > 0) out_->push_back(',');
  out_->push_back('"');
  level.key_begin = out_->size();
  level.key_length = name.size();
  level.key_pending = true;
  out_->append(name);
  out_->append("\":");
  return *this;
}

CanonicalWriter& CanonicalWriter::string(std::string_view text) {
  begin_value();
  append_string(*out_, text);
  return *this;
}

CanonicalWriter& CanonicalWriter::integer(std::int64_t value) {
  assert(value >= -integer_max && value <= integer_max && "larger numbers are decimal strings");
  begin_value();
  append_integer(*out_, value);
  return *this;
}

CanonicalWriter& CanonicalWriter::decimal(std::int64_t value) {
  begin_value();
  out_->push_back('"');
  append_integer(*out_, value);
  out_->push_back('"');
  return *this;
}

CanonicalWriter& CanonicalWriter::decimal(std::uint64_t value) {
  begin_value();
  out_->push_back('"');
  append_integer(*out_, value);
  out_->push_back('"');
  return *this;
}

CanonicalWriter& CanonicalWriter::boolean(bool value) {
  begin_value();
  out_->append(value ? "true" : "false");
  return *this;
}

CanonicalWriter& CanonicalWriter::null() {
  begin_value();
  out_->append("null");
  return *this;
}

CanonicalWriter& CanonicalWriter::raw(std::string_view canonical) {
  begin_value();
  out_->append(canonical);
  return *this;
}

namespace {

/// Writes `value`; the pointer and reason when the subset cannot say it. Recursion is bounded by the depth it checks.
std::expected<void, std::string> write(CanonicalWriter& writer, nlohmann::json const& value, std::string const& pointer,
                                       std::size_t depth) {
  auto const bad = [&](std::string_view why) { return std::unexpected(fmt::format("{}: {}", pointer, why)); };
  switch (value.type()) {
    case nlohmann::json::value_t::null:
      writer.null();
      return {};
    case nlohmann::json::value_t::boolean:
      writer.boolean(value == true);
      return {};
    case nlohmann::json::value_t::string: {
      auto const& text = value.get_ref<std::string const&>();
      if (!valid_utf8(text)) return bad("not UTF-8");
      writer.string(text);
      return {};
    }
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned: {
      auto const* natural = value.get_ptr<nlohmann::json::number_unsigned_t const*>();
      if (natural != nullptr && *natural > static_cast<std::uint64_t>(integer_max)) return bad("integer beyond 2^53 - 1");
      auto const number =
          natural != nullptr ? static_cast<std::int64_t>(*natural) : *value.get_ptr<nlohmann::json::number_integer_t const*>();
      if (number > integer_max || number < -integer_max) return bad("integer beyond 2^53 - 1");
      writer.integer(number);
      return {};
    }
    case nlohmann::json::value_t::array: {
      if (depth == 64) return bad("nested deeper than 64");
      writer.begin_array();
      std::size_t index = 0;
      for (auto const& element : value) {
        if (auto done = write(writer, element, fmt::format("{}/{}", pointer, index++), depth + 1); !done) return done;
      }
      writer.end_array();
      return {};
    }
    case nlohmann::json::value_t::object: {
      if (depth == 64) return bad("nested deeper than 64");
      writer.begin_object();
      for (auto const& [name, member] : value.get_ref<nlohmann::json::object_t const&>()) {
        if (!plain_key(name)) return bad("a key is not plain ASCII");
        writer.key(name);
        if (auto done = write(writer, member, fmt::format("{}/{}", pointer, name), depth + 1); !done) return done;
      }
      writer.end_object();
      return {};
    }
    default:
      return bad("a number with a fraction or exponent has no place here");
  }
}

}  // namespace

std::expected<std::string, std::string> canonicalise(nlohmann::json const& value) {
  std::string out;
  CanonicalWriter writer(out);
  if (auto done = write(writer, value, "", 0); !done) return std::unexpected(std::move(done.error()));
  return out;
}

}  // namespace sluice::json
