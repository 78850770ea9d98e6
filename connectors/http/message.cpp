// Names, encodings and dates of the HTTP client.
#include "connectors/http/message.hpp"

#include "connectors/http/client.hpp"

#include <curl/curl.h>

namespace sluice::http_client {

std::string_view name_of(HttpFaultKind kind) {
  switch (kind) {
    case HttpFaultKind::not_sent:
      return "not_sent";
    case HttpFaultKind::forbidden:
      return "forbidden";
    case HttpFaultKind::timeout_unknown:
      return "timeout_unknown";
    case HttpFaultKind::reset:
      return "reset";
    case HttpFaultKind::too_large:
      return "too_large";
    case HttpFaultKind::tls:
      return "tls";
    case HttpFaultKind::malformed:
      return "malformed";
    case HttpFaultKind::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  time_t const seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return std::int64_t{seconds};
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char const each : text) {
    auto const byte = static_cast<unsigned char>(each);
    bool const unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
                            byte == '.' || byte == '_' || byte == '~';
    if (unreserved) {
      encoded += each;
    } else {
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

}  // namespace sluice::http_client
