#include "connectors/answers.hpp"

#include "connectors/http/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::connectors {
namespace {

using http_client::HttpFaultKind;

FaultKind kind_of(http_client::HttpFault const& lost) {
  switch (lost.kind) {
    case HttpFaultKind::not_sent:
      return FaultKind::unreachable;
    case HttpFaultKind::forbidden:
      return FaultKind::not_asked;
    case HttpFaultKind::timeout_unknown:
      return FaultKind::timeout;
    case HttpFaultKind::reset:
      return FaultKind::interrupted;
    case HttpFaultKind::too_large:
      return FaultKind::too_large;
    case HttpFaultKind::tls:
      return FaultKind::tls;
    case HttpFaultKind::malformed:
      return FaultKind::malformed;
    case HttpFaultKind::cancelled:
      return FaultKind::cancelled;
  }
  return FaultKind::malformed;
}

std::string_view advice(FaultKind kind, bool outcome_unknown) {
  if (outcome_unknown) return "it may have taken effect: look the attempt up before anything is sent again";
  switch (kind) {
    case FaultKind::unreachable:
      return "check the site's address and whether it is up; it is asked again by itself";
    case FaultKind::timeout:
    case FaultKind::interrupted:
    case FaultKind::cluster_error:
      return "it is asked again by itself; if it lasts, ask the site";
    case FaultKind::tls:
      return "check the site's certificate against ca_file and base_url";
    case FaultKind::too_large:
      return "raise body_bytes_max if the site is trusted to send that much";
    case FaultKind::malformed:
      return "check that base_url and protocol fit the site; the raw answer is kept as evidence";
    case FaultKind::rate_limited:
      return "it is asked again when the site allows; lower poll_every or concurrency_max if it lasts";
    case FaultKind::unauthorised:
      return "replace the account's credential; it is not shown again until it changes";
    case FaultKind::not_found:
      return "look the attempt up by name";
    case FaultKind::conflict:
      return "the name is taken by something else: use the next attempt, and ask the site who made it";
    case FaultKind::refused:
      return "choose another bid; the site's words say why";
    case FaultKind::unsupported:
      return "see the protocol's capabilities";
    case FaultKind::not_asked:
      return "see what held it back";
    case FaultKind::cancelled:
      return "nothing";
  }
  return "";
}

Fault make(FaultKind kind, bool outcome_unknown, std::string what, int status) {
  Fault fault;
  fault.kind = kind;
  fault.outcome_unknown = outcome_unknown;
  fault.what = std::move(what);
  fault.to_do = advice(kind, outcome_unknown);
  fault.status = status;
  return fault;
}

FaultKind kind_of_status(int status) {
  switch (status) {
    case 401:
      return FaultKind::unauthorised;  // 403 is a refusal of this one thing: the credential itself was believed
    case 404:
    case 410:
      return FaultKind::not_found;
    case 408:
      return FaultKind::timeout;
    case 409:
      return FaultKind::conflict;
    case 429:
      return FaultKind::rate_limited;
    default:
      break;
  }
  if (status >= 500) return FaultKind::cluster_error;
  return status >= 400 ? FaultKind::refused : FaultKind::malformed;
}

/// Length of the well-formed UTF-8 sequence at the front; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  auto const at = [&](std::size_t index) { return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u; };
  auto const tail = [&](std::size_t index) { return (at(index) & 0xc0u) == 0x80u; };
  unsigned const lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    bool const narrow = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f);  // overlong, surrogates
    return tail(1) && tail(2) && !narrow ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    bool const narrow = (lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f);
    return tail(1) && tail(2) && tail(3) && !narrow ? 4 : 0;
  }
  return 0;
}

}  // namespace

Fault fault_of(http_client::HttpFault const& lost, Asked asked) {
  FaultKind const kind = kind_of(lost);
  bool const unknown = asked.effect == Effect::acts && lost.may_have_been_received;
  return make(kind, unknown, fmt::format("{}: {}", asked.step, shown(lost.what)), lost.status);
}

Fault fault_of(http_client::HttpReply const& reply, Asked asked) {
  FaultKind kind = kind_of_status(reply.status);
  auto const wait = retry_after_ms(reply, asked.now);
  if (reply.status == 503 && wait) kind = FaultKind::rate_limited;
  // A refusal (4xx) says that nothing was done. A failure, a redirect or anything else does not.
  bool const declined = reply.status >= 400 && reply.status < 500 && reply.status != 408;
  Fault fault = make(kind, asked.effect == Effect::acts && !declined,
                     fmt::format("{}: the site answered {}: {}", asked.step, reply.status, shown(reply.body)), reply.status);
  fault.retry_after_ms = wait;
  if (kind == FaultKind::refused) fault.refusal = Refusal::other;
  return fault;
}

Fault malformed(http_client::HttpReply const& reply, Asked asked, std::string_view what) {
  return make(FaultKind::malformed, asked.effect == Effect::acts, fmt::format("{}: {}", asked.step, shown(what)), reply.status);
}

Fault unsupported(std::string_view what) { return make(FaultKind::unsupported, false, std::string(what), 0); }

std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty() && out.size() < bytes_max) {
    std::size_t const length = sequence_length(text);
    std::string_view const piece = text.substr(0, std::max<std::size_t>(length, 1));
    bool const control = length == 1 && (static_cast<unsigned char>(piece[0]) < 0x20 || piece[0] == 0x7f);
    bool const c1 = length == 2 && piece[0] == '\xc2' && static_cast<unsigned char>(piece[1]) < 0xa0;
    // U+2028/2029 break lines, U+202A to 202E and U+2066 to 2069 reorder them.
    bool const tricky =
        piece.starts_with("\xe2\x80") && static_cast<unsigned char>(piece[2]) >= 0xa8 && static_cast<unsigned char>(piece[2]) <= 0xae;
    bool const isolate =
        piece.starts_with("\xe2\x81") && static_cast<unsigned char>(piece[2]) >= 0xa6 && static_cast<unsigned char>(piece[2]) <= 0xa9;
    if (length == 0 || control || c1 || tricky || isolate) {
      for (char const each : piece) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(each));
    } else {
      out += piece;
    }
    text.remove_prefix(piece.size());
  }
  if (!text.empty()) out += "…";
  return out;
}

std::optional<std::int64_t> retry_after_ms(http_client::HttpReply const& reply, policy::Timestamp now) {
  std::string const* text = reply.header("retry-after");
  if (text == nullptr) return std::nullopt;
  constexpr std::int64_t longest = policy::ms_per_day;
  std::int64_t seconds = 0;
  auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (end == text->data() + text->size() && end != text->data() && error == std::errc{}) {
    if (seconds < 0) return std::nullopt;
    return seconds > longest / 1'000 ? longest : seconds * 1'000;
  }
  auto const date = http_client::parse_http_date(*text);
  if (!date) return std::nullopt;
  // Against the site's own clock where it states one: ours may differ.
  std::string const* own = reply.header("date");
  auto const said = own == nullptr ? std::nullopt : http_client::parse_http_date(*own);
  std::int64_t const from = said ? *said * 1'000 : now.ms;
  return std::clamp<std::int64_t>(*date * 1'000 - from, 0, longest);
}

}  // namespace sluice::connectors
