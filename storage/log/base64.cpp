#include "storage/log/base64.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <climits>

namespace sluice::log {

std::string to_base64(policy::Bytes data) {
  assert(data.size() <= INT_MAX / 2);
  std::string text((data.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a NUL
  int const written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data.data(), static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > INT_MAX / 2) return std::nullopt;
  if (text.empty()) return std::string{};
  std::string bytes(text.size() / 4 * 3, '\0');
  int const decoded = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<unsigned char const*>(text.data()),
                                      static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  // EVP_DecodeBlock trims white space and can come out shorter than it should.
  if (static_cast<std::size_t>(decoded) < padding) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(decoded) - padding);
  if (to_base64(policy::bytes_of(bytes)) != text) return std::nullopt;
  return bytes;
}

}  // namespace sluice::log
