// A server on its own thread and raw-socket clients that speak whatever bytes a test wants.
#pragma once

#include "broker/http/server.hpp"

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sluice::http::testing {

/// One answer as read from the wire.
struct Reply {
  int status = 0;  ///< 0: the connection ended before an answer
  std::string head;
  std::string body;
  bool closes = false;
  /// Value of a field, "" when absent.
  std::string field(std::string_view name) const;
};

/// A blocking socket with a generous time limit on every read, so that a fault fails the test instead of hanging it.
class Client {
 public:
  static Client tcp(std::uint16_t port);
  static Client unix_socket(std::string const& path);
  explicit Client(int fd) : fd_(fd) {}
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;

  bool connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// False when the peer has closed or reset.
  bool send(std::string_view bytes);
  void half_close();
  /// Closes with a reset.
  void reset();
  void close();
  /// The next answer; `head_only` for answers to HEAD.
  Reply reply(bool head_only = false);
  /// Everything until the connection ends.
  std::string read_to_end();
  /// Reads until `text` has arrived (true) or the connection ends.
  bool read_until(std::string_view text);
  /// True when the peer closes (or resets) without sending more.
  bool at_end();
  std::string const& buffered() const { return buffer_; }

 private:
  bool more();
  int fd_;
  std::string buffer_;
};

/// Starts serving at once; stops and joins in the destructor.
class Harness {
 public:
  explicit Harness(Router router, Options options = {}, Listener listener = {}, Observer observer = {}, Admission admission = {});
  ~Harness();

  std::uint16_t port() const { return bound_.port; }
  Client client() const { return Client::tcp(bound_.port); }
  Server& server() { return *server_; }
  boost::asio::io_context& loop();
  /// Runs on the loop's thread, some time.
  void post(std::function<void()> function);

  /// Runs on the loop's thread and returns what it returned.
  template <class Function>
  auto on_loop(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    post([&task] { task(); });
    return result.get();
  }
  /// Begins a stop; the future is ready when it has returned.
  std::future<void> stop(std::chrono::milliseconds grace);

 private:
  struct Running;  // keeps Asio's headers out of the tests
  std::unique_ptr<Running> running_;
  std::optional<Server> server_;
  Bound bound_;
  std::thread thread_;
};

/// Answers with method, path, query, parameters and body, so that a test sees what a handler saw.
boost::asio::awaitable<Response> echo(Request request);
/// Routes: GET /, GET and POST /echo, GET /items/{id}, POST /text (text/plain, 10 bytes), POST /action (no body).
Router echo_router();

/// "GET <target> HTTP/1.1" with Host and the further lines given, each ending in CRLF.
std::string get(std::string_view target, std::string_view lines = "");
std::string post(std::string_view target, std::string_view body, std::string_view lines = "Content-Type: application/json\r\n");

}  // namespace sluice::http::testing
