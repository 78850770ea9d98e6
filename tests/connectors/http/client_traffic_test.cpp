// The HTTP client's traffic and trust: repetition, limits, cancellation, streams, Unix sockets and TLS.
#include "tests/connectors/http/client_fixture.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <filesystem>
#include <fstream>

namespace sluice::http_client {
namespace {

// A server that takes a request on a kept connection and closes without an answer: the request may have been acted upon.
TEST_F(HttpClientTest, ADeadKeptConnectionRepeatsAGetButNeverAPost) {
  int asked = 0;
  RawServer server(loop, [&asked](std::string const&) {
    return ++asked % 2 == 1 ? Behaviour{.bytes = ok("x")} : Behaviour{.bytes = "", .then = Then::close};
  });
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  ASSERT_TRUE(ask(get()).has_value());
  auto const repeated = ask(get());  // request 2 is dropped, request 3 is its repetition
  ASSERT_TRUE(repeated.has_value()) << repeated.error().what;
  EXPECT_EQ(server.requests().size(), 3u);
  expect_fault(ask(post("{}")), HttpFaultKind::reset, true);
  EXPECT_EQ(server.requests().size(), 4u) << "the POST was put on the wire once";

  HttpRequest named = post("{}");
  named.repeatable = true;
  ASSERT_TRUE(ask(get()).has_value());  // 5, so that 6 is dropped
  ASSERT_TRUE(ask(named).has_value());  // 6 and 7
  EXPECT_EQ(server.requests().size(), 7u);
}

TEST_F(HttpClientTest, ASiteNeverSeesMoreRequestsAtOnceThanItsLimit) {
  RawServer server(loop, always({.bytes = ok("x"), .between = 5ms}));
  SiteOptions options = site_at(server.port());
  options.concurrency_max = 3;
  options.waiting_max = 20;
  ASSERT_TRUE(client->add_site("s", options));
  std::vector<HttpRequest> requests(30, get());
  auto const outcomes = ask_all(requests);
  std::size_t answered = 0;
  for (HttpOutcome const& outcome : outcomes) {
    if (outcome) {
      ++answered;
    } else {
      expect_fault(outcome, HttpFaultKind::not_sent, false);
    }
  }
  EXPECT_EQ(answered, 23u) << "3 in flight, 20 in line, the rest refused at once";
  EXPECT_EQ(server.busy_max(), 3u);
  EXPECT_EQ(server.connections(), 3u);
}

TEST_F(HttpClientTest, AHangingSiteStarvesNoOther) {
  RawServer hanging(loop, always({.bytes = "", .then = Then::hang}));
  RawServer lively(loop, always({.bytes = ok("x")}));
  SiteOptions patient = site_at(hanging.port());
  patient.deadline = 60s;
  ASSERT_TRUE(client->add_site("s", patient));
  ASSERT_TRUE(client->add_site("lively", site_at(lively.port())));
  for (int index = 0; index < 20; ++index) asio::co_spawn(loop, client->send(get()), asio::detached);
  std::vector<HttpRequest> requests(10, get());
  for (HttpRequest& request : requests) request.site = "lively";
  for (HttpOutcome const& outcome : ask_all(requests)) EXPECT_TRUE(outcome.has_value());
  EXPECT_EQ(client->load("s").in_flight, 4u) << "the hanging ones still hang";
  EXPECT_EQ(client->load("s").waiting, 16u);

  HttpRequest hasty = get();
  hasty.deadline = 30ms;
  expect_fault(ask(hasty), HttpFaultKind::not_sent, false);
  EXPECT_EQ(client->load("s").waiting, 16u);
}

asio::awaitable<void> send_or_give_up(HttpClient& client, HttpRequest request, std::function<bool()> seen, bool& gave_up) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  struct Wait {
    static asio::awaitable<void> until(asio::steady_timer& clock, std::function<bool()> condition) {
      while (!condition()) {
        clock.expires_after(1ms);
        co_await clock.async_wait(asio::use_awaitable);
      }
    }
  };
  auto const first = co_await (client.send(std::move(request)) || Wait::until(timer, std::move(seen)));
  gave_up = first.index() == 1;
}

TEST_F(HttpClientTest, ACancelledRequestLeavesTheWire) {
  RawServer server(loop, always({.bytes = "", .then = Then::hang}));
  SiteOptions options = site_at(server.port());
  options.concurrency_max = 1;
  ASSERT_TRUE(client->add_site("s", options));
  bool sent_gave_up = false;
  bool waiting_gave_up = false;
  bool finished = false;
  bool second = false;
  auto const seen = [&server] { return !server.requests().empty(); };
  asio::co_spawn(loop, send_or_give_up(*client, get(), seen, sent_gave_up), [&](std::exception_ptr) { finished = true; });
  asio::co_spawn(loop, send_or_give_up(*client, get(), seen, waiting_gave_up), [&](std::exception_ptr) { second = true; });
  run_while([&] { return !finished || !second; });
  EXPECT_TRUE(sent_gave_up);
  EXPECT_TRUE(waiting_gave_up);
  EXPECT_EQ(client->load().in_flight, 0u);
  EXPECT_EQ(client->load().waiting, 0u);
}

TEST_F(HttpClientTest, DestructionEndsEveryRequest) {
  RawServer server(loop, always({.bytes = "", .then = Then::hang}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  std::vector<HttpOutcome> outcomes;
  for (int index = 0; index < 6; ++index) {
    asio::co_spawn(loop, client->send(get()),
                   [&outcomes](std::exception_ptr, HttpOutcome outcome) { outcomes.push_back(std::move(outcome)); });
  }
  run_while([&] { return server.requests().size() < 4; });
  client.reset();
  run_while([&] { return outcomes.size() < 6; });
  std::size_t received = 0;
  for (HttpOutcome const& outcome : outcomes) {
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(name_of(outcome.error().kind), "cancelled");
    received += outcome.error().may_have_been_received ? 1u : 0u;
  }
  EXPECT_EQ(received, 4u);
}

TEST_F(HttpClientTest, ARemovedSiteRefusesWhatWaitsAndFinishesWhatFlies) {
  RawServer server(loop, always({.bytes = ok("x"), .between = 30ms}));
  SiteOptions options = site_at(server.port());
  options.concurrency_max = 1;
  auto const number = client->add_site("s", options);
  ASSERT_TRUE(number);
  std::vector<HttpOutcome> outcomes(2);
  int left = 2;
  for (std::size_t index = 0; index < 2; ++index) {
    asio::co_spawn(loop, client->send(get()), [&outcomes, &left, index](std::exception_ptr, HttpOutcome outcome) {
      outcomes[index] = std::move(outcome);
      --left;
    });
  }
  run_while([&] { return server.requests().empty(); });
  client->remove_site("s", *number);
  run_while([&] { return left > 0; });
  EXPECT_TRUE(outcomes[0].has_value());
  expect_fault(outcomes[1], HttpFaultKind::forbidden, false);
}

TEST_F(HttpClientTest, WhoeverDeclaredASiteBeforeCannotRemoveTheOneDeclaredSince) {
  RawServer server(loop, always({.bytes = ok("x")}));
  auto const first = client->add_site("s", site_at(server.port()));
  auto const second = client->add_site("s", site_at(server.port()));
  ASSERT_TRUE(first && second);
  client->remove_site("s", *first);
  EXPECT_TRUE(ask(get()).has_value());
  client->remove_site("s", *second);
  expect_fault(ask(get()), HttpFaultKind::forbidden, false);
}

TEST_F(HttpClientTest, ABodySinkTakesAnEndlessStreamAndMayStopIt) {
  RawServer server(
      loop, always({.bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + std::string(1'000, 'e'), .then = Then::hang}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  HttpRequest request = get();
  request.endless = true;
  std::size_t taken = 0;
  request.body_sink = [&taken](std::string_view piece) {
    taken += piece.size();
    return taken < 1'000;
  };
  expect_fault(ask(request), HttpFaultKind::cancelled, true);
  EXPECT_EQ(taken, 1'000u);
}

struct Directory {
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-http-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string write(std::string const& name, std::string const& text) const {
    std::string const file = (path / name).string();
    std::ofstream(file) << text;
    return file;
  }
  std::filesystem::path path;
};

TEST_F(HttpClientTest, SpeaksThroughAUnixSocketAndNothingElse) {
  Directory const directory;
  std::string const path = (directory.path / "s").string();
  RawServer server(loop, always({.bytes = ok("local")}), path);
  SiteOptions options;
  options.base_url = "http://sluice.local";
  options.unix_socket = path;
  ASSERT_TRUE(client->add_site("s", options));
  auto const outcome = ask(get());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
  EXPECT_EQ(outcome->body, "local");
}

TEST_F(HttpClientTest, TlsIsTrustedOnlyForTheRightHostAndAuthority) {
  Directory const directory;
  auto const right = test::make_certificates("127.0.0.1");
  auto const wrong = test::make_certificates("elsewhere.example");
  RawServer honest(loop, always({.bytes = ok("safe")}), right);
  RawServer impostor(loop, always({.bytes = ok("unsafe")}), wrong);

  SiteOptions options = site_at(honest.port(), "https");
  options.ca_file = directory.write("right.pem", right.authority);
  ASSERT_TRUE(client->add_site("s", options));
  auto const outcome = ask(post("{}"));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
  EXPECT_EQ(outcome->body, "safe");

  options = site_at(impostor.port(), "https");
  options.ca_file = directory.write("wrong.pem", wrong.authority);
  ASSERT_TRUE(client->add_site("s", options));  // right authority, other host
  expect_fault(ask(post("{}")), HttpFaultKind::tls, false);
  options.ca_file = directory.write("other.pem", right.authority);
  ASSERT_TRUE(client->add_site("s", options));  // other authority
  expect_fault(ask(post("{}")), HttpFaultKind::tls, false);
  options.ca_file = (directory.path / "absent.pem").string();
  ASSERT_TRUE(client->add_site("s", options));
  expect_fault(ask(post("{}")), HttpFaultKind::tls, false);
  EXPECT_TRUE(impostor.requests().empty());
}

TEST_F(HttpClientTest, ShowsItsClientCertificate) {
  Directory const directory;
  auto const identity = test::make_certificates("127.0.0.1");
  auto const mine = test::make_certificates("client.example");
  RawServer server(loop, always({.bytes = ok("known")}), identity, mine.authority);
  SiteOptions options = site_at(server.port(), "https");
  options.ca_file = directory.write("ca.pem", identity.authority);
  options.client_certificate_file = directory.write("client.pem", mine.certificate);
  options.client_key_file = directory.write("client.key", mine.key);
  ASSERT_TRUE(client->add_site("s", options));
  auto const outcome = ask(get());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
  EXPECT_EQ(outcome->body, "known");
  options.client_certificate_file.clear();
  options.client_key_file.clear();
  ASSERT_TRUE(client->add_site("s", options));
  EXPECT_FALSE(ask(get()).has_value());
}

}  // namespace
}  // namespace sluice::http_client
