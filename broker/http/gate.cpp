// The request gate: RFC 9112 framing read strictly (§3.2, §3.3, §6), because the parser beneath accepts what smuggles.
#include "broker/http/gate.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::http {
namespace {

struct Answer {
  int status;
  std::string_view code;   ///< what kind of problem, as the published contract lists it
  std::string_view cause;  ///< which offence exactly
  std::string_view detail;
  bool close;
};

Answer answer_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::malformed_request_line:
      return {400, "malformed_request", "malformed_request_line", "The first line must be: method, one space, target, one space, HTTP/1.1.",
              true};
    case Refusal::malformed_field:
      return {400, "malformed_request", "malformed_header",
              "A header field must be a name, a colon directly after it, and a value of printable characters.", true};
    case Refusal::bare_line_feed:
      return {400, "malformed_request", "bare_line_feed", "Lines of the header end with CR LF; a line feed stood alone.", true};
    case Refusal::bare_carriage_return:
      return {400, "malformed_request", "bare_carriage_return", "Lines of the header end with CR LF; a carriage return stood alone.", true};
    case Refusal::control_character:
      return {400, "malformed_request", "control_character", "The header contains a control character.", true};
    case Refusal::folded_field:
      return {400, "malformed_request", "folded_header", "A header field must not continue on the next line.", true};
    case Refusal::target_too_long:
      return {414, "target_too_long", "", "The request target is too long.", true};
    case Refusal::header_too_large:
      return {431, "headers_too_large", "header_too_large", "The header is too large.", true};
    case Refusal::too_many_fields:
      return {431, "headers_too_large", "too_many_header_fields", "The header has too many fields.", true};
    case Refusal::version_not_supported:
      return {505, "version_not_supported", "", "Use HTTP/1.1.", true};
    case Refusal::method_not_implemented:
      return {501, "not_implemented", "method_not_implemented", "The server does not know this method.", true};
    case Refusal::transfer_encoding_chunked:
      return {411, "length_required", "transfer_encoding_chunked", "Send Content-Length instead of Transfer-Encoding: chunked.", true};
    case Refusal::transfer_encoding_unknown:
      return {501, "not_implemented", "transfer_encoding", "Transfer-Encoding is not supported; send Content-Length and the plain body.",
              true};
    case Refusal::content_length_repeated:
      return {400, "malformed_request", "content_length_repeated", "Send exactly one Content-Length.", true};
    case Refusal::content_length_malformed:
      return {400, "malformed_request", "content_length_malformed", "Content-Length must be 1 to 10 decimal digits.", true};
    case Refusal::content_length_required:
      return {411, "length_required", "content_length_missing", "Send Content-Length (0 when there is no body) with this method.", true};
    case Refusal::content_too_large:
      return {413, "body_too_large", "content_too_large", "The body is larger than this route accepts.", true};
    case Refusal::host_missing:
      return {400, "malformed_request", "host_missing", "Send exactly one Host field.", true};
    case Refusal::host_repeated:
      return {400, "malformed_request", "host_repeated", "Send exactly one Host field.", true};
    case Refusal::host_malformed:
      return {400, "malformed_request", "host_malformed", "Host must be a name or address, optionally with a port.", true};
    case Refusal::host_mismatch:
      return {400, "malformed_request", "host_mismatch", "Host and the authority in the request target differ.", true};
    case Refusal::field_repeated:
      return {400, "malformed_request", "header_repeated", "A header field that must be single was sent twice.", true};
    case Refusal::target_malformed:
      return {400, "malformed_request", "target_malformed",
              "The request target must be an absolute path of RFC 3986 characters, percent-encoded UTF-8 where needed.", true};
    case Refusal::query_malformed:
      return {400, "malformed_query", "query_malformed",
              "The query must be name=value pairs joined by '&', percent-encoded UTF-8, each name once.", false};
    case Refusal::not_found:
      return {404, "not_found", "", "There is nothing at this path.", false};
    case Refusal::method_not_allowed:
      return {405, "method_not_allowed", "", "This path has other methods; the Allow field lists them.", false};
    case Refusal::content_not_allowed:
      return {400, "malformed_request", "content_not_allowed", "This request must not have a body.", false};
    case Refusal::content_type_missing:
      return {415, "unsupported_media_type", "content_type_missing", "Send a Content-Type field with the body.", false};
    case Refusal::content_type_unsupported:
      return {415, "unsupported_media_type", "content_type_unsupported", "This route does not read that Content-Type.", false};
    case Refusal::content_encoding:
      return {415, "unsupported_media_type", "content_encoding", "Send the body without Content-Encoding.", false};
    case Refusal::expectation_failed:
      return {417, "expectation_failed", "", "The only expectation understood is 100-continue.", true};
    case Refusal::header_timeout:
      return {408, "request_timeout", "header_timeout", "The header did not arrive in time.", true};
    case Refusal::body_timeout:
      return {408, "request_timeout", "body_timeout", "The body arrived too slowly.", true};
    case Refusal::body_memory:
      return {503, "unavailable", "busy", "Too many large bodies at once; try again shortly.", true};
    case Refusal::too_many_connections:
      return {503, "unavailable", "too_many_connections", "Too many connections; try again shortly.", true};
    case Refusal::stopping:
      return {503, "unavailable", "stopping", "The server is stopping; try again shortly.", true};
    case Refusal::internal_error:
      return {500, "internal", "internal_error", "The server failed; the request_id helps its operator to find out why.", false};
  }
  std::unreachable();
}

