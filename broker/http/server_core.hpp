// What listeners, connections and the server share. Private to this folder.
#pragma once

#include "broker/http/asio.hpp"
#include "broker/http/listener.hpp"
#include "broker/http/server.hpp"

#include <array>
#include <ctime>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// A connection as the reaper and stop() see it.
class Connection {
 public:
  enum class Phase : std::uint8_t { handshake, idle, receiving, handling, sending, streaming, closing };

  virtual ~Connection() = default;
  /// Cancels whatever the connection waits for on its socket.
  virtual void interrupt() = 0;
  /// Ends a stream of events, if there is one.
  virtual void end_stream() = 0;

  Phase phase = Phase::handshake;
  Clock::time_point deadline = Clock::time_point::max();  ///< the reaper interrupts at it
  bool timed_out = false;                                 ///< since the deadline was set last
  asio::cancellation_signal cancellation;                 ///< of the connection's coroutine, handlers included

  void arm(Phase next, Clock::time_point at) {
    phase = next;
    deadline = at;
    timed_out = false;
  }
  void disarm(Phase next) { arm(next, Clock::time_point::max()); }
};

/// One listening socket and what connections made through it need.
struct Door {
  Door(LoopExecutor executor, Listener listener_, ListeningSocket socket_)
      : listener(std::move(listener_)), socket(std::move(socket_)), waiting(executor) {}
  Listener listener;
  ListeningSocket socket;  ///< its descriptor moves into `waiting` at start
  WaitableDescriptor waiting;
  std::shared_ptr<asio::ssl::context> tls;
};

/// Owned by the Server and by every connection's coroutine, whoever lives longer.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(asio::io_context& loop, Router router, Options options);

  asio::io_context& loop;
  Router router;
  Options options;
  Observer observer;
  Admission admission;
  ProblemTexts problem_texts;
  std::vector<std::unique_ptr<Door>> doors;
  Counters counters;
  bool stopping = false;
  std::size_t refusals = 0;            ///< farewells under way
  std::list<Connection*> connections;  ///< farewells included
  std::map<std::string, std::size_t> peers;
  Timer reaper;
  Timer drained;  ///< cancelled whenever a connection ends: stop() waits on it

  /// 32 hexadecimal digits: 16 random ones of this server, 16 that count.
  void next_request_id(std::array<char, 32>& out);
  /// IMF-fixdate of now, formatted once a second.
  std::string_view date();

  void start();
  /// Accepts until stopped, and outlives the want of descriptors.
  static asio::awaitable<void> accept_connections(std::shared_ptr<ServerCore> core, Door* door);
  static asio::awaitable<void> reap(std::shared_ptr<ServerCore> core);
  static asio::awaitable<void> stop(std::shared_ptr<ServerCore> core, std::chrono::milliseconds grace);

 private:
  void admit(int fd, Door& door);

  std::array<char, 16> id_prefix_{};
  std::uint64_t id_count_ = 0;
  std::time_t date_second_ = 0;
  std::array<char, 32> date_{};
};

/// Starts the coroutine of a connection that owns `fd`. A farewell gets a 503 and no more.
void start_session(std::shared_ptr<ServerCore> core, int fd, Door& door, Peer peer, std::string group, bool farewell);

}  // namespace sluice::http
