// Why an operation on a cluster failed, and whether it may have taken effect all the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors {

enum class FaultKind : std::uint8_t {
  unreachable,    ///< nothing was sent: refused, no name, no route
  timeout,        ///< no whole answer in time
  interrupted,    ///< the connection ended before the answer was whole
  tls,            ///< the site could not be trusted, or did not trust us
  too_large,      ///< an answer above its byte cap
  malformed,      ///< an answer that is not what the protocol says
  cluster_error,  ///< the site says that it failed (5xx)
  rate_limited,   ///< the site asks for patience (429, 503 with Retry-After)
  unauthorised,   ///< credentials refused: stop, tell the operator, never loop
  not_found,      ///< the site knows no such object
  conflict,       ///< the name is taken by something that is not this order
  refused,        ///< understood and declined; `code` says why
  unsupported,    ///< this protocol or site cannot do it (see Capabilities)
  not_asked,      ///< our own breaker, limit or rule held it back
  cancelled,      ///< the caller gave up
};

std::string_view name_of(FaultKind kind);

/// One answer as it came, kept as evidence. The request line holds no secret.
struct RawReply {
  std::string request;  ///< "GET /v1/capacity"
  int status = 0;
  std::string body;
  bool operator==(RawReply const&) const = default;
};

/// What a cluster says when it declines an order. Text from outside never decides; these codes do.
enum class Refusal : std::uint8_t {
  none = 0,
  other,            ///< declined for a reason without a code of its own
  no_capacity,      ///< not enough free cards now
  price_changed,    ///< the agreed price no longer holds
  purse_exhausted,  ///< the programme's money is used up at the site
  image_unreachable,
  input_unreachable,
  limit_exceeded,  ///< a quota or run limit of the site
  invalid_order,   ///< can never be accepted as it is
  not_open,        ///< draining, in maintenance, or suspended
};

std::string_view name_of(Refusal refusal);

struct Fault {
  FaultKind kind = FaultKind::malformed;
  /// True when the operation may have taken effect: only a look-up can tell, and nothing is sent again before it did.
  bool outcome_unknown = false;
  std::string cluster;  ///< filled in by Connector
  std::string what;     ///< what happened, at which step; text from outside is capped and escaped
  std::string to_do;    ///< what a person or the broker does next
  Refusal refusal = Refusal::none;
  int status = 0;                              ///< HTTP status, 0: none
  std::optional<std::int64_t> retry_after_ms;  ///< as the site asked
  std::vector<RawReply> raw;                   ///< every answer of the conversation so far
};

/// True when the site's health is in doubt, so that the breaker should count it: not for refusals or our own limits.
bool counts_against_cluster(FaultKind kind);
/// True when the same question may simply be asked again a little later.
bool is_passing(FaultKind kind);

}  // namespace sluice::connectors
