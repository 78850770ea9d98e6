// What can be chosen about the HTTP server: limits, timeouts, listeners. Standard library only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::http {

/// PEM files of a TLS listener. Read at start and at every reload_certificates().
struct TlsFiles {
  std::string certificate_chain;  ///< leaf first
  std::string private_key;        ///< never logged, never in an error text
  std::string client_authority;   ///< not empty: a client certificate signed by it is required
};

/// One place where the server accepts connections.
struct Listener {
  enum class Kind : std::uint8_t { tcp, unix_socket };
  Kind kind = Kind::tcp;
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6 literal; TCP only
  std::uint16_t port = 0;             ///< 0: the kernel chooses, Server::listen tells which
  std::string path;                   ///< Unix socket only; a stale socket file there is replaced
  std::uint32_t mode = 0660;          ///< permissions of the Unix socket file
  int adopted_fd = -1;                ///< ≥ 0: an already bound and listening socket (systemd socket activation); kind must fit
  std::optional<TlsFiles> tls;        ///< TCP only
};

/// Limits hold per request or connection unless they say otherwise. Every one of them is enforced before memory is spent.
struct Options {
  // Request gate.
  std::size_t target_bytes_max = 8 * 1024;        ///< above: 414
  std::size_t header_bytes_max = 16 * 1024;       ///< request line and all fields; above: 431
  std::size_t header_fields_max = 100;            ///< above: 431
  std::size_t body_bytes_max = 1024 * 1024;       ///< above: 413; a route may lower it, never raise it
  std::size_t body_bytes_total_max = 256u << 20;  ///< all bodies being received or handled at once; above: 503

  // Connections.
  std::size_t connections_max = 10'000;          ///< above: 503 and close
  std::size_t connections_per_peer_max = 1'024;  ///< per IPv4 address or IPv6 /64; above: 503 and close
  std::size_t refusals_max = 64;                 ///< 503 farewells under way at once; above: closed without a word
  int backlog = 1024;

  // Time. Compared against the steady clock every `tick`.
  std::chrono::milliseconds header_timeout{
      10'000};                                     ///< from the first byte (or the connection) to the end of the header; TLS handshake too
  std::chrono::milliseconds idle_timeout{75'000};  ///< between requests of a kept connection
  std::chrono::milliseconds body_grace{5'000};     ///< before the minimum rate counts
  std::size_t bytes_per_second_min = 1'024;        ///< of a body received or an answer sent, after the grace; below: 408 or close
  std::chrono::milliseconds write_grace{10'000};   ///< before the minimum rate counts for an answer
  std::chrono::milliseconds linger{1'000};         ///< how long a closing connection is read, so that a last answer is not lost to a reset
  std::chrono::milliseconds tick{250};             ///< how often deadlines are looked at
  std::chrono::milliseconds accept_pause_max{1'000};  ///< longest pause after accept() fails for want of descriptors or memory

  // Event streams.
  std::chrono::milliseconds event_heartbeat{15'000};  ///< a comment line when nothing else was sent for so long
};

}  // namespace sluice::http
