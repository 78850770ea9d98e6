// Lines about requests and connections.
#include "broker/request_log.hpp"

#include "broker/logging.hpp"

namespace sluice::broker {
namespace {

constexpr std::int64_t told_again_after_ms = 60'000;

}  // namespace

void RequestLog::exchange(http::Exchange const& exchange) {
  if (exchange.status != 500) return;
  log_line(Severity::error, "request_failed",
           {{"request_id", std::string(exchange.request_id)},
            {"trace_id", std::string(exchange.trace_id)},
            {"operation", exchange.route != nullptr ? exchange.route->name : "none"},
            {"what", exchange.failure.empty() ? std::string(exchange.outcome) : std::string(exchange.failure)}});
}

void RequestLog::accept_paused(std::string_view reason) {
  press("accept_paused", reason, "raise LimitNOFILE, or listen.connections_max is too high for it");
}

void RequestLog::connection_refused(std::string_view reason) {
  press("connection_refused", reason,
        reason == "tls_handshake" ? "see that clients speak TLS 1.2 or later" : "see who connects, or raise listen.connections_max");
}

void RequestLog::press(std::string_view event, std::string_view reason, std::string_view to_do) {
  std::string key(event);
  key.append("/").append(reason);
  Pressure& pressure = pressures_[key];
  ++pressure.since;
  std::int64_t const now_ms = clock_.since_boot_ms();
  bool const told = pressure.told_at_ms != std::numeric_limits<std::int64_t>::min();
  if (told && now_ms - pressure.told_at_ms < told_again_after_ms) return;
  log_line(Severity::warning, event,
           {{"reason", std::string(reason)}, {"times", std::to_string(pressure.since)}, {"to_do", std::string(to_do)}});
  pressure = {now_ms, 0};
}

}  // namespace sluice::broker
