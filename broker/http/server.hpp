// The HTTP server: listeners, connections, deadlines and an orderly stop, on one Asio loop.
#pragma once

#include "broker/http/options.hpp"
#include "broker/http/problem.hpp"
#include "broker/http/request.hpp"
#include "broker/http/response.hpp"
#include "broker/http/router.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace sluice::http {

class ServerCore;  // private to this folder

/// Where a listener ended up.
struct Bound {
  std::uint16_t port = 0;  ///< TCP
  std::string path;        ///< Unix socket
};

/// One finished exchange, for metrics and logs. Views are valid during the call only.
struct Exchange {
  std::string_view method;       ///< empty when the request line was not understood
  Route const* route = nullptr;  ///< null: none matched, or refused before
  std::string_view path;         ///< as sent, printable ASCII, may be empty; hostile
  int status = 0;
  std::string_view outcome;             ///< the problem's code; empty for a success
  std::chrono::nanoseconds duration{};  ///< from the end of the header to the answer's last byte
  std::size_t bytes_received = 0;       ///< header and body
  std::size_t bytes_sent = 0;
  std::string_view request_id;
  std::string_view trace_id;
  Peer const* peer = nullptr;
  std::string_view failure;  ///< what() of an exception that escaped a handler: internal, never sent
};

/// What the server tells its owner. Called on the loop; must not throw or wait.
struct Observer {
  std::function<void(Exchange const&)> exchange;
  std::function<void(std::string_view reason, std::chrono::milliseconds pause)> accept_paused;  ///< out of descriptors or memory
  std::function<void(std::string_view reason)> connection_refused;  ///< "connections_max", "connections_per_peer_max", "tls_handshake"
};

/// Asked after gate and routing, before the body is read: authentication, rate limits, full disk. A Problem refuses the request.
/// The request's body is still empty. The content length announced comes beside it.
using Admission = std::function<std::optional<Problem>(Request const&, Route const&, std::size_t content_length)>;

/// Gives a problem of the server's own the texts its owner publishes: title, action, language. Called just before the problem is written;
/// the request's headers are there once the header has been understood.
using ProblemTexts = std::function<void(Problem&, Request const&)>;

struct Counters {
  std::size_t connections = 0;         ///< open now
  std::size_t requests_in_flight = 0;  ///< header complete, answer not yet sent (event streams included)
  std::size_t event_streams = 0;
  std::size_t body_bytes = 0;  ///< held now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  ///< by a connection cap
  std::uint64_t requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t accept_pauses = 0;
};

/// A TCP listener without TLS on an address that is not loopback is refused. Error: what is wrong and what to do.
std::expected<void, std::string> check_listener(Listener const& listener);

/// Not thread-safe: everything runs on the loop's one thread. Destroy it before the loop.
class Server {
 public:
  Server(boost::asio::io_context& loop, Router router, Options options);
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// Before start().
  void set_observer(Observer observer);
  void set_admission(Admission admission);
  void set_problem_texts(ProblemTexts texts);

  /// check_listener, then bind (or adopt), load certificates and listen; connections wait in the backlog until start().
  std::expected<Bound, std::string> listen(Listener const& listener);
  /// Begins to accept. Call once.
  void start();
  /// Reads all certificate files again; new connections use them. On an error the old ones stay in use.
  std::expected<void, std::string> reload_certificates();
  /// Stops accepting, closes idle connections and event streams, lets requests in flight finish; after `grace` cancels
  /// the rest (handlers included). Returns when the last connection is gone.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

  Counters counters() const;
  Router const& router() const;

 private:
  std::shared_ptr<ServerCore> core_;
};

}  // namespace sluice::http
