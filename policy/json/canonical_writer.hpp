// Canonical JSON (the subset of RFC 8785 that the log uses): one value, one text, so that bytes can be hashed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::json {

/// Largest magnitude of an integer that every JSON reader keeps (RFC 7493).
constexpr std::int64_t integer_max = (std::int64_t{1} << 53) - 1;

/// Appends `text` with its quotes, escaped exactly as RFC 8785 §3.2.2.2 says: \" \\ \b \t \n \f \r, \u00xx for other controls, all else
/// raw. REQUIRES: valid UTF-8.
void append_string(std::string& out, std::string_view text);

/// Writes one value, straight to the end of a string. Our own mistakes are asserted: keys not strictly ascending, not ASCII or needing an
/// escape; integers beyond ±integer_max; invalid UTF-8; nesting beyond 64; ends that do not match. No floats exist here.
/// 64-bit ids and money go in as decimal strings.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(std::string& out) : out_(&out) {}

  CanonicalWriter& begin_object();
  CanonicalWriter& end_object();
  CanonicalWriter& begin_array();
  CanonicalWriter& end_array();
  CanonicalWriter& key(std::string_view name);
  CanonicalWriter& string(std::string_view text);
  CanonicalWriter& integer(std::int64_t value);
  /// A number of any 64-bit magnitude as a decimal string.
  CanonicalWriter& decimal(std::int64_t value);
  CanonicalWriter& decimal(std::uint64_t value);
  CanonicalWriter& boolean(bool value);
  CanonicalWriter& null();
  /// A value that is canonical already.
  CanonicalWriter& raw(std::string_view canonical);

  /// True when exactly one whole value has been written.
  bool complete() const { return depth_ == 0 && levels_[0].values == 1; }

 private:
  struct Level {
    std::size_t key_begin = 0;  ///< of the last key in out_, without quotes
    std::size_t key_length = 0;
    std::size_t values = 0;
    bool object = false;
    bool key_pending = false;
  };
  void begin_value();
  void begin(char bracket, bool object);
  void end(char bracket, bool object);

  std::string* out_;
  std::size_t depth_ = 0;
  std::array<Level, 65> levels_{};  ///< [0] is outside every container
};

/// The canonical text of a parsed value. Error: the pointer and reason for a float, an integer beyond ±integer_max, or a key that is not
/// plain ASCII.
std::expected<std::string, std::string> canonicalise(nlohmann::json const& value);

}  // namespace sluice::json
