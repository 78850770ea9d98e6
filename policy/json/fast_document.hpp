// Fast reading of canonical entries for replay (simdjson DOM behind it): objects field by field, typed and checked, no exceptions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::json {

enum class FastErrc : std::uint8_t {
  not_json,      ///< syntax, UTF-8, depth > 64 or size
  wrong_type,    ///< the field holds another type
  missing,       ///< no such field
  unknown,       ///< a field nobody asked for
  key_order,     ///< keys not strictly ascending (so a duplicate, or not canonical)
  out_of_range,  ///< an integer beyond ±(2^53 - 1), or a decimal string that does not fit
  not_decimal,   ///< a string that is not a plain decimal
};
std::string_view to_string(FastErrc code);

/// Small on purpose: it is made on the hot path. `key` points into the document or the caller's literal.
struct FastError {
  FastErrc code = FastErrc::not_json;
  std::string_view key;
};
std::string to_string(FastError const& error);

template <class T>
using Fast = std::expected<T, FastError>;

class FastObject;
class FastArray;

/// Any value. A copyable view; valid until its parser parses again.
class FastValue {
 public:
  Fast<std::int64_t> integer() const;
  /// A decimal string, as money and 64-bit ids are written.
  Fast<std::int64_t> decimal() const;
  Fast<std::uint64_t> unsigned_decimal() const;
  Fast<std::string_view> string() const;
  Fast<bool> boolean() const;
  Fast<FastObject> object() const;
  Fast<FastArray> array() const;
  bool is_null() const;

 private:
  friend class FastParser;
  friend class FastObject;
  friend class FastArray;
  alignas(8) std::array<std::byte, 16> raw_{};  ///< a simdjson element: document and tape index
};

/// An object whose keys are strictly ascending (checked when it is opened). Asking in key order costs one comparison a field; any order
/// works.
class FastObject {
 public:
  std::size_t size() const { return size_; }
  /// missing when there is none.
  Fast<FastValue> field(std::string_view key);
  bool has(std::string_view key);

  Fast<std::int64_t> integer(std::string_view key);
  Fast<std::int64_t> decimal(std::string_view key);
  Fast<std::uint64_t> unsigned_decimal(std::string_view key);
  Fast<std::string_view> string(std::string_view key);
  Fast<bool> boolean(std::string_view key);
  Fast<FastObject> object(std::string_view key);
  Fast<FastArray> array(std::string_view key);

  /// unknown when a field was never asked for. Each field counts once: ask for none twice.
  std::expected<void, FastError> finish() const;

  /// Walking: key and value at the cursor, then the next one. For objects whose keys are data.
  bool at_end() const;
  std::string_view current_key() const;
  FastValue current_value() const;
  void advance();

 private:
  friend class FastValue;
  alignas(8) std::array<std::byte, 16> cursor_{};
  alignas(8) std::array<std::byte, 16> begin_{};
  alignas(8) std::array<std::byte, 16> end_{};
  std::size_t size_ = 0;
  std::size_t read_ = 0;
};

/// An array, walked once from the front.
class FastArray {
 public:
  std::size_t size() const { return size_; }
  bool at_end() const;
  FastValue current() const;
  void advance();

 private:
  friend class FastValue;
  alignas(8) std::array<std::byte, 16> cursor_{};
  alignas(8) std::array<std::byte, 16> end_{};
  std::size_t size_ = 0;
};

/// Owns the buffers; keep one per thread and reuse it. Not thread-safe.
class FastParser {
 public:
  /// Texts above `bytes_max` are refused as not_json.
  explicit FastParser(std::size_t bytes_max = 1u << 20);
  ~FastParser();
  FastParser(FastParser&&) noexcept;
  FastParser& operator=(FastParser&&) noexcept;

  /// The root. Its views live until the next parse; string values point into the parser, not into `text`.
  Fast<FastValue> parse(std::string_view text);
  /// The root as an object.
  Fast<FastObject> parse_object(std::string_view text);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace sluice::json
