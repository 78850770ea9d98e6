// What a request must satisfy before its body is read, and the answer for each reason to refuse it.
#pragma once

#include "broker/http/options.hpp"
#include "broker/http/problem.hpp"
#include "broker/http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace sluice::http {

/// Every reason for which this layer itself refuses, from the first byte to the body's last.
enum class Refusal : std::uint8_t {
  // The bytes of the header. All of these close the connection: where the next request begins is unknown.
  malformed_request_line,
  malformed_field,
  bare_line_feed,
  bare_carriage_return,
  control_character,
  folded_field,
  target_too_long,
  header_too_large,
  too_many_fields,
  version_not_supported,
  // Its meaning. These close too.
  method_not_implemented,
  transfer_encoding_chunked,
  transfer_encoding_unknown,
  content_length_repeated,
  content_length_malformed,
  content_length_required,
  content_too_large,
  host_missing,
  host_repeated,
  host_malformed,
  host_mismatch,
  field_repeated,
  target_malformed,
  query_malformed,
  // The route's wishes. Framing is sound, so the connection may go on.
  not_found,
  method_not_allowed,
  content_not_allowed,
  content_type_missing,
  content_type_unsupported,
  content_encoding,
  expectation_failed,
  // Time and room.
  header_timeout,
  body_timeout,
  body_memory,
  too_many_connections,
  stopping,
  internal_error,
};
constexpr std::size_t refusal_count = static_cast<std::size_t>(Refusal::internal_error) + 1;

/// The problem for a refusal, with the limit that was passed; `close` says whether the connection can go on.
Problem problem_of(Refusal refusal, Options const& options);

/// A parsed header, still untrusted.
struct Head {
  std::string_view method;
  std::string_view target;
  bool http_1_1 = true;
  bool keep_alive = true;  ///< as version and Connection fields say
  std::span<HeaderField const> fields;
};

/// What the gate learned.
struct Framing {
  Method method = Method::get;
  std::string_view path;   ///< without query, begins with '/', or "*"
  std::string_view query;  ///< after '?', may be empty
  std::size_t content_length = 0;
  std::string_view content_type;      ///< without parameters
  std::string_view content_encoding;  ///< empty: none
  std::string_view traceparent;
  bool expect_continue = false;
  bool expect_other = false;
};

/// Exactly one Host, equal to the target's authority if that has one; no Transfer-Encoding; at most one Content-Length of 1 … 10 digits,
/// and one where the method carries content; a known method; single fields single; a clean target. First offence in that order of danger.
std::expected<Framing, Refusal> check_head(Head const& head, Options const& options);

}  // namespace sluice::http
