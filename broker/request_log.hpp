// What the HTTP server tells operators through the log: its own mistakes one by one, pressure from outside at most once a minute.
#pragma once

#include "broker/clock.hpp"
#include "broker/http/server.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

namespace sluice::broker {

/// Lives on the loop. No line holds a key, a body or a header field.
class RequestLog {
 public:
  explicit RequestLog(Clock const& clock) : clock_(clock) {}

  /// A line with the request_id for each exchange that ended in the broker's own mistake.
  void exchange(http::Exchange const& exchange);
  /// Out of descriptors or memory: connections wait in the backlog.
  void accept_paused(std::string_view reason);
  /// A connection was turned away: "connections_max", "connections_per_peer_max", "tls_handshake".
  void connection_refused(std::string_view reason);

 private:
  struct Pressure {
    std::int64_t told_at_ms = std::numeric_limits<std::int64_t>::min();
    std::uint64_t since = 0;  ///< times since the last line
  };
  void press(std::string_view event, std::string_view reason, std::string_view to_do);

  Clock const& clock_;
  std::map<std::string, Pressure, std::less<>> pressures_;  ///< by event and reason, both literals or errno texts: few
};

}  // namespace sluice::broker
