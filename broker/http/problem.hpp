// Problem documents (RFC 9457): the one shape of every 4xx and 5xx answer.
#pragma once

#include "broker/http/request.hpp"
#include "broker/http/response.hpp"
#include "policy/json/field_error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// An error in the making. `code` is stable and machine-readable; `type` is derived from it: "/problems/<code>".
struct Problem {
  int status = 500;
  std::string_view code;                                     ///< a literal: snake_case, stable for ever
  std::string_view cause;                                    ///< a literal: which of several offences behind one code; may be empty
  std::string title;                                         ///< short, the same for every occurrence; empty: the reason phrase
  std::string detail;                                        ///< this occurrence: what is wrong and what to do
  std::vector<json::FieldError> errors;                      ///< one per wrong field, with JSON pointer
  std::string type;                                          ///< empty: "/problems/<code>"; set for registered types of others (IANA)
  std::vector<std::pair<std::string, std::string>> members;  ///< further members: ASCII name → JSON text, already well-formed
  std::vector<std::pair<std::string, std::string>> headers;  ///< Retry-After, Allow, …
  bool close = false;                                        ///< the connection cannot be used after this
};

/// application/problem+json with type, title, status, detail, instance (the request's path), code, request_id, errors and further members.
Response to_response(Problem const& problem, std::string_view instance, std::string_view request_id);
inline Response to_response(Problem const& problem, Request const& request) {
  return to_response(problem, request.path, request.request_id);
}

}  // namespace sluice::http
