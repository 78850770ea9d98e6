#include "storage/rocks/private_rows.hpp"

#include <fmt/format.h>

#include <cassert>

namespace sluice::rocks {
namespace {

constexpr char row_mark = 'p';
constexpr char index_mark = 'x';
constexpr char value_version = 1;
constexpr std::size_t header_bytes = 1 + key_id_bytes + 8;
constexpr std::size_t length_bytes = 4;

std::string be64(std::int64_t number) {
  std::string bytes;
  auto const value = static_cast<std::uint64_t>(number);
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}
std::int64_t from_be64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return static_cast<std::int64_t>(value);
}

std::string associated(std::int64_t expires_at_ms, std::string_view row_key) {
  std::string data = "sluice private 1";
  data += be64(expires_at_ms);
  data += row_key;
  return data;
}

}  // namespace

std::string private_prefix(log::PrivateKind kind) { return {row_mark, static_cast<char>(kind)}; }

std::string private_prefix(log::PrivateKind kind, std::string_view owner) {
  assert(owner.find('\0') == std::string_view::npos);
  std::string prefix = private_prefix(kind);
  prefix += owner;
  prefix += '\0';
  return prefix;
}

std::string private_row_key(log::PrivateKind kind, std::string_view owner, std::string_view key) {
  return private_prefix(kind, owner).append(key);
}

std::optional<PrivateRowName> parse_private_row_key(std::string_view row_key) {
  if (row_key.size() < 2 || row_key[0] != row_mark) return std::nullopt;
  std::size_t const end = row_key.find('\0', 2);
  if (end == std::string_view::npos) return std::nullopt;
  return PrivateRowName{static_cast<log::PrivateKind>(row_key[1]), std::string(row_key.substr(2, end - 2)),
                        std::string(row_key.substr(end + 1))};
}

std::string expiry_index_key(std::int64_t expires_at_ms, log::Sequence first) {
  std::string key(1, index_mark);
  key += be64(expires_at_ms);
  key += be64(static_cast<std::int64_t>(first));
  return key;
}

std::optional<std::int64_t> parse_expiry_index_key(std::string_view index_key) {
  if (index_key.size() != 17 || index_key[0] != index_mark) return std::nullopt;
  return from_be64(index_key.substr(1));
}

void append_expiring(std::string& index_value, std::string_view row_key) {
  for (int shift = 24; shift >= 0; shift -= 8) index_value.push_back(static_cast<char>(row_key.size() >> shift));
  index_value += row_key;
}

std::optional<std::string_view> take_expiring(std::string_view& index_value) {
  if (index_value.size() < length_bytes) return std::nullopt;
  std::size_t length = 0;
  for (char const byte : index_value.substr(0, length_bytes)) length = length << 8 | static_cast<std::uint8_t>(byte);
  if (index_value.size() - length_bytes < length) return std::nullopt;
  std::string_view const row_key = index_value.substr(length_bytes, length);
  index_value.remove_prefix(length_bytes + length);
  return row_key;
}

std::string seal_private_part(OwnerKey const& key, log::PrivatePart const& part, std::string_view row_key) {
  std::string value(1, value_version);
  value += key.id;
  value += be64(part.expires_at_ms);
  value += seal(key.key, part.bytes, associated(part.expires_at_ms, row_key));
  return value;
}

std::optional<std::int64_t> expiry_of(std::string_view value) {
  if (value.size() < header_bytes || value[0] != value_version) return std::nullopt;
  return from_be64(value.substr(1 + key_id_bytes));
}

std::expected<std::optional<log::OpenedPart>, std::string> open_private_part(KeyStore& keys, PrivateRowName const& name,
                                                                             std::string_view row_key, std::string_view value) {
  auto const expiry = expiry_of(value);
  if (!expiry) return std::unexpected(fmt::format("a private part of {} is damaged: its header is malformed", name.owner));
  auto const found = keys.find(name.owner, value.substr(1, key_id_bytes));
  if (!found) return std::unexpected(found.error());
  if (found->fate == KeyFate::erased) return std::nullopt;
  if (found->fate == KeyFate::lost) {
    return std::unexpected(
        fmt::format("a private part of {} cannot be opened: its key is lost, not erased; restore the key directory", name.owner));
  }
  auto plain = unseal(found->key, value.substr(header_bytes), associated(*expiry, row_key));
  if (!plain) return std::unexpected(fmt::format("a private part of {} is damaged: it does not open under its key", name.owner));
  return log::OpenedPart{std::move(*plain), *expiry};
}

}  // namespace sluice::rocks
