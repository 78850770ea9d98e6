// Accepting, deadlines, and the orderly stop.
#include "broker/http/server_core.hpp"

#include "broker/http/tls.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>

namespace sluice::http {
namespace {

constexpr std::size_t accepts_per_wake = 64;  // then others get their turn

bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

void write_hex(char* out, std::uint64_t value) {
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = "0123456789abcdef"[value & 15u];
}

}  // namespace

ServerCore::ServerCore(asio::io_context& loop_, Router router_, Options options_)
    : loop(loop_),
      router(std::move(router_)),
      options(options_),
      reaper(loop_.get_executor()),
      drained(loop_.get_executor(), Clock::time_point::max()) {
  std::random_device device;
  write_hex(id_prefix_.data(), (std::uint64_t{device()} << 32) | device());
}

void ServerCore::next_request_id(std::array<char, 32>& out) {
  std::ranges::copy(id_prefix_, out.begin());
  write_hex(out.data() + 16, ++id_count_);
}

std::string_view ServerCore::date() {
  static constexpr std::string_view days = "SunMonTueWedThuFriSat";
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::time_t const now = std::time(nullptr);
  if (now != date_second_) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    fmt::format_to_n(date_.data(), date_.size(), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days.substr(static_cast<std::size_t>(utc.tm_wday) * 3, 3), utc.tm_mday,
                     months.substr(static_cast<std::size_t>(utc.tm_mon) * 3, 3), utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    date_second_ = now;
  }
  return {date_.data(), 29};
}

void ServerCore::start() {
  for (auto const& door : doors) {
    door->waiting.assign(door->socket.descriptor.release());
    asio::co_spawn(loop, accept_connections(shared_from_this(), door.get()), asio::detached);
  }
  asio::co_spawn(loop, reap(shared_from_this()), asio::detached);
}

void ServerCore::admit(int fd, Door& door) {
  Peer peer = peer_of(fd, door.listener.kind, door.listener.tls.has_value());
  std::string group = peer_group(peer);
  std::string_view refusal;
  if (counters.connections >= options.connections_max) {
    refusal = "connections_max";
  } else if (auto const known = peers.find(group); known != peers.end() && known->second >= options.connections_per_peer_max) {
    refusal = "connections_per_peer_max";
  }
  if (!refusal.empty()) {
    ++counters.refused;
    if (observer.connection_refused) observer.connection_refused(refusal);
    if (refusals >= options.refusals_max) {
      Descriptor const dropped(fd);
      return;
    }
  }
  start_session(shared_from_this(), fd, door, std::move(peer), std::move(group), !refusal.empty());
}

asio::awaitable<void> ServerCore::accept_connections(std::shared_ptr<ServerCore> core, Door* door) {
  constexpr std::chrono::milliseconds first_pause{10};
  std::chrono::milliseconds pause = first_pause;
  Timer wait(core->loop.get_executor());
  while (!core->stopping) {
    int error = 0;
    for (std::size_t i = 0; i < accepts_per_wake; ++i) {
      int const fd = ::accept4(door->waiting.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      error = fd < 0 ? errno : 0;
      if (error != 0) break;
      ++core->counters.accepted;
      pause = first_pause;
      core->admit(fd, *door);
    }
    if (out_of_resources(error)) {
      // The connection stays in the backlog, so waiting for readability would return at once: pause instead of spinning.
      pause = std::min(pause, core->options.accept_pause_max);
      ++core->counters.accept_pauses;
      if (core->observer.accept_paused) core->observer.accept_paused(std::generic_category().message(error), pause);
      wait.expires_after(pause);
      pause *= 2;
      ErrorCode ignored;
      co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    ErrorCode failure;
    co_await door->waiting.async_wait(WaitableDescriptor::wait_read, asio::redirect_error(asio::use_awaitable, failure));
    if (failure == asio::error::operation_aborted) break;
    // Any other error concerns one connection that is gone already (ECONNABORTED, EPROTO, …).
  }
}

asio::awaitable<void> ServerCore::reap(std::shared_ptr<ServerCore> core) {
  for (;;) {
    core->reaper.expires_after(core->options.tick);
    ErrorCode failure;
    co_await core->reaper.async_wait(asio::redirect_error(asio::use_awaitable, failure));
    if (core->stopping && core->connections.empty()) co_return;
    auto const now = Clock::now();
    for (Connection* connection : core->connections) {
      if (connection->deadline > now) continue;
      connection->deadline = Clock::time_point::max();
      connection->timed_out = true;
      ++core->counters.timeouts;
      connection->interrupt();
    }
  }
}

asio::awaitable<void> ServerCore::stop(std::shared_ptr<ServerCore> core, std::chrono::milliseconds grace) {
  core->stopping = true;
  for (auto const& door : core->doors) {
    ErrorCode ignored;
    door->waiting.close(ignored);
    door->socket.descriptor = Descriptor();
    if (!door->socket.path.empty() && door->listener.adopted_fd < 0) ::unlink(door->socket.path.c_str());
  }
  for (Connection* connection : core->connections) {
    if (connection->phase == Connection::Phase::idle || connection->phase == Connection::Phase::handshake) connection->interrupt();
    connection->end_stream();
  }
  auto const deadline = Clock::now() + grace;
  bool cancelled = false;
  while (!core->connections.empty()) {
    core->drained.expires_at(cancelled ? Clock::time_point::max() : deadline);
    ErrorCode failure;
    co_await core->drained.async_wait(asio::redirect_error(asio::use_awaitable, failure));
    if (cancelled || Clock::now() < deadline) continue;
    cancelled = true;
    // emit() may end a connection and take it off the list: walk a copy, and skip what has gone.
    std::vector<Connection*> const left(core->connections.begin(), core->connections.end());
    for (Connection* connection : left) {
      if (std::ranges::find(core->connections, connection) == core->connections.end()) continue;
      connection->interrupt();
      connection->cancellation.emit(asio::cancellation_type::terminal);
    }
  }
  core->reaper.cancel();
}

Server::Server(asio::io_context& loop, Router router, Options options)
    : core_(std::make_shared<ServerCore>(loop, std::move(router), options)) {}

Server::~Server() {
  // Whoever forgot stop(): let go of the sockets; connections die with the loop.
  core_->stopping = true;
  for (auto const& door : core_->doors) {
    ErrorCode ignored;
    door->waiting.close(ignored);
  }
}

void Server::set_observer(Observer observer) { core_->observer = std::move(observer); }
void Server::set_admission(Admission admission) { core_->admission = std::move(admission); }
void Server::set_problem_texts(ProblemTexts texts) { core_->problem_texts = std::move(texts); }

std::expected<Bound, std::string> Server::listen(Listener const& listener) {
  std::shared_ptr<asio::ssl::context> tls;
  if (listener.tls) {
    auto context = make_tls_context(*listener.tls);
    if (!context) return std::unexpected(std::move(context.error()));
    tls = std::move(*context);
  }
  auto socket = open_listener(listener, core_->options.backlog);
  if (!socket) return std::unexpected(std::move(socket.error()));
  Bound bound{socket->port, socket->path};
  auto door = std::make_unique<Door>(core_->loop.get_executor(), listener, std::move(*socket));
  door->tls = std::move(tls);
  core_->doors.push_back(std::move(door));
  return bound;
}

void Server::start() { core_->start(); }

std::expected<void, std::string> Server::reload_certificates() {
  // All or none: a half-changed set of certificates helps nobody.
  std::vector<std::shared_ptr<asio::ssl::context>> fresh;
  for (auto const& door : core_->doors) {
    if (!door->listener.tls) {
      fresh.emplace_back();
      continue;
    }
    auto context = make_tls_context(*door->listener.tls);
    if (!context) return std::unexpected(std::move(context.error()));
    fresh.push_back(std::move(*context));
  }
  for (std::size_t i = 0; i < fresh.size(); ++i) core_->doors[i]->tls = std::move(fresh[i]);
  return {};
}

asio::awaitable<void> Server::stop(std::chrono::milliseconds grace) { return ServerCore::stop(core_, grace); }

Counters Server::counters() const { return core_->counters; }
Router const& Server::router() const { return core_->router; }

}  // namespace sluice::http
