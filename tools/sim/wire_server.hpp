// The simulator on sockets: loopback only, and able to break every rule of HTTP on demand.
#pragma once

#include "tools/sim/world.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>

namespace sluice::sim {

struct ServerOptions {
  std::uint16_t port = 0;        ///< of the shared listener; 0: any free one
  bool port_per_centre = false;  ///< also one listener per centre, which really refuses while the centre is gone
};

/// An ordinary server (broker/http) is built never to send half an answer; this one must. Not for anything but tests and demos.
class WireServer {
 public:
  /// Binds 127.0.0.1 and starts to accept. Error: what is wrong.
  static std::expected<std::unique_ptr<WireServer>, std::string> start(boost::asio::io_context& loop, World& world, ServerOptions options);
  ~WireServer();
  WireServer(WireServer const&) = delete;
  WireServer& operator=(WireServer const&) = delete;

  std::uint16_t port() const;
  /// Base URL of a centre: on its own port if it has one, else below the shared one.
  std::string url(std::string const& centre) const;
  /// Stops accepting, closes every connection and the clock's timer.
  void stop();

  struct Core;

 private:
  explicit WireServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace sluice::sim
