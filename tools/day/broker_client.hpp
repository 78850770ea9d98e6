// Requests to the broker with the manners a client owes it: keep-alive, Idempotency-Keys, and waiting when it is told to wait.
#pragma once

#include "connectors/http/client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <expected>
#include <string>

namespace sluice::day {

struct Ask {
  std::string method = "GET";
  std::string target;
  std::string token;            ///< empty: none (the Unix socket)
  std::string body;             ///< JSON; empty: none
  std::string idempotency_key;  ///< empty: none
};

struct Answer {
  int status = 0;
  nlohmann::json body;  ///< null when there is none
  bool ok() const { return status >= 200 && status < 300; }
  /// The problem's code and detail, for people.
  std::string problem() const;
};

/// How often the broker, or the way to it, made us wait.
struct Patience {
  std::int64_t requests = 0;
  std::int64_t told_to_wait_429 = 0;
  std::int64_t told_to_wait_503 = 0;  ///< 503 and 507
  std::int64_t no_answer = 0;
};

/// One address, a few connections. All on one loop.
class BrokerClient {
 public:
  BrokerClient(boost::asio::io_context& loop, std::string site) : loop_(loop), site_(std::move(site)), client_(loop.get_executor(), {}) {}

  /// "http://127.0.0.1:8080", or "unix:/run/sluice/sluice.sock". Error: what is wrong with it.
  std::expected<void, std::string> open(std::string const& address, std::size_t connections);

  /// Sends, and on 429, 503, 507, 409 in progress or a broken connection waits (Retry-After, else growing pauses) and sends again, for two
  /// minutes at most. A POST is only repeated when it carries an Idempotency-Key. Error: for people, with method and target.
  boost::asio::awaitable<std::expected<Answer, std::string>> call(Ask ask);

  Patience const& patience() const { return patience_; }

 private:
  boost::asio::io_context& loop_;
  std::string site_;
  http_client::HttpClient client_;
  Patience patience_;
};

/// Waits on the loop.
boost::asio::awaitable<void> pause(boost::asio::io_context& loop, std::int64_t ms);

}  // namespace sluice::day
