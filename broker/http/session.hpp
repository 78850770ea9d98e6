// One connection: requests in, answers out, one after the other. Private to this folder.
#pragma once

#include "broker/http/event_stream.hpp"
#include "broker/http/session_state.hpp"

#include <memory>
#include <type_traits>

namespace sluice::http {

/// Stream is PlainSocket or TlsStream. Lives as long as its coroutine.
template <class Stream>
class Session final : public SessionState {
 public:
  static constexpr bool encrypted = std::is_same_v<Stream, TlsStream>;

  Session(std::shared_ptr<ServerCore> core, Stream stream, std::shared_ptr<asio::ssl::context> tls, Peer peer, std::string group,
          bool farewell);

  /// The whole life of the connection.
  static asio::awaitable<void> run(std::shared_ptr<Session> self);
  void interrupt() override;
  void end_stream() override;

 private:
  // Each returns false when the connection is to end.
  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> exchange(std::shared_ptr<Session> self);
  asio::awaitable<bool> receive_body();
  asio::awaitable<bool> discard_body(std::size_t left);
  asio::awaitable<bool> refuse(Problem problem);
  /// Sends out_, then `body`.
  asio::awaitable<bool> send(std::string_view body);
  asio::awaitable<void> send_events(std::shared_ptr<Session> self, std::shared_ptr<EventStream> events);
  static asio::awaitable<void> watch_departure(std::shared_ptr<Session> self, std::shared_ptr<EventStream> events);
  asio::awaitable<void> close();

  PlainSocket& socket() {
    if constexpr (encrypted) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  std::shared_ptr<asio::ssl::context> tls_;  ///< keeps the context of stream_ when certificates are reloaded
  Stream stream_;
  unsigned without_rest_ = 0;  ///< requests served from the buffer without giving the loop a turn
  std::weak_ptr<EventStream> events_;
  Timer wake_;  ///< cancelled when the event stream has something to say
  bool watching_ = false;
};

}  // namespace sluice::http
