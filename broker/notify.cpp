// sd_notify and the watchdog.
#include "broker/notify.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <chrono>
#include <utility>

namespace sluice::broker {

void notify_ready(std::string const& status) { sd_notify(0, ("READY=1\nSTATUS=" + status).c_str()); }
void notify_status(std::string const& status) { sd_notify(0, ("STATUS=" + status).c_str()); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }
void notify_extend_timeout(std::int64_t microseconds) { sd_notify(0, ("EXTEND_TIMEOUT_USEC=" + std::to_string(microseconds)).c_str()); }

void notify_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  auto const usec = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec)).c_str());
}

Watchdog::Watchdog(boost::asio::io_context& loop, std::function<bool()> alive) : timer_(loop), alive_(std::move(alive)) {}

void Watchdog::start() {
  if (sd_watchdog_enabled(0, &interval_us_) > 0) feed();
}

void Watchdog::feed() {
  if (alive_()) sd_notify(0, "WATCHDOG=1");
  timer_.expires_after(std::chrono::microseconds(interval_us_ / 2));
  timer_.async_wait([this](boost::system::error_code const& error) {
    if (!error) feed();
  });
}

}  // namespace sluice::broker
