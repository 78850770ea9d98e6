// How libcurl's multi interface lives on an Asio loop: sockets, one timer, per-site queues.
#pragma once

#include "connectors/http/client.hpp"
#include "connectors/http/transfer.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::http_client {

/// All members run on the loop. Completion handlers are always posted: libcurl is never re-entered from one.
class HttpClient::Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(boost::asio::any_io_executor loop, ClientOptions options);
  ~Engine();
  Engine(Engine const&) = delete;
  Engine& operator=(Engine const&) = delete;

  std::expected<SiteNumber, std::string> add_site(std::string const& name, SiteOptions options);
  void remove_site(std::string_view name, SiteNumber number);
  void start(HttpRequest request, boost::asio::any_completion_handler<void(HttpOutcome)> handler);
  void shut_down();
  Load load(std::string_view site) const;
  Load load() const;

 private:
  /// What Asio watches for libcurl on one socket. The socket stays libcurl's: it is released, never closed here.
  struct Watch {
    explicit Watch(boost::asio::any_io_executor const& loop) : descriptor(loop) {}
    boost::asio::posix::stream_descriptor descriptor;
    curl_socket_t socket = CURL_SOCKET_BAD;
    int wanted = 0;  ///< CURL_POLL_IN | CURL_POLL_OUT
    bool waits_read = false;
    bool waits_write = false;
    bool removed = false;
  };

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* engine, void* watch);
  static int on_timer(CURLM* multi, long timeout_ms, void* engine);
  void watch_socket(curl_socket_t socket, int what);
  void set_timer(long timeout_ms);
  void run_timer();
  void arm(std::shared_ptr<Watch> const& watch);
  void ready(std::shared_ptr<Watch> const& watch, int direction, bool failed);
  void act(curl_socket_t socket, int events);
  void collect();

  void wait_in_line(std::shared_ptr<Transfer> const& transfer);
  void give_up_waiting(std::shared_ptr<Transfer> const& transfer, HttpFaultKind kind, std::string what);
  void launch(std::shared_ptr<Transfer> const& transfer);
  void launch_waiting(Site& site);
  void cancel(std::shared_ptr<Transfer> const& transfer);
  void leave_wire(std::shared_ptr<Transfer> const& transfer);
  void finish(std::shared_ptr<Transfer> const& transfer, HttpOutcome outcome);

  boost::asio::any_io_executor loop_;
  ClientOptions options_;
  CURLM* multi_ = nullptr;
  boost::asio::steady_timer timer_;
  bool timer_runs_ = false;
  std::optional<Clock::time_point> due_;  ///< when libcurl wants to be called without news from a socket
  std::map<std::string, std::shared_ptr<Site>, std::less<>> sites_;
  SiteNumber sites_declared_ = 0;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<Transfer*, std::shared_ptr<Transfer>> running_;
  std::vector<CURL*> spare_;  ///< reset handles, kept because making one costs more than a small request
};

}  // namespace sluice::http_client
