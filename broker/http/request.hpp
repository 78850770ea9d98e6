// One request as a handler sees it: views into the connection, valid until the handler has returned its answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };
constexpr std::size_t method_count = 7;

/// "GET", "DELETE", …
std::string_view to_string(Method method);
/// The method of this exact (case-sensitive) name; nullopt when the server does not implement it.
std::optional<Method> parse_method(std::string_view name);

struct HeaderField {
  std::string_view name;   ///< as sent; compare with equals_ignoring_case
  std::string_view value;  ///< without surrounding blanks
};

/// ASCII comparison, as field names and tokens need it.
bool equals_ignoring_case(std::string_view a, std::string_view b);

struct QueryParameter {
  std::string_view name;   ///< percent-decoded, valid UTF-8, no control characters
  std::string_view value;  ///< likewise; empty when there was no '='
};

/// A segment of the path that the route's template named, e.g. {id}.
struct PathParameter {
  std::string_view name;
  std::string_view value;  ///< percent-decoded, valid UTF-8, no control characters, never empty
};

/// Who is at the other end, as far as the kernel knows.
struct Peer {
  enum class Kind : std::uint8_t { tcp, tls, unix_socket };
  Kind kind = Kind::tcp;
  std::string address;  ///< "192.0.2.1", "2001:db8::1"; empty for a Unix socket
  std::uint16_t port = 0;
  std::optional<std::uint32_t> uid;  ///< Unix socket: SO_PEERCRED at connect time
  std::optional<std::uint32_t> gid;
  std::optional<std::int32_t> pid;
};

/// W3C Trace Context, level 1. Empty when the client sent none or a malformed one (which is ignored, as the standard asks).
struct Traceparent {
  std::string_view text;       ///< the whole value, 55 characters of [0-9a-f-]
  std::string_view trace_id;   ///< 32 hexadecimal digits, not all zero
  std::string_view parent_id;  ///< 16 hexadecimal digits, not all zero
  bool sampled = false;
  bool empty() const { return text.empty(); }
};
/// Reads version 00 strictly, and the known prefix of later versions.
Traceparent parse_traceparent(std::string_view value);

/// Everything has passed the gate: one Host, sound framing, sizes within their limits. Cheap to copy; owns nothing.
struct Request {
  Method method = Method::get;
  std::string_view target;                    ///< as sent, printable ASCII
  std::string_view path;                      ///< as sent, begins with '/', without query
  std::span<QueryParameter const> query;      ///< each name occurs once
  std::span<PathParameter const> parameters;  ///< in the template's order
  std::span<HeaderField const> headers;       ///< in the order sent; fields that must be single are single
  std::string_view content_type;              ///< media type without parameters, as sent; empty without a body
  std::string_view body;                      ///< exactly the bytes sent
  Peer const* peer = nullptr;                 ///< never null in a handler
  std::string_view request_id;                ///< 32 hexadecimal digits, ours, unique
  Traceparent trace;

  /// First field of that name (any case).
  std::optional<std::string_view> header(std::string_view name) const;
  /// Value of a query parameter (exact name).
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// Value of a path parameter. REQUIRES: the route's template names it.
  std::string_view parameter(std::string_view name) const;
};

}  // namespace sluice::http
