// One answer: a status, header fields, and a body, a shared body or a stream of events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::http {

class EventStream;  // broker/http/event_stream.hpp

/// What the server adds by itself: Date, Content-Length, Connection, X-Request-Id. Do not add those.
struct Response {
  using Body = std::variant<std::string, std::shared_ptr<std::string const>, std::shared_ptr<EventStream>>;

  int status = 200;
  std::string content_type;  ///< empty: no Content-Type field
  std::string fields;        ///< "Name: value\r\n" …, only written by add()
  Body body;
  bool close = false;  ///< close the connection after this answer
  /// Stable word for logs and metrics: a problem's code. Points at a literal or at nothing; never holds user input.
  std::string_view outcome;

  /// Appends a field. REQUIRES: name is a token. Control characters in the value become spaces, so no value can split the header.
  Response& add(std::string_view name, std::string_view value);
  /// First value of a field added with add(), any case.
  std::optional<std::string_view> field(std::string_view name) const;
  /// The body's bytes; empty for a stream.
  std::string_view body_text() const;
};

/// 200 or another status with a JSON body.
Response json_response(int status, std::string body);
/// The same bytes for many clients (an OpenAPI file, a console asset) without a copy each.
Response shared_response(int status, std::string_view content_type, std::shared_ptr<std::string const> body);
/// 200 text/event-stream; the stream lives until either side ends it.
Response event_response(std::shared_ptr<EventStream> stream);
/// 204.
Response empty_response(int status = 204);

/// "Not Found" for 404; "Unknown" for a status we never use.
std::string_view reason_phrase(int status);

}  // namespace sluice::http