/// The limit that was passed, for the end of the detail.
std::string limit_of(Refusal refusal, Options const& options) {
  switch (refusal) {
    case Refusal::target_too_long:
      return " At most " + std::to_string(options.target_bytes_max) + " bytes are read.";
    case Refusal::header_too_large:
      return " At most " + std::to_string(options.header_bytes_max) + " bytes are read.";
    case Refusal::too_many_fields:
      return " At most " + std::to_string(options.header_fields_max) + " fields are read.";
    case Refusal::content_too_large:
      return " At most " + std::to_string(options.body_bytes_max) + " bytes are read.";
    default:
      return {};
  }
}

/// Fields whose second occurrence could be read differently by two readers, or smuggle a second identity.
constexpr std::array<std::string_view, 10> single_fields{"authorization", "idempotency-key", "content-type",  "content-encoding", "expect",
                                                         "last-event-id", "if-match",        "if-none-match", "traceparent",      "origin"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// RFC 3986 unreserved, sub-delims, ':' and '@', '%', '/' (and '?' in a query).
constexpr std::array<bool, 256> target_bytes = [] {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (char const c : std::string_view("-._~!$&'()*+,;=:@%/?")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool clean_target(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return target_bytes[static_cast<unsigned char>(c)]; });
}

/// uri-host [":" port], not empty, no userinfo.
bool sound_host(std::string_view host) {
  std::string_view name = host;
  if (host.starts_with('[')) {
    auto const end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(1, end - 1);
    std::string_view const rest = host.substr(end + 1);
    if (!std::ranges::all_of(name, [](char c) { return is_hex(c) || c == ':' || c == '.'; }) || name.empty()) return false;
    return rest.empty() || (rest.front() == ':' && rest.size() <= 6 && std::ranges::all_of(rest.substr(1), is_digit));
  }
  if (auto const colon = host.find(':'); colon != std::string_view::npos) {
    std::string_view const port = host.substr(colon + 1);
    if (port.size() > 5 || !std::ranges::all_of(port, is_digit)) return false;
    name = host.substr(0, colon);
  }
  return !name.empty() && name.size() <= 255 &&
         std::ranges::all_of(name, [](char c) { return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Problem problem_of(Refusal refusal, Options const& options) {
  Answer const answer = answer_of(refusal);
  Problem problem;
  problem.status = answer.status;
  problem.code = answer.code;
  problem.cause = answer.cause;
  problem.detail = answer.detail;
  problem.detail += limit_of(refusal, options);
  problem.close = answer.close;
  if (answer.status == 503) problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

std::expected<Framing, Refusal> check_head(Head const& head, Options const& options) {
  Framing framing;
  std::string_view host;
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::string_view length;
  std::string_view transfer_encoding;
  std::size_t transfer_encodings = 0;
  std::array<bool, single_fields.size()> seen{};
  bool repeated = false;
  for (auto const& [name, value] : head.fields) {
    // Cheap first letter test: most fields are none of ours.
    switch (name.empty() ? '\0' : static_cast<char>(name.front() | 0x20)) {
      case 'h':
        if (equals_ignoring_case(name, "host")) {
          host = value;
          ++hosts;
        }
        break;
      case 't':
        if (equals_ignoring_case(name, "transfer-encoding")) {
          transfer_encoding = value;
          ++transfer_encodings;
        }
        break;
      case 'c':
        if (equals_ignoring_case(name, "content-length")) {
          length = value;
          ++lengths;
        }
        break;
      default:
        break;
    }
    for (std::size_t i = 0; i < single_fields.size(); ++i) {
      if (name.size() != single_fields[i].size() || !equals_ignoring_case(name, single_fields[i])) continue;
      repeated = repeated || seen[i];
      seen[i] = true;
      switch (i) {
        case 2:
          framing.content_type = trimmed(value.substr(0, value.find(';')));
          break;
        case 3:
          framing.content_encoding = value;
          break;
        case 4:
          framing.expect_continue = equals_ignoring_case(value, "100-continue");
          framing.expect_other = !framing.expect_continue;
          break;
        case 8:
          framing.traceparent = value;
          break;
        default:
          break;
      }
    }
  }

  // Framing first: what follows the header must be known before anything else is believed.
  if (transfer_encodings > 0) {
    bool const chunked = transfer_encodings == 1 && equals_ignoring_case(transfer_encoding, "chunked");
    return std::unexpected(chunked ? Refusal::transfer_encoding_chunked : Refusal::transfer_encoding_unknown);
  }
  if (lengths > 1) return std::unexpected(Refusal::content_length_repeated);
  if (lengths == 1) {
    if (length.empty() || length.size() > 10 || !std::ranges::all_of(length, is_digit))
      return std::unexpected(Refusal::content_length_malformed);
    for (char const digit : length) framing.content_length = framing.content_length * 10 + static_cast<std::size_t>(digit - '0');
    if (framing.content_length > options.body_bytes_max) return std::unexpected(Refusal::content_too_large);
  }
  if (hosts != 1) return std::unexpected(hosts == 0 ? Refusal::host_missing : Refusal::host_repeated);
  if (!sound_host(host)) return std::unexpected(Refusal::host_malformed);

  auto const method = parse_method(head.method);
  if (!method) return std::unexpected(Refusal::method_not_implemented);
  framing.method = *method;
  bool const carries_content = *method == Method::post || *method == Method::put || *method == Method::patch;
  if (carries_content && lengths == 0) return std::unexpected(Refusal::content_length_required);
  if (repeated) return std::unexpected(Refusal::field_repeated);

  std::string_view target = head.target;
  if (target.size() > options.target_bytes_max) return std::unexpected(Refusal::target_too_long);
  if (!clean_target(target)) return std::unexpected(Refusal::target_malformed);
  if (target == "*") {
    if (*method != Method::options) return std::unexpected(Refusal::target_malformed);
    framing.path = target;
    return framing;
  }
  if (!target.starts_with('/')) {
    // absolute-form, which every server must understand (RFC 9112 §3.2.2). The other forms belong to proxies.
    auto const scheme_end = target.find("://");
    std::string_view const scheme = target.substr(0, scheme_end);
    if (scheme_end == std::string_view::npos || !(equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https"))) {
      return std::unexpected(Refusal::target_malformed);
    }
    target.remove_prefix(scheme_end + 3);
    std::string_view const authority = target.substr(0, target.find_first_of("/?"));
    if (!equals_ignoring_case(authority, host)) return std::unexpected(Refusal::host_mismatch);
    target.remove_prefix(authority.size());
    if (!target.starts_with('/')) {
      // "http://host" and "http://host?q": the path is empty, which means "/" (RFC 3986 §6.2.3).
      framing.path = "/";
      if (target.starts_with('?')) framing.query = target.substr(1);
      return framing;
    }
  }
  auto const question = target.find('?');
  framing.path = target.substr(0, question);
  if (question != std::string_view::npos) framing.query = target.substr(question + 1);
  return framing;
}

}  // namespace sluice::http
