// A local server that answers with exactly the bytes a test wants, TLS or not, on the test's own loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

/// What the server does once it has read a whole request.
struct Behaviour {
  std::string bytes{};                   ///< sent as they are
  std::size_t piece = 0;                 ///< so many bytes at a time; 0: all at once
  std::chrono::milliseconds between{0};  ///< pause between pieces
  enum class Then : std::uint8_t { keep, close, reset, hang } then = Then::keep;
};

/// "HTTP/1.1 200 OK" with Content-Length and the fields given ("Name: value\r\n").
std::string ok(std::string const& body, std::string const& fields = "");
std::string reply(int status, std::string const& body, std::string const& fields = "");

/// PEM texts of a self-signed authority and a server certificate it issued for `host`.
struct Certificates {
  std::string authority;
  std::string certificate;
  std::string key;
};
Certificates make_certificates(std::string const& host);

class RawServer {
 public:
  using Answer = std::function<Behaviour(std::string const& request)>;

  /// Listens on 127.0.0.1, a free port.
  RawServer(boost::asio::io_context& loop, Answer answer);
  /// The same with TLS; `client_authority` not empty: clients must show a certificate it issued.
  RawServer(boost::asio::io_context& loop, Answer answer, Certificates const& identity, std::string const& client_authority = "");
  /// On a Unix socket.
  RawServer(boost::asio::io_context& loop, Answer answer, std::string const& path);
  ~RawServer();

  unsigned short port() const;
  std::size_t connections() const;                   ///< accepted so far
  std::vector<std::string> const& requests() const;  ///< received so far, header and body
  std::size_t busy_max() const;                      ///< most requests in answer at one time
  /// Stops accepting; the port then refuses.
  void stop();

  struct Core;

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace sluice::test
