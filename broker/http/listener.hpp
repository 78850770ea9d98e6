// Sockets that wait for connections: opened or adopted, never exposed without TLS.
#pragma once

#include "broker/http/options.hpp"
#include "broker/http/request.hpp"

#include <cstdint>
#include <expected>
#include <string>

namespace sluice::http {

/// An open file descriptor with one owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }
  int release();

 private:
  int fd_;
};

struct ListeningSocket {
  Descriptor descriptor;  ///< listening, non-blocking, close-on-exec
  std::uint16_t port = 0;
  std::string path;
};

/// check_listener, then bind and listen, or check what was adopted. Error: what failed and what to do.
std::expected<ListeningSocket, std::string> open_listener(Listener const& listener, int backlog);

/// The peer of an accepted connection: address and port, or credentials of a Unix socket.
Peer peer_of(int fd, Listener::Kind kind, bool tls);

/// What counts as one peer for the connection cap: an IPv4 address, an IPv6 /64; empty for Unix sockets, which are not capped.
std::string peer_group(Peer const& peer);

}  // namespace sluice::http
