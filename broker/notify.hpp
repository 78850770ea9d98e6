// Talking to the service manager: ready, status, watchdog, reloading, stopping.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <string>

namespace sluice::broker {

/// sd_notify(3) states; without a service manager every call does nothing.
void notify_ready(std::string const& status);
void notify_status(std::string const& status);
void notify_reloading();
void notify_stopping();
/// Asks for this much more time to start or stop.
void notify_extend_timeout(std::int64_t microseconds);

/// Feeds the watchdog from the loop at half its interval, as long as `alive` says that loop and committer make progress.
class Watchdog {
 public:
  Watchdog(boost::asio::io_context& loop, std::function<bool()> alive);
  void start();
  void stop() { timer_.cancel(); }

 private:
  void feed();
  boost::asio::steady_timer timer_;
  std::function<bool()> const alive_;
  std::uint64_t interval_us_ = 0;
};

}  // namespace sluice::broker
