// The blocking facade, against a server on another thread.
#include "connectors/http/blocking.hpp"

#include "tests/connectors/http/raw_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace sluice::http_client {
namespace {

TEST(BlockingClient, AsksSeveralTimesOverOneConnection) {
  boost::asio::io_context loop(1);
  auto work = boost::asio::make_work_guard(loop);
  std::optional<test::RawServer> server(std::in_place, loop, [](std::string const& request) {
    return test::Behaviour{.bytes = test::ok(request.substr(0, request.find(' ', 5)))};
  });
  unsigned short const port = server->port();
  std::thread thread([&loop] { loop.run(); });

  BlockingClient client(ClientOptions{});
  SiteOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(port);
  options.addresses.allow_loopback = true;
  ASSERT_TRUE(client.add_site("s", options));
  for (auto const* target : {"/a", "/b", "/c"}) {
    HttpRequest request;
    request.site = "s";
    request.target = target;
    auto const outcome = client.send(request);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
    EXPECT_EQ(outcome->body, std::string("GET ") + target);
  }
  HttpRequest request;
  request.site = "absent";
  EXPECT_FALSE(client.send(request).has_value());

  boost::asio::post(loop, [&server] { server->stop(); });
  work.reset();
  thread.join();
  EXPECT_EQ(server->connections(), 1u);
}

}  // namespace
}  // namespace sluice::http_client
