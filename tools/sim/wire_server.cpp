#include "tools/sim/wire_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <list>

namespace sluice::sim {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;

namespace {
constexpr std::size_t body_bytes_max = std::size_t{8} << 20;
constexpr std::size_t flood_bytes = std::size_t{256} << 20;  // far above every cap of ours
constexpr milliseconds tick{20};

struct Listener {
  explicit Listener(asio::io_context& loop) : acceptor(loop) {}
  tcp::acceptor acceptor;
  std::string centre;  ///< empty: the shared one
  std::uint16_t port = 0;
};

policy::Timestamp wall_now() {
  return {std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}
}  // namespace

struct WireServer::Core {
  Core(asio::io_context& io, World& simulated) : loop(io), world(simulated), timer(io) {}
  asio::io_context& loop;
  World& world;
  asio::steady_timer timer;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  std::list<Listener> listeners;
  std::list<std::weak_ptr<tcp::socket>> connections;
  bool stopped = false;

  /// Lets simulated time catch up with real time; with a manual clock it stands.
  void catch_up() {
    if (world.scenario().manual_clock) return;
    auto const elapsed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    world.advance(std::max(world.now(), elapsed.count() * world.scenario().compression));
  }
};

namespace {

using Core = std::shared_ptr<WireServer::Core>;

std::string head_of(Reply const& reply, std::size_t length) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n", reply.status,
                     reply.status < 400 ? "OK" : "Problem", reply.content_type, length, reply.fields);
}

void abort_connection(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

asio::awaitable<void> pause(Core core, std::int64_t wait_ms) {
  asio::steady_timer timer(core->loop);
  timer.expires_after(milliseconds(wait_ms));
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// Sends as told. False: the connection is done with.
asio::awaitable<bool> send(Core core, std::shared_ptr<tcp::socket> socket, Reply reply, bool head_only) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  if (reply.wait_ms > 0) co_await pause(core, reply.wait_ms);
  std::string bytes = head_of(reply, reply.body.size()) + (head_only ? "" : reply.body);
  switch (reply.wire) {
    case Wire::whole:
      co_await asio::async_write(*socket, asio::buffer(bytes), token);
      co_return !error;
    case Wire::reset:
      abort_connection(*socket);
      co_return false;
    case Wire::hang: {
      char unread = 0;
      co_await socket->async_read_some(asio::buffer(&unread, 1), token);  // until the client gives up
      co_return false;
    }
    case Wire::truncate:
      bytes.resize(bytes.size() - std::min(bytes.size(), reply.body.size() / 2 + 1));
      co_await asio::async_write(*socket, asio::buffer(bytes), token);
      co_return false;
    case Wire::garbage:
      bytes = std::string("\x16\x03\x01\x00garbage\n\n", 13);
      co_await asio::async_write(*socket, asio::buffer(bytes), token);
      co_return false;
    case Wire::drip:
      for (std::size_t at = 0; at < bytes.size() && !error; ++at) {
        co_await asio::async_write(*socket, asio::buffer(bytes.data() + at, 1), token);
        if (!error) co_await pause(core, 100);
      }
      co_return !error;
    case Wire::flood: {
      bytes = head_of(reply, flood_bytes);
      co_await asio::async_write(*socket, asio::buffer(bytes), token);
      bytes.assign(64u << 10, 'x');
      for (std::size_t sent = 0; sent < flood_bytes && !error; sent += bytes.size())
        co_await asio::async_write(*socket, asio::buffer(bytes), token);
      co_return false;
    }
  }
  co_return false;
}

asio::awaitable<void> converse(Core core, std::shared_ptr<tcp::socket> socket, std::string prefix) {
  boost::beast::flat_buffer buffer;
  boost::system::error_code error;
  while (!core->stopped) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(body_bytes_max);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await http::async_read(*socket, buffer, parser, token);
    if (error || core->stopped) co_return;
    auto const& message = parser.get();
    Request request;
    request.method = std::string(message.method_string());
    request.target = prefix + std::string(message.target());
    request.authorization = std::string(message[http::field::authorization]);
    request.body = message.body();
    bool const keep = message.keep_alive();
    bool const head_only = request.method == "HEAD";
    if (head_only) request.method = "GET";
    core->catch_up();
    Reply reply = core->world.handle(request, wall_now());
    bool const alive = co_await send(core, socket, std::move(reply), head_only);
    if (!alive || !keep) break;
  }
  socket->shutdown(tcp::socket::shutdown_both, error);
}

asio::awaitable<void> accept(Core core, Listener* listener) {
  while (!core->stopped && listener->acceptor.is_open()) {
    boost::system::error_code error;
    tcp::socket socket = co_await listener->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || core->stopped) co_return;
    if (error) {
      co_await pause(core, 50);  // out of descriptors: others must close first
      continue;
    }
    auto shared = std::make_shared<tcp::socket>(std::move(socket));
    std::erase_if(core->connections, [](auto const& weak) { return weak.expired(); });
    core->connections.push_back(shared);
    std::string prefix = listener->centre.empty() ? std::string() : "/" + listener->centre;
    asio::co_spawn(core->loop, converse(core, shared, std::move(prefix)), asio::detached);
  }
}

