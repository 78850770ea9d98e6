// Plain sockets, so that the client under test is not tested against its own kind.
#include "tests/tools/ctl/fake_broker.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <stdexcept>

namespace sluice::ctl_test {
namespace {

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

int listen_on(sockaddr const* address, socklen_t size, int family) {
  int const listener = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || ::bind(listener, address, size) != 0 || ::listen(listener, 16) != 0)
    throw std::runtime_error("the fake broker cannot listen");
  return listener;
}

}  // namespace

std::string FakeRequest::header(std::string const& name) const {
  for (auto const& [each, value] : headers) {
    if (each == name) return value;
  }
  return {};
}

FakeBroker::FakeBroker(Handler handler, std::string socket_path) : handler_(std::move(handler)), socket_path_(std::move(socket_path)) {
  if (socket_path_.empty()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener_ = listen_on(reinterpret_cast<sockaddr const*>(&address), sizeof address, AF_INET);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  } else {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path_.size() >= sizeof address.sun_path) throw std::runtime_error("the socket's path is too long");
    std::copy(socket_path_.begin(), socket_path_.end(), address.sun_path);
    listener_ = listen_on(reinterpret_cast<sockaddr const*>(&address), sizeof address, AF_UNIX);
  }
  if (::pipe(wake_) != 0) throw std::runtime_error("no pipe");
  thread_ = std::thread([this] { serve(); });
}

FakeBroker::~FakeBroker() {
  ::close(wake_[1]);
  thread_.join();
  ::close(wake_[0]);
  ::close(listener_);
}

std::string FakeBroker::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<FakeRequest> FakeBroker::requests() const {
  std::lock_guard const lock(mutex_);
  return requests_;
}

void FakeBroker::serve() {
  for (;;) {
    std::array<pollfd, 2> waiting = {{{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    int const connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

void FakeBroker::answer(int connection) {
  std::string bytes;
  std::array<char, 16'384> buffer{};
  auto const receive = [&] {
    auto const got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got > 0) bytes.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  };
  std::size_t end = std::string::npos;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return;
  }
  FakeRequest request;
  std::string_view head(bytes.data(), end);
  auto line = head.substr(0, head.find("\r\n"));
  request.method = line.substr(0, line.find(' '));
  line.remove_prefix(request.method.size() + 1);
  request.target = line.substr(0, line.find(' '));
  request.path = request.target.substr(0, request.target.find('?'));
  if (request.path.size() < request.target.size()) request.query = request.target.substr(request.path.size() + 1);
  for (auto at = head.find("\r\n"); at != std::string_view::npos;) {
    auto const next = head.find("\r\n", at + 2);
    auto const field = head.substr(at + 2, next == std::string_view::npos ? next : next - at - 2);
    auto const colon = field.find(':');
    std::string name(field.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    auto value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    request.headers.emplace_back(std::move(name), value);
    at = next;
  }
  auto const length = request.header("content-length");
  std::size_t const body_bytes = length.empty() ? 0 : std::stoul(length);
  if (request.header("expect") == "100-continue") send_all(connection, "HTTP/1.1 100 Continue\r\n\r\n");
  while (bytes.size() < end + 4 + body_bytes) {
    if (!receive()) return;
  }
  request.body = bytes.substr(end + 4, body_bytes);
  {
    std::lock_guard const lock(mutex_);
    requests_.push_back(request);
  }
  auto const reply = handler_(request);
  if (reply.hang_up) return;
  std::string out = fmt::format("HTTP/1.1 {} X\r\nConnection: close\r\nContent-Type: {}\r\n", reply.status, reply.content_type);
  for (auto const& [name, value] : reply.headers) out += fmt::format("{}: {}\r\n", name, value);
  if (reply.pieces.empty()) {
    send_all(connection, out + fmt::format("Content-Length: {}\r\n\r\n{}", reply.body.size(), reply.body));
  } else {
    send_all(connection, out + "\r\n");
    for (auto const& piece : reply.pieces) send_all(connection, piece);
  }
  ::shutdown(connection, SHUT_WR);
}

FakeReply problem(int status, std::string const& code, std::string const& extra_members) {
  FakeReply reply;
  reply.status = status;
  reply.content_type = "application/problem+json";
  reply.body = fmt::format(
      R"({{"type":"/problems/{0}","title":"Title of {0}","status":{1},"detail":"Detail.","instance":"/v1/x","code":"{0}","action":"Do this.","request_id":"4bf92f3577b34da6a3ce929d0e0e4736"{2}}})",
      code, status, extra_members);
  return reply;
}

}  // namespace sluice::ctl_test
