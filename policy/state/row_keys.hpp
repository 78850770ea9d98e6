// Keys of rows: one byte for the table, then the record's key so that byte order is the order of the table.
//
// A Name is its bytes, ended by a zero byte when more follows (no name holds one); numbers are big-endian of fixed width.
#pragma once

#include "policy/state/books.hpp"
#include "policy/state/records.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace sluice::policy::row {

/// The first byte of a key. Part of the snapshot's format: never renumber.
enum class Table : std::uint8_t {
  governance = 1,
  market = 2,
  equivalence = 3,
  round = 4,
  tenants = 5,
  keys = 6,
  principals = 7,
  clusters = 8,
  programmes = 9,
  accounts = 10,
  entitlements = 11,
  quotas = 12,
  offers = 13,
  card_use = 14,
  tenant_cards = 15,
  overrides = 16,
  books = 17,
  jobs = 18,
  attempts = 19,
};

/// Big-endian, so that byte order is numeric order.
void put_be64(std::string& out, std::uint64_t value);
void put_be32(std::string& out, std::uint32_t value);

template <class Tag>
void put_key(std::string& out, Name<Tag> const& name) {
  out += name.text;
}
template <class Tag>
void put_key(std::string& out, Number<Tag> number) {
  put_be64(out, number.value);
}
void put_key(std::string& out, AttemptId id);
void put_key(std::string& out, BookAccount const& account);
template <class Tag>
void put_key(std::string& out, std::pair<Name<Tag>, std::int32_t> const& versioned) {
  out += versioned.first.text;
  out.push_back('\0');
  put_be32(out, static_cast<std::uint32_t>(versioned.second));
}
template <class First, class Second>
void put_key(std::string& out, std::pair<Name<First>, Name<Second>> const& names) {
  out += names.first.text;
  out.push_back('\0');
  out += names.second.text;
}

/// The key of a table's only row, or of one of its rows.
inline std::string key_of(Table table) { return std::string(1, static_cast<char>(table)); }
template <class Key>
std::string key_of(Table table, Key const& key) {
  std::string out = key_of(table);
  put_key(out, key);
  return out;
}

// Each reads all of `bytes` or returns false.
bool read_be64(std::string_view bytes, std::uint64_t& value);
bool read_be32(std::string_view bytes, std::uint32_t& value);
bool read_key(std::string_view bytes, AttemptId& id);
bool read_key(std::string_view bytes, BookAccount& account);
template <class Tag>
bool read_key(std::string_view bytes, Name<Tag>& name) {
  name.text = bytes;
  return is_name(bytes);
}
template <class Tag>
bool read_key(std::string_view bytes, Number<Tag>& number) {
  return read_be64(bytes, number.value);
}
template <class Tag>
bool read_key(std::string_view bytes, std::pair<Name<Tag>, std::int32_t>& versioned) {
  std::size_t const zero = bytes.find('\0');
  std::uint32_t version = 0;
  if (zero == std::string_view::npos || !read_key(bytes.substr(0, zero), versioned.first) || !read_be32(bytes.substr(zero + 1), version) ||
      version > INT32_MAX)
    return false;
  versioned.second = static_cast<std::int32_t>(version);
  return true;
}
template <class First, class Second>
bool read_key(std::string_view bytes, std::pair<Name<First>, Name<Second>>& names) {
  std::size_t const zero = bytes.find('\0');
  return zero != std::string_view::npos && read_key(bytes.substr(0, zero), names.first) && read_key(bytes.substr(zero + 1), names.second);
}

}  // namespace sluice::policy::row