boost::system::error_code open(Listener& listener) {
  boost::system::error_code error;
  listener.acceptor.open(tcp::v4(), error);
  if (!error) listener.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) listener.acceptor.bind({asio::ip::address_v4::loopback(), listener.port}, error);
  if (!error) listener.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) listener.port = listener.acceptor.local_endpoint().port();
  return error;
}

asio::awaitable<void> keep_time(Core core) {
  while (!core->stopped) {
    core->catch_up();
    boost::system::error_code error;
    core->timer.expires_after(tick);
    co_await core->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

}  // namespace

WireServer::WireServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
WireServer::~WireServer() { stop(); }

std::expected<std::unique_ptr<WireServer>, std::string> WireServer::start(asio::io_context& loop, World& world, ServerOptions options) {
  auto core = std::make_shared<Core>(loop, world);
  core->listeners.emplace_back(loop).port = options.port;
  if (options.port_per_centre) {
    for (auto const& [name, site] : world.sites()) core->listeners.emplace_back(loop).centre = name;
  }
  for (Listener& listener : core->listeners) {
    if (auto const error = open(listener))
      return std::unexpected(fmt::format("127.0.0.1:{}: cannot listen: {}", listener.port, error.message()));
    asio::co_spawn(loop, accept(core, &listener), asio::detached);
  }
  world.set_presence_observer([weak = std::weak_ptr(core)](std::string const& centre, bool present) {
    auto const strong = weak.lock();
    if (!strong || strong->stopped) return;
    for (Listener& listener : strong->listeners) {
      if (listener.centre != centre) continue;
      boost::system::error_code ignored;
      if (!present) listener.acceptor.close(ignored);
      if (present && !open(listener)) asio::co_spawn(strong->loop, accept(strong, &listener), asio::detached);
    }
  });
  if (!world.scenario().manual_clock) asio::co_spawn(loop, keep_time(core), asio::detached);
  return std::unique_ptr<WireServer>(new WireServer(core));
}

std::uint16_t WireServer::port() const { return core_->listeners.front().port; }

std::string WireServer::url(std::string const& centre) const {
  for (Listener const& listener : core_->listeners) {
    if (listener.centre == centre && !centre.empty()) return fmt::format("http://127.0.0.1:{}", listener.port);
  }
  return fmt::format("http://127.0.0.1:{}/{}", port(), centre);
}

void WireServer::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  boost::system::error_code ignored;
  core_->timer.cancel();
  for (Listener& listener : core_->listeners) listener.acceptor.close(ignored);
  for (auto const& weak : core_->connections) {
    if (auto const socket = weak.lock()) socket->close(ignored);
  }
}

}  // namespace sluice::sim
