// The test server and its raw clients.
#include "tests/broker/http/harness.hpp"

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace sluice::http::testing {
namespace {

constexpr int read_seconds_max = 60;

void limit_reads(int fd) {
  timeval const limit{read_seconds_max, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

}  // namespace

std::string Reply::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    std::string_view const line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    auto const colon = line.find(": ");
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) return std::string(line.substr(colon + 2));
  }
  return "";
}

Client Client::tcp(std::uint16_t port) {
  int const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  limit_reads(fd);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return Client(-1);
  }
  return Client(fd);
}

Client Client::unix_socket(std::string const& path) {
  int const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  limit_reads(fd);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return Client(-1);
  }
  return Client(fd);
}

Client::~Client() { close(); }
Client::Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}
Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    buffer_ = std::move(other.buffer_);
  }
  return *this;
}

void Client::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::half_close() { shutdown(fd_, SHUT_WR); }

void Client::reset() {
  linger const hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

bool Client::more() {
  char chunk[16 * 1024];
  ssize_t const count = recv(fd_, chunk, sizeof chunk, 0);
  if (count <= 0) {
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the server did not answer in time");
    return false;
  }
  buffer_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

Reply Client::reply(bool head_only) {
  Reply out;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return out;
  }
  out.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  out.status = std::stoi(out.head.substr(9, 3));
  out.closes = equals_ignoring_case(out.field("Connection"), "close");
  std::string const length = out.field("Content-Length");
  if (head_only || length.empty()) return out;
  std::size_t const wanted = std::stoul(length);
  while (buffer_.size() < wanted) {
    if (!more()) {
      out.status = 0;
      return out;
    }
  }
  out.body = buffer_.substr(0, wanted);
  buffer_.erase(0, wanted);
  return out;
}

std::string Client::read_to_end() {
  while (more()) {
  }
  return std::exchange(buffer_, "");
}

bool Client::read_until(std::string_view text) {
  while (buffer_.find(text) == std::string::npos) {
    if (!more()) return false;
  }
  return true;
}

bool Client::at_end() { return buffer_.empty() && !more(); }

struct Harness::Running {
  boost::asio::io_context loop{1};
  /// The loop outlives stop(), so that a test can still look.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{loop.get_executor()};
};

Harness::Harness(Router router, Options options, Listener listener, Observer observer, Admission admission)
    : running_(std::make_unique<Running>()) {
  server_.emplace(running_->loop, std::move(router), options);
  server_->set_observer(std::move(observer));
  server_->set_admission(std::move(admission));
  auto bound = server_->listen(listener);
  if (!bound) throw std::runtime_error(bound.error());
  bound_ = *bound;
  server_->start();
  thread_ = std::thread([this] { running_->loop.run(); });
}

Harness::~Harness() {
  stop(std::chrono::milliseconds(0)).wait();
  running_->work.reset();
  thread_.join();
}

boost::asio::io_context& Harness::loop() { return running_->loop; }

void Harness::post(std::function<void()> function) { boost::asio::post(running_->loop, std::move(function)); }

std::future<void> Harness::stop(std::chrono::milliseconds grace) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  post([this, grace, done] {
    boost::asio::co_spawn(running_->loop, server_->stop(grace), [done](std::exception_ptr) { done->set_value(); });
  });
  return future;
}

boost::asio::awaitable<Response> echo(Request request) {
  std::string text = fmt::format("{} {}", to_string(request.method), request.path);
  for (auto const& [name, value] : request.query) text += fmt::format(" ?{}={}", name, value);
  for (auto const& [name, value] : request.parameters) text += fmt::format(" {{{}}}={}", name, value);
  if (!request.body.empty()) text += fmt::format(" [{}]", request.body);
  Response response = json_response(200, std::move(text));
  co_return response;
}

Router echo_router() {
  Router router;
  auto const handler = [](Request request) { return echo(request); };
  router.add({Method::get, "/", handler, {}, "root"});
  router.add({Method::get, "/echo", handler, {}, "get_echo"});
  router.add({Method::post, "/echo", handler, json_body(), "post_echo"});
  router.add({Method::get, "/items/{id}", handler, {}, "get_item"});
  router.add({Method::post, "/text", handler, {{"text/plain"}, 10}, "post_text"});
  router.add({Method::post, "/action", handler, {}, "post_action"});
  return router;
}

std::string get(std::string_view target, std::string_view lines) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", target, lines);
}

std::string post(std::string_view target, std::string_view body, std::string_view lines) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n\r\n{}", target, lines, body.size(), body);
}

}  // namespace sluice::http::testing
