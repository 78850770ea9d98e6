// The coroutines of a connection. Deadlines are set on the session and enforced by the server's reaper, so that a request costs no timer.
#include "broker/http/session.hpp"

#include "broker/http/event_stream_state.hpp"
#include "broker/http/header_scan.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::size_t discard_bytes_max = 64 * 1024;  ///< an unwanted body up to here is read, so that the connection can go on
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr std::size_t body_step_bytes = 64 * 1024;  ///< a body's memory grows with what has arrived, not with what was promised
constexpr std::size_t event_bytes_at_once = 16 * 1024;
constexpr unsigned requests_without_rest_max = 16;  ///< then a pipelining client waits for its turn

auto redirect(ErrorCode& error) { return asio::redirect_error(asio::use_awaitable, error); }

}  // namespace

template <class Stream>
Session<Stream>::Session(std::shared_ptr<ServerCore> core, Stream stream, std::shared_ptr<asio::ssl::context> tls, Peer peer,
                         std::string group, bool farewell)
    : SessionState(core, std::move(peer), std::move(group), farewell),
      tls_(std::move(tls)),
      stream_(std::move(stream)),
      wake_(core->loop.get_executor(), Clock::time_point::max()) {}

template <class Stream>
void Session<Stream>::interrupt() {
  ErrorCode ignored;
  socket().cancel(ignored);
}

template <class Stream>
void Session<Stream>::end_stream() {
  if (auto const events = events_.lock()) events->close();
}

