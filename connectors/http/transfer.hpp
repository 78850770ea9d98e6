// One request on its way: a libcurl easy handle with our caps and rules, and what came of it.
#pragma once

#include "connectors/http/address_policy.hpp"
#include "connectors/http/client.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <array>
#include <chrono>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sluice::http_client {

using Clock = std::chrono::steady_clock;

struct Transfer;

/// A declared site with its parsed rules and its share of the traffic.
struct Site {
  SiteOptions options;
  AddressJudge judge;
  std::string base_url;  ///< without trailing slash
  bool plain_http = false;
  std::uint64_t declaration = 0;  ///< which add_site() made it
  std::size_t in_flight = 0;
  std::deque<std::shared_ptr<Transfer>> waiting;
};

/// Checks the options. Error: what is wrong.
std::expected<std::shared_ptr<Site>, std::string> make_site(SiteOptions options);
/// Checks what the caller composed. Error: what is wrong.
std::expected<void, std::string> check_request(HttpRequest const& request);

struct Transfer {
  HttpRequest request;
  std::shared_ptr<Site> site;
  boost::asio::any_completion_handler<void(HttpOutcome)> handler;
  Clock::time_point asked;                            ///< when send() was called
  std::optional<Clock::time_point> due;               ///< none: endless
  std::optional<boost::asio::steady_timer> patience;  ///< runs while the request waits for a free connection
  bool done = false;                                  ///< its handler has been taken

  CURL* easy = nullptr;  ///< null while waiting
  curl_slist* header_list = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  HttpReply reply;
  std::size_t header_bytes = 0;
  bool header_whole = false;  ///< its empty line has been seen
  std::size_t body_bytes = 0;
  unsigned begun = 0;  ///< times the request was about to be written to a connection
  enum class Stop : std::uint8_t { none, header_cap, body_cap, sink, address, second_sending } stop = Stop::none;
  std::string refused_address;

  /// Boost 1.81's any_completion_handler recurses for ever when it is move-assigned: it is only ever constructed.
  explicit Transfer(boost::asio::any_completion_handler<void(HttpOutcome)> then) : handler(std::move(then)) {}
  Transfer(Transfer const&) = delete;
  Transfer& operator=(Transfer const&) = delete;
  ~Transfer();

  std::size_t body_bytes_max() const;
  /// Sets every option of the handle for this request. REQUIRES: `handle` is fresh or reset.
  void prepare(CURL* handle, ClientOptions const& options);
  /// The outcome once libcurl has finished with `code`.
  HttpOutcome conclude(CURLcode code);
  HttpFault fault(HttpFaultKind kind, std::string what) const;
};

}  // namespace sluice::http_client
