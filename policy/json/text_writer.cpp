// Compact JSON, written byte by byte.
#include "policy/json/text_writer.hpp"

#include "policy/json/canonical_writer.hpp"

#include <array>
#include <charconv>

namespace sluice::json {
namespace {

void append_number(std::string& out, auto value) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

}  // namespace

void TextWriter::begin_value() {
  if (follows_value_) out_->push_back(',');
  follows_value_ = true;
}

TextWriter& TextWriter::open(char bracket) {
  begin_value();
  out_->push_back(bracket);
  follows_value_ = false;
  return *this;
}

TextWriter& TextWriter::close(char bracket) {
  out_->push_back(bracket);
  follows_value_ = true;
  return *this;
}

TextWriter& TextWriter::key(std::string_view name) {
  begin_value();
  out_->append("\"").append(name).append("\":");
  follows_value_ = false;
  return *this;
}

TextWriter& TextWriter::string(std::string_view text) {
  begin_value();
  append_string(*out_, text);
  return *this;
}

TextWriter& TextWriter::integer(std::int64_t value) {
  begin_value();
  append_number(*out_, value);
  return *this;
}

TextWriter& TextWriter::decimal(std::uint64_t value) {
  begin_value();
  out_->push_back('"');
  append_number(*out_, value);
  out_->push_back('"');
  return *this;
}

TextWriter& TextWriter::raw(std::string_view json) {
  begin_value();
  out_->append(json);
  return *this;
}

}  // namespace sluice::json