template <class Stream>
asio::awaitable<void> Session<Stream>::run(std::shared_ptr<Session> self) {
  if constexpr (encrypted) {
    bool const ready = co_await self->shake_hands();
    if (!ready) co_return;
  }
  if (self->farewell_) {
    self->begin_exchange();
    self->linger_ = true;
    co_await self->refuse(self->problem(Refusal::too_many_connections));
  } else {
    // The first request has header_timeout to begin, later ones idle_timeout.
    self->arm(Phase::idle, Clock::now() + self->core_->options.header_timeout);
    bool more = true;
    while (more) more = co_await self->exchange(self);
  }
  co_await self->close();
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::shake_hands() {
  if constexpr (encrypted) {
    this->arm(Phase::handshake, Clock::now() + core_->options.header_timeout);
    ErrorCode error;
    co_await stream_.async_handshake(asio::ssl::stream_base::server, redirect(error));
    if (error && core_->observer.connection_refused) core_->observer.connection_refused("tls_handshake");
    co_return !error;
  }
  co_return true;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::exchange(std::shared_ptr<Session> self) {
  Options const& options = core_->options;
  ErrorCode error;

  // 1. The header, scanned as it arrives.
  HeaderScan scan;
  for (;;) {
    auto const state = scan.scan(received(), options);
    if (state == HeaderScan::State::complete) break;
    if (state == HeaderScan::State::refused) {
      begin_exchange();
      linger_ = true;
      co_return co_await refuse(problem(scan.refusal()));
    }
    if (received().empty()) {
      if (core_->stopping) co_return false;
    } else if (phase == Phase::idle) {
      arm(Phase::receiving, Clock::now() + options.header_timeout);
    }
    without_rest_ = 0;
    std::span<char> const space = room();
    std::size_t const count = co_await stream_.async_read_some(asio::buffer(space.data(), space.size()), redirect(error));
    if (error) {
      if (!timed_out || received().empty()) co_return false;
      begin_exchange();
      linger_ = true;
      co_return co_await refuse(problem(Refusal::header_timeout));
    }
    received_more(count);
  }
  if (++without_rest_ > requests_without_rest_max) {
    without_rest_ = 0;
    co_await asio::post(core_->loop, asio::use_awaitable);
  }

  // 2. The gate: nothing of the body has been looked at.
  begin_exchange();
  disarm(Phase::handling);
  header_end_ = scan.end();
  if (auto problem = admit(received().substr(scan.begin(), header_end_ - scan.begin()))) {
    co_return co_await refuse(std::move(*problem));
  }

  // 3. The body.
  std::size_t const length = framing_.content_length;
  bool const in_buffer = body_fits(length);
  if (length > 0) {
    if (received().size() < header_end_ + length) {
      bool const complete = co_await receive_body();
      if (!complete) co_return false;
    }
    request_.body = in_buffer ? received().substr(header_end_, length) : std::string_view(body_);
  }

  // 4. The handler.
  disarm(Phase::handling);
  Response response;
  if (options_methods_) {
    response = empty_response();
    response.add("Allow", allow_value(*options_methods_));
  } else {
    bool failed = false;
    try {
      response = co_await route_->handler(request_);
    } catch (std::exception const& exception) {
      failed = true;
      failure_ = exception.what();
    } catch (...) {
      failed = true;
      failure_ = "an exception of unknown type";
    }
    if (failed) response = to_response(told(problem(Refusal::internal_error)), request_);
  }

  // 5. The answer.
  bool const is_stream = std::holds_alternative<std::shared_ptr<EventStream>>(response.body);
  bool const head_only = framing_.method == Method::head;
  bool const keep = keep_alive_ && !response.close && !core_->stopping && !is_stream;
  std::string_view const rest = format_answer(response, head_only, keep);
  bool sent = co_await send(rest);
  if (is_stream) {
    auto const events = std::get<std::shared_ptr<EventStream>>(response.body);
    if (sent && !head_only) co_await send_events(self, events);
    events->close();  // its producer holds it, and must hear of it when nobody ever listened
  }
  end_exchange(response.status, response.outcome);
  consume(header_end_ + (in_buffer ? length : 0));
  if (!keep) linger_ = keep_alive_ || !received().empty();  // a client that asked to close has said all it had to say
  if (keep) arm(Phase::idle, Clock::now() + options.idle_timeout);
  co_return sent&& keep;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::receive_body() {
  Options const& options = core_->options;
  std::size_t const length = framing_.content_length;
  bool const in_buffer = body_fits(length);
  ErrorCode error;
  auto const begun = Clock::now();
  std::size_t have = received().size() - header_end_;
  if (!in_buffer) {
    if (!grow_body(std::min(length, std::max(have, body_step_bytes)))) {
      linger_ = true;
      co_return co_await refuse(problem(Refusal::body_memory));
    }
    received().copy(body_.data(), have, header_end_);
    // The header stays where it is, for the request's views; the bytes behind it have been copied.
    end_ = begin_ + header_end_;
  }
  if (framing_.expect_continue && have == 0) {
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    bool const sent = co_await send({});
    if (!sent) co_return false;
  }
  while (have < length) {
    arm(Phase::receiving, rate_deadline(begun, options.body_grace, have));
    std::span<char> space;
    if (in_buffer) {
      space = room_in_place();
    } else {
      if (have == body_.size() && !grow_body(std::min(length, have * 2))) {
        linger_ = true;
        co_return co_await refuse(problem(Refusal::body_memory));
      }
      space = {body_.data() + have, body_.size() - have};
    }
    std::size_t const count = co_await stream_.async_read_some(asio::buffer(space.data(), space.size()), redirect(error));
    if (error) {
      linger_ = true;
      if (timed_out) co_return co_await refuse(problem(Refusal::body_timeout));
      end_exchange(0, "disconnected");
      co_return false;
    }
    if (in_buffer) received_more(count);
    have += count;
  }
  co_return true;
}

/// Answers with a problem. True when the connection can go on: then the request's body has been read and dropped.
template <class Stream>
asio::awaitable<bool> Session<Stream>::refuse(Problem problem) {
  std::size_t const length = framing_.content_length;
  bool const keep = keep_alive_ && !problem.close && !core_->stopping && length <= discard_bytes_max;
  if (!keep) linger_ = true;
  Response const response = to_response(told(std::move(problem)), request_.path, request_id());
  std::string_view const rest = format_answer(response, framing_.method == Method::head, keep);
  bool const sent = co_await send(rest);
  end_exchange(response.status, response.outcome);
  if (!sent || !keep) co_return false;
  std::size_t const here = std::min(length, received().size() - header_end_);
  consume(header_end_ + here);
  if (here < length) {
    bool const dropped = co_await discard_body(length - here);
    if (!dropped) co_return false;
  }
  arm(Phase::idle, Clock::now() + core_->options.idle_timeout);
  co_return true;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::discard_body(std::size_t left) {
  std::array<char, 4096> scrap;
  ErrorCode error;
  auto const begun = Clock::now();
  std::size_t dropped = 0;
  while (left > 0) {
    arm(Phase::receiving, rate_deadline(begun, core_->options.body_grace, dropped));
    std::size_t const count = co_await stream_.async_read_some(asio::buffer(scrap.data(), std::min(left, scrap.size())), redirect(error));
    if (error) co_return false;
    left -= count;
    dropped += count;
  }
  co_return true;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::send(std::string_view body) {
  ErrorCode error;
  std::size_t const total = out_.size() + body.size();
  std::size_t sent = 0;
  auto const pending = [&]() -> std::array<asio::const_buffer, 2> {
    std::size_t const of_head = std::min(sent, out_.size());
    std::size_t const of_body = sent - of_head;
    return {asio::const_buffer(out_.data() + of_head, out_.size() - of_head),
            asio::const_buffer(body.data() + of_body, body.size() - of_body)};
  };
  if constexpr (!encrypted) {
    // Nearly always the kernel takes all of it at once: then no operation, no timer, no turn of the loop.
    sent = body.empty() ? stream_.write_some(asio::const_buffer(out_.data(), out_.size()), error) : stream_.write_some(pending(), error);
    if (error == asio::error::would_block) error = {};
  }
  auto const begun = Clock::now();
  while (!error && sent < total) {
    arm(Phase::sending, rate_deadline(begun, core_->options.write_grace, sent));
    auto const buffers = pending();
    sent += co_await stream_.async_write_some(buffers, redirect(error));
  }
  disarm(Phase::handling);
  sent_bytes_ += sent;
  co_return !error;
}

/// Sends frames as they come and a comment when none do, until either side closes.
template <class Stream>
asio::awaitable<void> Session<Stream>::send_events(std::shared_ptr<Session> self, std::shared_ptr<EventStream> events) {
  EventStream::State& state = events->state();
  events_ = events;
  ++core_->counters.event_streams;
  struct Detach {
    ServerCore& core;
    EventStream::State& state;
    ~Detach() {
      --core.counters.event_streams;
      state.wake = nullptr;
    }
  };
  Detach const detach{*core_, state};
  // A stream may already be closed by its producer, or the server be stopping: what is queued is still sent.
  if (core_->stopping) events->close();
  state.wake = [this] { wake_.cancel(); };
  watching_ = true;
  asio::co_spawn(core_->loop, watch_departure(self, events), asio::detached);

  std::exception_ptr failure;
  try {
    bool sound = true;
    while (sound) {
      if (!state.queue.empty()) {
        out_.clear();
        while (!state.queue.empty() && (out_.empty() || out_.size() + state.queue.front()->size() <= event_bytes_at_once)) {
          out_.append(*state.queue.front());
          state.pop();
        }
        sound = co_await send({});
        continue;
      }
      if (state.closed) break;
      disarm(Phase::streaming);
      wake_.expires_after(core_->options.event_heartbeat);
      ErrorCode error;
      co_await wake_.async_wait(redirect(error));
      if (!error) {
        out_ = ":\n\n";
        sound = co_await send({});
      }
    }
  } catch (...) {
    failure = std::current_exception();
  }
  events->close();
  interrupt();  // ends the watch, which may be reading
  if (failure) std::rethrow_exception(failure);
  while (watching_) {
    wake_.expires_at(Clock::time_point::max());
    ErrorCode error;
    co_await wake_.async_wait(redirect(error));
  }
}

/// A client of an event stream has nothing more to say: end of input means that it has left.
template <class Stream>
asio::awaitable<void> Session<Stream>::watch_departure(std::shared_ptr<Session> self, std::shared_ptr<EventStream> events) {
  std::array<char, 256> scrap;
  std::size_t dropped = 0;
  ErrorCode error;
  while (!error && dropped <= discard_bytes_max && !events->closed()) {
    dropped += co_await self->stream_.async_read_some(asio::buffer(scrap), redirect(error));
  }
  self->watching_ = false;
  events->close();
  self->wake_.cancel();
}

template <class Stream>
asio::awaitable<void> Session<Stream>::close() {
  ErrorCode error;
  arm(Phase::closing, Clock::now() + core_->options.linger);
  if constexpr (encrypted) {
    co_await stream_.async_shutdown(redirect(error));
  }
  if (linger_) {
    // Closing with unread input makes the kernel send a reset, which can destroy our last answer before it is read.
    socket().shutdown(PlainSocket::shutdown_send, error);
    std::array<char, 4096> scrap;
    std::size_t dropped = 0;
    error = {};
    while (!error && !timed_out && dropped < linger_bytes_max)
      dropped += co_await socket().async_read_some(asio::buffer(scrap), redirect(error));
  }
  socket().close(error);
}

template class Session<PlainSocket>;
template class Session<TlsStream>;

namespace {

template <class Stream>
void spawn(ServerCore& core, std::shared_ptr<Session<Stream>> session) {
  // The completion handler owns the session too: its cancellation signal must outlive the coroutine.
  auto done = [session](std::exception_ptr) {};
  auto slot = session->cancellation.slot();
  asio::co_spawn(core.loop, Session<Stream>::run(std::move(session)), asio::bind_cancellation_slot(slot, std::move(done)));
}

}  // namespace

void start_session(std::shared_ptr<ServerCore> core, int fd, Door& door, Peer peer, std::string group, bool farewell) {
  int const family = door.listener.kind == Listener::Kind::unix_socket ? AF_UNIX : peer.address.contains(':') ? AF_INET6 : AF_INET;
  Descriptor descriptor(fd);
  PlainSocket socket(core->loop.get_executor());
  ErrorCode error;
  socket.assign(asio::generic::stream_protocol(family, 0), fd, error);
  if (error) return;  // epoll is out of room: the descriptor closes
  static_cast<void>(descriptor.release());
  socket.non_blocking(true, error);
  if (family != AF_UNIX) socket.set_option(asio::ip::tcp::no_delay(true), error);
  if (door.tls) {
    TlsStream stream(std::move(socket), *door.tls);
    spawn(*core, std::make_shared<Session<TlsStream>>(core, std::move(stream), door.tls, std::move(peer), std::move(group), farewell));
  } else {
    spawn(*core, std::make_shared<Session<PlainSocket>>(core, std::move(socket), nullptr, std::move(peer), std::move(group), farewell));
  }
}

}  // namespace sluice::http
