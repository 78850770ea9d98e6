// Bytes of integers, and a reader that never steps outside its bytes.
#include "policy/state/row_codec.hpp"

namespace sluice::policy::row {

void put_unsigned(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value | 0x80)));
    value >>= 7;
  }
  out.push_back(static_cast<char>(static_cast<unsigned char>(value)));
}

void Reader::fail(char const* what) {
  if (wrong_ != nullptr) return;
  wrong_ = what;
  wrong_at_ = size_ - bytes_.size();
  bytes_ = {};
}

std::uint8_t Reader::read_byte() {
  if (bytes_.empty()) {
    fail("the bytes end too early");
    return 0;
  }
  auto const byte = static_cast<std::uint8_t>(bytes_.front());
  bytes_.remove_prefix(1);
  return byte;
}

std::uint64_t Reader::read_unsigned() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    std::uint8_t const byte = read_byte();
    if (!ok()) return 0;
    std::uint64_t const bits = byte & 0x7F;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) break;  // a shorter form exists
      return value;
    }
  }
  fail("an integer is not in its shortest form, or above 64 bits");
  return 0;
}

std::string_view Reader::read_bytes(std::size_t count) {
  if (bytes_.size() < count) {
    fail("the bytes end too early");
    return {};
  }
  std::string_view const taken = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return taken;
}

std::string Reader::error() const {
  return wrong_ == nullptr ? std::string{} : std::string(wrong_) + " (byte " + std::to_string(wrong_at_) + ")";
}

}  // namespace sluice::policy::row
