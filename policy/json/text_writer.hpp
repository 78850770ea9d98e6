// Compact JSON in the order in which it is written: for answers, where speed counts and no bytes are hashed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::json {

/// Writes one value to the end of a string. Brackets and keys are the caller's to match; what goes into the log is CanonicalWriter's.
/// Money and 64-bit ids go in as decimal strings. REQUIRES: texts are valid UTF-8.
class TextWriter {
 public:
  explicit TextWriter(std::string& out) : out_(&out) {}

  TextWriter& begin_object() { return open('{'); }
  TextWriter& end_object() { return close('}'); }
  TextWriter& begin_array() { return open('['); }
  TextWriter& end_array() { return close(']'); }
  /// REQUIRES: a key that needs no escape.
  TextWriter& key(std::string_view name);
  TextWriter& string(std::string_view text);
  TextWriter& integer(std::int64_t value);
  /// A number of any 64-bit magnitude as a decimal string.
  TextWriter& decimal(std::uint64_t value);
  TextWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  TextWriter& null() { return raw("null"); }
  /// A value that is JSON already.
  TextWriter& raw(std::string_view json);

 private:
  TextWriter& open(char bracket);
  TextWriter& close(char bracket);
  void begin_value();

  std::string* out_;
  bool follows_value_ = false;  ///< then a comma stands before the next key or element
};

}  // namespace sluice::json
