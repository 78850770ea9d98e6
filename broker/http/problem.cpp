// Writing problem documents.
#include "broker/http/problem.hpp"

#include "policy/json/canonical_writer.hpp"
#include "policy/json/text.hpp"

#include <cassert>

namespace sluice::http {
namespace {

/// Texts may repeat what a stranger sent: invalid UTF-8 in an error must not become invalid JSON.
void append_text(std::string& out, std::string_view text) {
  if (json::valid_utf8(text)) {
    json::append_string(out, text);
    return;
  }
  std::string ascii(text);
  for (char& c : ascii) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  json::append_string(out, ascii);
}

void member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_text(out, text);
}

}  // namespace

Response to_response(Problem const& problem, std::string_view instance, std::string_view request_id) {
  assert(!problem.code.empty() && problem.status >= 400 && problem.status <= 599);
  std::string body;
  body.reserve(256 + problem.detail.size() + problem.errors.size() * 128);
  body += "{\"type\":";
  if (problem.type.empty()) {
    body.append("\"/problems/").append(problem.code).append("\"");
  } else {
    append_text(body, problem.type);
  }
  member(body, "title", problem.title.empty() ? reason_phrase(problem.status) : std::string_view(problem.title));
  body.append(",\"status\":").append(std::to_string(problem.status));
  if (!problem.detail.empty()) member(body, "detail", problem.detail);
  if (!instance.empty()) member(body, "instance", instance);
  member(body, "code", problem.code);
  if (!problem.cause.empty()) member(body, "cause", problem.cause);
  member(body, "request_id", request_id);
  if (!problem.errors.empty()) {
    body += ",\"errors\":[";
    for (auto const& error : problem.errors) {
      if (&error != &problem.errors.front()) body += ',';
      body += "{\"pointer\":";
      append_text(body, error.pointer);
      member(body, "code", error.code);
      member(body, "detail", error.detail);
      body += '}';
    }
    body += ']';
  }
  for (auto const& [name, value] : problem.members) {
    body += ',';
    append_text(body, name);
    body.append(":").append(value);
  }
  body += '}';

  Response response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  for (auto const& [name, value] : problem.headers) response.add(name, value);
  response.body = std::move(body);
  response.close = problem.close;
  response.outcome = problem.cause.empty() ? problem.code : problem.cause;
  return response;
}

}  // namespace sluice::http
