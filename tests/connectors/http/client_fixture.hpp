// What the tests of the HTTP client share: a loop with a client on it, and short words for sites, requests and faults.
#pragma once

#include "connectors/http/client.hpp"
#include "tests/connectors/http/raw_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http_client {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::Behaviour;
using test::ok;
using test::RawServer;
using Then = Behaviour::Then;

inline SiteOptions site_at(unsigned short port, std::string const& scheme = "http", std::string const& host = "127.0.0.1") {
  SiteOptions options;
  options.base_url = scheme + "://" + host + ":" + std::to_string(port);
  options.addresses.allow_loopback = true;
  return options;
}

inline RawServer::Answer always(Behaviour behaviour) {
  return [behaviour](std::string const&) { return behaviour; };
}

inline HttpRequest get(std::string target = "/") {
  HttpRequest request;
  request.site = "s";
  request.target = std::move(target);
  return request;
}

inline HttpRequest post(std::string body) {
  HttpRequest request = get("/jobs");
  request.method = "POST";
  request.body = std::move(body);
  request.headers = {{"Content-Type", "application/json"}};
  return request;
}

class HttpClientTest : public ::testing::Test {
 protected:
  asio::io_context loop{1};
  std::optional<HttpClient> client{std::in_place, loop.get_executor(), ClientOptions{}};

  HttpOutcome ask(HttpRequest request) {
    auto outcomes = ask_all({std::move(request)});
    return std::move(outcomes.at(0));
  }

  std::vector<HttpOutcome> ask_all(std::vector<HttpRequest> requests) {
    std::vector<HttpOutcome> outcomes(requests.size());
    std::size_t left = requests.size();
    for (std::size_t index = 0; index < requests.size(); ++index) {
      auto const take = [&outcomes, &left, index](std::exception_ptr failure, HttpOutcome outcome) {
        ASSERT_FALSE(failure);
        outcomes[index] = std::move(outcome);
        --left;
      };
      asio::co_spawn(loop, client->send(std::move(requests[index])), take);
    }
    run_while([&left] { return left > 0; });
    return outcomes;
  }

  void run_while(std::function<bool()> const& condition) {
    auto const until = std::chrono::steady_clock::now() + 20s;
    loop.restart();
    while (condition() && std::chrono::steady_clock::now() < until) loop.run_one_for(1s);
    ASSERT_FALSE(condition());
  }
};

inline void expect_fault(HttpOutcome const& outcome, HttpFaultKind kind, bool may_have_been_received) {
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(name_of(outcome.error().kind), name_of(kind)) << outcome.error().what;
  EXPECT_EQ(outcome.error().may_have_been_received, may_have_been_received) << outcome.error().what;
  EXPECT_FALSE(outcome.error().what.empty());
}

}  // namespace sluice::http_client
