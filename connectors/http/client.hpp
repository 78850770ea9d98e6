// The one HTTP client: libcurl's multi interface driven by an Asio loop.
#pragma once

#include "connectors/http/message.hpp"
#include "connectors/http/options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::http_client {

using HttpOutcome = std::expected<HttpReply, HttpFault>;

/// One per loop; all members are called on that loop. Destroying it completes every open request with `cancelled`.
class HttpClient {
 public:
  HttpClient(boost::asio::any_io_executor loop, ClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient const&) = delete;
  HttpClient& operator=(HttpClient const&) = delete;

  /// Declares a site, or replaces its options for requests that start later. Error: what is wrong with the options.
  std::expected<void, std::string> add_site(std::string const& name, SiteOptions options);
  /// Forgets a site: waiting requests end with `forbidden`, requests in flight finish.
  void remove_site(std::string_view name);
  /// Forgets a site if it still stands as that add_site() made it: who declared it need not know whether somebody has replaced it since.
  void remove_site(std::string_view name, std::uint64_t declaration);
  /// Which declaration of the site stands; 0: none.
  std::uint64_t declaration(std::string_view name) const;

  /// Sends one request and waits for its whole answer. Never throws for what the world does. Cancellable: a request that
  /// is cancelled leaves the wire at once and ends with `cancelled`.
  boost::asio::awaitable<HttpOutcome> send(HttpRequest request);

  /// Completes every open request with `cancelled`, on the loop; requests that come later end likewise. For a stop in order: whoever
  /// waited for an answer can let go of what it holds while the client still lives.
  void shut_down();

  struct Load {
    std::size_t in_flight = 0;
    std::size_t waiting = 0;
  };
  Load load(std::string_view site) const;
  Load load() const;

 private:
  class Engine;
  std::shared_ptr<Engine> engine_;
};

/// An HTTP date (RFC 9110 §5.6.7) in seconds since 1970; nullopt when it is none.
std::optional<std::int64_t> parse_http_date(std::string_view text);

/// Percent-encodes all but RFC 3986's unreserved characters: for one path segment or one query value.
std::string percent_encode(std::string_view text);

}  // namespace sluice::http_client
