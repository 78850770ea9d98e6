// Listening sockets through the system's own calls, so that every failure keeps its errno.
#include "broker/http/listener.hpp"

#include "broker/http/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice::http {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool parse_address(std::string const& text, std::uint16_t port, Address& out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.length = sizeof(sockaddr_in);
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.length = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

bool is_loopback(Address const& address) {
  if (address.storage.ss_family == AF_INET) {
    auto const* v4 = reinterpret_cast<sockaddr_in const*>(&address.storage);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  auto const* v6 = reinterpret_cast<sockaddr_in6 const*>(&address.storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) return v6->sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool local_address(int fd, Address& out) {
  out.length = sizeof out.storage;
  return getsockname(fd, out.get(), &out.length) == 0;
}

std::uint16_t port_of(Address const& address) {
  if (address.storage.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in const*>(&address.storage)->sin_port);
  if (address.storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6 const*>(&address.storage)->sin6_port);
  return 0;
}

constexpr std::string_view tls_advice =
    "set certificate_chain and private_key, or listen on 127.0.0.1 or ::1 behind a proxy that speaks TLS";

bool set_flag(int fd, int level, int name) {
  int const on = 1;
  return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

std::expected<ListeningSocket, std::string> open_tcp(Listener const& listener, int backlog) {
  Address address;
  parse_address(listener.address, listener.port, address);  // check_listener has seen it succeed
  ListeningSocket out;
  out.descriptor = Descriptor(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int const fd = out.descriptor.get();
  auto const failed = [&](std::string_view step) {
    return std::unexpected(fmt::format("cannot {} {} port {}: {}", step, listener.address, listener.port, reason(errno)));
  };
  if (fd < 0) return failed("open a socket for");
  if (!set_flag(fd, SOL_SOCKET, SO_REUSEADDR)) return failed("prepare");
  if (address.storage.ss_family == AF_INET6 && !set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY)) return failed("prepare");
  if (bind(fd, address.get(), address.length) != 0) return failed("bind");
  if (::listen(fd, backlog) != 0) return failed("listen on");
  if (!local_address(fd, address)) return failed("name");
  out.port = port_of(address);
  return out;
}

bool fill_path(sockaddr_un& address, std::string const& path) {
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

/// Removes the file of a server that is gone; a live one, or a file that is no socket, stays.
std::expected<void, std::string> clear_stale(std::string const& path, sockaddr_un& address) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return std::unexpected(fmt::format("'{}' exists and is not a socket; remove it or choose another path", path));
  Descriptor const probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno != ECONNREFUSED) {
    return std::unexpected(fmt::format("'{}' is in use by a running server; stop that one first", path));
  }
  if (unlink(path.c_str()) != 0) return std::unexpected(fmt::format("cannot replace the stale socket '{}': {}", path, reason(errno)));
  return {};
}

std::expected<ListeningSocket, std::string> open_unix(Listener const& listener, int backlog) {
  sockaddr_un address{};
  if (!fill_path(address, listener.path)) {
    return std::unexpected(fmt::format("Unix socket path '{}' must have 1 to {} bytes", listener.path, sizeof address.sun_path - 1));
  }
  if (auto cleared = clear_stale(listener.path, address); !cleared) return std::unexpected(std::move(cleared.error()));
  ListeningSocket out;
  out.path = listener.path;
  out.descriptor = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int const fd = out.descriptor.get();
  auto const failed = [&](std::string_view step) {
    return std::unexpected(fmt::format("cannot {} Unix socket '{}': {}", step, listener.path, reason(errno)));
  };
  if (fd < 0) return failed("open");
  // On Linux the socket's own mode becomes the file's: no moment in which others may connect.
  if (fchmod(fd, 0600) != 0) return failed("restrict");
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return failed("bind");
  if (chmod(listener.path.c_str(), static_cast<mode_t>(listener.mode & 0777)) != 0) return failed("set permissions of");
  if (::listen(fd, backlog) != 0) return failed("listen on");
  return out;
}

std::expected<ListeningSocket, std::string> adopt(Listener const& listener) {
  int const fd = listener.adopted_fd;
  auto const wrong = [&](std::string_view what) { return std::unexpected(fmt::format("file descriptor {} {}", fd, what)); };
  int listening = 0;
  socklen_t length = sizeof listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0) return wrong("is not a socket; pass one by socket activation");
  if (listening == 0) return wrong("is a socket that does not listen; use ListenStream= in the socket unit");
  Address address;
  if (!local_address(fd, address)) return wrong("has no local address");
  bool const is_unix = address.storage.ss_family == AF_UNIX;
  if (is_unix != (listener.kind == Listener::Kind::unix_socket))
    return wrong(is_unix ? "is a Unix socket, not TCP" : "is not a Unix socket");
  if (!is_unix && !listener.tls && !is_loopback(address)) {
    return std::unexpected(fmt::format("file descriptor {} listens on an address that is not loopback, without TLS; {}", fd, tls_advice));
  }
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return wrong("cannot be prepared");
  ListeningSocket out;
  out.descriptor = Descriptor(fd);
  out.port = port_of(address);
  if (is_unix) out.path = reinterpret_cast<sockaddr_un const*>(&address.storage)->sun_path;
  return out;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}
int Descriptor::release() { return std::exchange(fd_, -1); }

std::expected<void, std::string> check_listener(Listener const& listener) {
  if (listener.kind == Listener::Kind::unix_socket) {
    if (listener.tls) return std::unexpected(std::string("a Unix socket does not speak TLS; remove its certificate files"));
    return {};
  }
  if (listener.adopted_fd >= 0) return {};  // its address is asked of the kernel when it is opened
  Address address;
  if (!parse_address(listener.address, listener.port, address)) {
    return std::unexpected(fmt::format("listen address '{}' is not an IPv4 or IPv6 literal, such as 127.0.0.1 or ::1", listener.address));
  }
  if (!listener.tls && !is_loopback(address)) {
    return std::unexpected(fmt::format("listen address {} is not loopback and has no TLS; {}", listener.address, tls_advice));
  }
  return {};
}

std::expected<ListeningSocket, std::string> open_listener(Listener const& listener, int backlog) {
  if (auto checked = check_listener(listener); !checked) return std::unexpected(std::move(checked.error()));
  if (listener.adopted_fd >= 0) return adopt(listener);
  return listener.kind == Listener::Kind::tcp ? open_tcp(listener, backlog) : open_unix(listener, backlog);
}

Peer peer_of(int fd, Listener::Kind kind, bool tls) {
  Peer peer;
  if (kind == Listener::Kind::unix_socket) {
    peer.kind = Peer::Kind::unix_socket;
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
      peer.uid = credentials.uid;
      peer.gid = credentials.gid;
      peer.pid = credentials.pid;
    }
    return peer;
  }
  peer.kind = tls ? Peer::Kind::tls : Peer::Kind::tcp;
  Address address;
  address.length = sizeof address.storage;
  if (getpeername(fd, address.get(), &address.length) != 0) return peer;
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in const*>(&address.storage)->sin_addr, text, sizeof text);
  } else if (address.storage.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6 const*>(&address.storage)->sin6_addr, text, sizeof text);
  }
  peer.address = text;
  peer.port = port_of(address);
  return peer;
}

std::string peer_group(Peer const& peer) {
  in6_addr v6{};
  if (inet_pton(AF_INET6, peer.address.c_str(), &v6) != 1) return peer.address;
  return {reinterpret_cast<char const*>(v6.s6_addr), 8};
}

}  // namespace sluice::http
