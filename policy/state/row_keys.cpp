// Keys as bytes and back.
#include "policy/state/row_keys.hpp"

namespace sluice::policy::row {
namespace {

template <class Unsigned>
void put_be(std::string& out, Unsigned value) {
  for (std::size_t i = sizeof value; i-- > 0;) out.push_back(static_cast<char>(static_cast<unsigned char>((value >> (8 * i)) & 0xFF)));
}

template <class Unsigned>
bool read_be(std::string_view bytes, Unsigned& value) {
  if (bytes.size() != sizeof value) return false;
  value = 0;
  for (char const c : bytes) value = static_cast<Unsigned>((value << 8) | static_cast<unsigned char>(c));
  return true;
}

}  // namespace

void put_be64(std::string& out, std::uint64_t value) { put_be(out, value); }
void put_be32(std::string& out, std::uint32_t value) { put_be(out, value); }
bool read_be64(std::string_view bytes, std::uint64_t& value) { return read_be(bytes, value); }
bool read_be32(std::string_view bytes, std::uint32_t& value) { return read_be(bytes, value); }

void put_key(std::string& out, AttemptId id) {
  put_be64(out, id.job.value);
  put_be32(out, id.number);
}
bool read_key(std::string_view bytes, AttemptId& id) {
  return bytes.size() == 12 && read_be64(bytes.substr(0, 8), id.job.value) && read_be32(bytes.substr(8), id.number);
}

void put_key(std::string& out, BookAccount const& account) {
  out.push_back(static_cast<char>(account.kind));
  out += account.owner;
}
bool read_key(std::string_view bytes, BookAccount& account) {
  if (bytes.empty()) return false;
  auto const kind = static_cast<std::uint8_t>(bytes.front());
  if (kind < static_cast<std::uint8_t>(BookKind::bank) || kind > static_cast<std::uint8_t>(BookKind::operator_loss)) return false;
  account.kind = static_cast<BookKind>(kind);
  account.owner = bytes.substr(1);
  return account.owner.empty() || is_name(account.owner);
}

}  // namespace sluice::policy::row
