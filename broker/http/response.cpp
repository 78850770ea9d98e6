// Making answers.
#include "broker/http/response.hpp"

#include "broker/http/event_stream.hpp"
#include "broker/http/request.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::http {

Response& Response::add(std::string_view name, std::string_view value) {
  assert(!name.empty() && name.find_first_of(":\r\n ") == std::string_view::npos);
  fields.append(name).append(": ");
  for (char const c : value) {
    auto const byte = static_cast<unsigned char>(c);
    fields.push_back(byte < 0x20 || byte == 0x7f ? ' ' : c);
  }
  fields.append("\r\n");
  return *this;
}

std::optional<std::string_view> Response::field(std::string_view name) const {
  std::string_view rest = fields;
  while (!rest.empty()) {
    std::string_view const line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(line.size() + 2);
    auto const colon = line.find(": ");
    if (equals_ignoring_case(line.substr(0, colon), name)) return line.substr(colon + 2);
  }
  return std::nullopt;
}

std::string_view Response::body_text() const {
  if (auto const* text = std::get_if<std::string>(&body)) return *text;
  if (auto const* shared = std::get_if<std::shared_ptr<std::string const>>(&body))
    return *shared ? std::string_view(**shared) : std::string_view();
  return {};
}

Response json_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

Response shared_response(int status, std::string_view content_type, std::shared_ptr<std::string const> body) {
  Response response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

Response event_response(std::shared_ptr<EventStream> stream) {
  Response response;
  response.content_type = "text/event-stream";
  response.add("Cache-Control", "no-store").add("X-Accel-Buffering", "no");
  response.body = std::move(stream);
  return response;
}

Response empty_response(int status) {
  Response response;
  response.status = status;
  return response;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 423:
      return "Locked";
    case 425:
      return "Too Early";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

}  // namespace sluice::http
