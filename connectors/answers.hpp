// From an HTTP answer to a Fault: what every protocol over HTTP judges alike.
#pragma once

#include "connectors/conversation.hpp"
#include "connectors/fault.hpp"
#include "policy/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::connectors {

/// Whether a request changes something at the site, so that losing its answer leaves the outcome unknown.
enum class Effect : std::uint8_t { none, acts };

/// The request line and purpose a fault speaks of.
struct Asked {
  std::string_view step;  ///< "GET /v1/capacity": never holds a secret
  Effect effect = Effect::none;
  policy::Timestamp now;
};

/// No answer came.
Fault fault_of(http_client::HttpFault const& lost, Asked asked);
/// An answer came whose status is not 2xx. Protocols refine what 4xx mean.
Fault fault_of(http_client::HttpReply const& reply, Asked asked);
/// An answer came that is not what the protocol says. `what` names the field.
Fault malformed(http_client::HttpReply const& reply, Asked asked, std::string_view what);
/// The protocol or site cannot do it.
Fault unsupported(std::string_view what);

/// Text from outside for the eyes of people: control characters, broken UTF-8 and line separators escaped, cut at `bytes_max`.
std::string shown(std::string_view text, std::size_t bytes_max = 200);

/// Retry-After (RFC 9110 §10.2.3) in milliseconds from now, seconds or date, at most a day; nullopt when absent or unreadable.
std::optional<std::int64_t> retry_after_ms(http_client::HttpReply const& reply, policy::Timestamp now);

}  // namespace sluice::connectors
