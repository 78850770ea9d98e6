// What is asked of a site and what came back: plain values, free of libcurl and Asio.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http_client {

struct Header {
  std::string name;   ///< in replies lower case
  std::string value;  ///< may be a secret: never logged
  bool operator==(Header const&) const = default;
};

/// One request to one declared site. The address is the site's: a request only names what lies below it, so nothing that a
/// cluster or a tenant says can send credentials elsewhere.
struct HttpRequest {
  std::string site;             ///< name given to HttpClient::add_site
  std::string method = "GET";   ///< GET, HEAD, POST, PUT, PATCH or DELETE
  std::string target = "/";     ///< origin form below the site's base URL: "/v1/jobs?attempt=a-1"; percent-encoded by the caller
  std::vector<Header> headers;  ///< no CR, LF or NUL; Host, Content-Length and Transfer-Encoding are the client's own
  std::string body;             ///< sent with Content-Length, never chunked

  /// From the call of send() to the last byte, waiting for a free connection included. 0: the site's default.
  std::chrono::milliseconds deadline{0};
  /// Of the reply's body after decompression. 0: the site's default.
  std::size_t body_bytes_max = 0;
  /// True when asking twice is the same as asking once. Only such a request may be put on the wire a second time, after a
  /// kept connection turned out to be dead. Unset: true for all methods but POST and PATCH.
  std::optional<bool> repeatable;
  /// Event streams: no deadline unless stated, no least speed.
  bool endless = false;
  /// Takes the body piece by piece instead of HttpReply::body; false stops the transfer. Must not call the client.
  std::function<bool(std::string_view)> body_sink;
};

struct HttpReply {
  int status = 0;
  std::vector<Header> headers;  ///< of the final answer, in order, names in lower case
  std::string body;             ///< decompressed
  std::chrono::milliseconds elapsed{0};

  /// Value of the first header of that (lower-case) name; nullptr when absent.
  std::string const* header(std::string_view name) const {
    for (Header const& each : headers) {
      if (each.name == name) return &each.value;
    }
    return nullptr;
  }
};

enum class HttpFaultKind : std::uint8_t {
  not_sent,         ///< no name, no route, refused, no connection in time: the site saw no request
  forbidden,        ///< our own rules forbid it: address, scheme, unknown site, malformed request. Never sent
  timeout_unknown,  ///< the deadline passed, or the answer came too slowly
  reset,            ///< the connection ended before the answer was whole
  too_large,        ///< header or body above its cap
  tls,              ///< no trust: certificate, host name, protocol version. Never sent
  malformed,        ///< the answer is not HTTP, or its compression is broken
  cancelled,        ///< the caller gave up, or the client was destroyed
};

std::string_view name_of(HttpFaultKind kind);

struct HttpFault {
  HttpFaultKind kind = HttpFaultKind::not_sent;
  /// True when at least one byte of the request may have reached the site: what it asked for may have happened.
  bool may_have_been_received = false;
  std::string what;  ///< for people; holds no header value, no body
  int status = 0;    ///< of the answer as far as it was read; 0: none
};

}  // namespace sluice::http_client
