// The canonical binary form of records: written from their member lists, read back strictly.
//
// Grammar. unsigned: LEB128 in the fewest bytes; signed: zig-zag, then unsigned; bool: 0 or 1; enumeration: unsigned, a listed value;
// text and Name: length, bytes; hash: 32 bytes; optional: bool, then the value if 1; list: count, items; record: its members in order.
// Equal values have equal bytes, and only those bytes are read back.
#pragma once

#include "policy/enum_names.hpp"

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>

namespace sluice::policy::row {

constexpr std::size_t text_bytes_max = 4'096;
constexpr std::size_t items_max = 65'536;

void put_unsigned(std::string& out, std::uint64_t value);
constexpr std::uint64_t zig_zag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t un_zig_zag(std::uint64_t bits) { return static_cast<std::int64_t>((bits >> 1) ^ (0 - (bits & 1))); }

/// Reads from the front of bytes. The first thing wrong sticks; everything read after it is zero.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes), size_(bytes.size()) {}
  bool ok() const { return wrong_ == nullptr; }
  bool at_end() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }
  void fail(char const* what);
  std::uint64_t read_unsigned();
  std::uint8_t read_byte();
  std::string_view read_bytes(std::size_t count);
  /// What is wrong and at which byte.
  std::string error() const;

 private:
  std::string_view bytes_;
  std::size_t size_;
  std::size_t wrong_at_ = 0;
  char const* wrong_ = nullptr;
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsName : std::false_type {};
template <class Tag>
struct IsName<Name<Tag>> : std::true_type {};
template <class T>
struct IsNumber : std::false_type {};
template <class Tag>
struct IsNumber<Number<Tag>> : std::true_type {};
template <class T>
struct IsSharedRecord : std::false_type {};
template <class T>
struct IsSharedRecord<std::shared_ptr<T const>> : std::true_type {};

template <class Enum>
bool is_listed(Enum value) {
  if constexpr (std::is_same_v<Enum, Reason>) {
    return is_reason(value);
  } else if constexpr (std::is_same_v<Enum, RoundPhase>) {
    return value <= RoundPhase::decided;
  } else {
    for (auto const& [listed, name] : EnumNames<Enum>::list)
      if (listed == value) return true;
    return false;
  }
}

template <class T>
void put(std::string& out, T const& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.push_back(value ? '\1' : '\0');
  } else if constexpr (std::is_enum_v<T>) {
    put_unsigned(out, static_cast<std::uint64_t>(value));
  } else if constexpr (std::unsigned_integral<T>) {
    put_unsigned(out, value);
  } else if constexpr (std::signed_integral<T>) {
    put_unsigned(out, zig_zag(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    put_unsigned(out, value.size());
    out += value;
  } else if constexpr (IsName<T>::value) {
    put(out, value.text);
  } else if constexpr (IsNumber<T>::value) {
    put_unsigned(out, value.value);
  } else if constexpr (std::is_same_v<T, AttemptId>) {
    put(out, value.job);
    put(out, value.number);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    put(out, value.ms);
  } else if constexpr (std::is_same_v<T, Money>) {
    put(out, value.micro_yuan);
  } else if constexpr (std::is_same_v<T, RegionCode>) {
    put(out, value.code);
  } else if constexpr (std::is_same_v<T, Hash>) {
    out.append(reinterpret_cast<char const*>(value.bytes.data()), value.bytes.size());
  } else if constexpr (IsOptional<T>::value) {
    put(out, value.has_value());
    if (value) put(out, *value);
  } else if constexpr (IsVector<T>::value) {
    put_unsigned(out, value.size());
    for (auto const& item : value) put(out, item);
  } else if constexpr (IsSharedRecord<T>::value) {
    put(out, *value);
  } else {
    T::fields(value, [&out](std::string_view, auto const& member) { put(out, member); });
  }
}

template <class Integer>
Integer narrow(Reader& reader, std::int64_t value) {
  if (!std::in_range<Integer>(value)) {
    reader.fail("an integer is out of range");
    return 0;
  }
  return static_cast<Integer>(value);
}

template <class T>
void get(Reader& reader, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t const byte = reader.read_byte();
    if (byte > 1) reader.fail("a truth value is neither 0 nor 1");
    value = byte == 1;
  } else if constexpr (std::is_enum_v<T>) {
    std::uint64_t const bits = reader.read_unsigned();
    if (!std::in_range<std::underlying_type_t<T>>(bits)) return reader.fail("an enumeration is out of range");
    value = static_cast<T>(bits);
    if (reader.ok() && !is_listed(value)) reader.fail("an enumeration has no such value");
  } else if constexpr (std::unsigned_integral<T>) {
    std::uint64_t const bits = reader.read_unsigned();
    if (!std::in_range<T>(bits)) return reader.fail("an integer is out of range");
    value = static_cast<T>(bits);
  } else if constexpr (std::signed_integral<T>) {
    value = narrow<T>(reader, un_zig_zag(reader.read_unsigned()));
  } else if constexpr (std::is_same_v<T, std::string>) {
    std::uint64_t const size = reader.read_unsigned();
    if (size > text_bytes_max) return reader.fail("a text is too long");
    value = reader.read_bytes(static_cast<std::size_t>(size));
  } else if constexpr (IsName<T>::value) {
    get(reader, value.text);
    if (!value.text.empty() && !is_name(value.text)) reader.fail("a name has other characters than a name may have");
  } else if constexpr (IsNumber<T>::value) {
    value.value = reader.read_unsigned();
  } else if constexpr (std::is_same_v<T, AttemptId>) {
    get(reader, value.job);
    get(reader, value.number);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    get(reader, value.ms);
  } else if constexpr (std::is_same_v<T, Money>) {
    get(reader, value.micro_yuan);
  } else if constexpr (std::is_same_v<T, RegionCode>) {
    get(reader, value.code);
  } else if constexpr (std::is_same_v<T, Hash>) {
    std::string_view const bytes = reader.read_bytes(value.bytes.size());
    if (bytes.size() == value.bytes.size()) std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
  } else if constexpr (IsOptional<T>::value) {
    bool present = false;
    get(reader, present);
    if (present) get(reader, value.emplace());
  } else if constexpr (IsVector<T>::value) {
    std::uint64_t const count = reader.read_unsigned();
    if (count > items_max || count > reader.left()) return reader.fail("a list claims more items than there are bytes");
    value.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(count, 64)));  // the rest only as it is really there
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) get(reader, value.emplace_back());
  } else if constexpr (IsSharedRecord<T>::value) {
    auto record = std::make_shared<std::remove_const_t<typename T::element_type>>();
    get(reader, *record);
    value = std::move(record);
  } else {
    T::fields(value, [&reader](std::string_view, auto& member) {
      if (reader.ok()) get(reader, member);
    });
  }
}

}  // namespace sluice::policy::row
