// The HTTP client over real sockets: what arrives, what is refused, and what every kind of bad server comes to.
#include "connectors/http/client.hpp"

#include "connectors/http/blocking.hpp"
#include "tests/connectors/http/raw_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace sluice::http_client {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::Behaviour;
using test::ok;
using test::RawServer;
using Then = Behaviour::Then;

SiteOptions site_at(unsigned short port, std::string const& scheme = "http", std::string const& host = "127.0.0.1") {
  SiteOptions options;
  options.base_url = scheme + "://" + host + ":" + std::to_string(port);
  options.addresses.allow_loopback = true;
  return options;
}

RawServer::Answer always(Behaviour behaviour) {
  return [behaviour](std::string const&) { return behaviour; };
}

HttpRequest get(std::string target = "/") {
  HttpRequest request;
  request.site = "s";
  request.target = std::move(target);
  return request;
}

HttpRequest post(std::string body) {
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

void expect_fault(HttpOutcome const& outcome, HttpFaultKind kind, bool may_have_been_received) {
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(name_of(outcome.error().kind), name_of(kind)) << outcome.error().what;
  EXPECT_EQ(outcome.error().may_have_been_received, may_have_been_received) << outcome.error().what;
  EXPECT_FALSE(outcome.error().what.empty());
}

TEST_F(HttpClientTest, SendsBodyWithLengthAndReadsAnswerAndHeaders) {
  RawServer server(loop, always({.bytes = test::reply(201, "{\"id\":1}", "X-Thing:  a b \r\nRetry-After: 3\r\n")}));
  SiteOptions options = site_at(server.port());
  options.base_url += "/prefix/";
  ASSERT_TRUE(client->add_site("s", options));
  auto const outcome = ask(post("{\"a\":2}"));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
  EXPECT_EQ(outcome->status, 201);
  EXPECT_EQ(outcome->body, "{\"id\":1}");
  ASSERT_NE(outcome->header("x-thing"), nullptr);
  EXPECT_EQ(*outcome->header("x-thing"), "a b");
  EXPECT_EQ(outcome->header("absent"), nullptr);
  ASSERT_EQ(server.requests().size(), 1u);
  std::string const& seen = server.requests()[0];
  EXPECT_TRUE(seen.starts_with("POST /prefix/jobs HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Content-Length: 7\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Expect:"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("chunked"), std::string::npos) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{\"a\":2}"));
}

TEST_F(HttpClientTest, EveryMethodSaysItsName) {
  RawServer server(loop, always({.bytes = ok("")}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  for (auto const* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
    HttpRequest request = get();
    request.method = method;
    EXPECT_TRUE(ask(request).has_value()) << method;
    EXPECT_TRUE(server.requests().back().starts_with(std::string(method) + " / HTTP/1.1")) << server.requests().back();
    EXPECT_EQ(server.requests().back().find("x-www-form-urlencoded"), std::string::npos);
  }
  EXPECT_EQ(server.connections(), 1u) << "connections are kept";
}

TEST_F(HttpClientTest, RefusedConnectionWasNotSent) {
  unsigned short port = 0;
  {
    RawServer server(loop, always({}));
    port = server.port();
    server.stop();
  }
  ASSERT_TRUE(client->add_site("s", site_at(port)));
  expect_fault(ask(post("{}")), HttpFaultKind::not_sent, false);
}

TEST_F(HttpClientTest, SilenceIsATimeoutWithUnknownOutcome) {
  RawServer server(loop, always({.bytes = "", .then = Then::hang}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  HttpRequest request = post("{}");
  request.deadline = 60ms;
  expect_fault(ask(request), HttpFaultKind::timeout_unknown, true);
  EXPECT_EQ(client->load().in_flight, 0u);
}

TEST_F(HttpClientTest, SlowDripEndsAtTheDeadline) {
  RawServer server(loop, always({.bytes = ok(std::string(10'000, 'x')), .piece = 1, .between = 5ms}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  HttpRequest request = get();
  request.deadline = 150ms;
  expect_fault(ask(request), HttpFaultKind::timeout_unknown, true);
}

TEST_F(HttpClientTest, DripBelowTheLeastSpeedIsGivenUpBeforeTheDeadline) {
  RawServer server(loop, always({.bytes = ok(std::string(10'000, 'x')), .piece = 1, .between = 50ms}));
  SiteOptions options = site_at(server.port());
  options.low_speed_time = 1s;
  options.deadline = 15s;
  ASSERT_TRUE(client->add_site("s", options));
  expect_fault(ask(get()), HttpFaultKind::timeout_unknown, true);
}

TEST_F(HttpClientTest, ConnectionThatEndsEarlyIsAReset) {
  std::string const whole = ok("0123456789");
  std::vector<Behaviour> const ends{{.bytes = "", .then = Then::close},
                                    {.bytes = "", .then = Then::reset},
                                    {.bytes = whole.substr(0, 20), .then = Then::close},
                                    // libcurl does not tell a broken chunk from a lost connection
                                    {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", .then = Then::close},
                                    {.bytes = whole.substr(0, whole.size() - 3), .then = Then::close},
                                    {.bytes = whole.substr(0, whole.size() - 3), .then = Then::reset}};
  for (Behaviour const& end : ends) {
    RawServer server(loop, always(end));
    ASSERT_TRUE(client->add_site("s", site_at(server.port())));
    expect_fault(ask(post("{}")), HttpFaultKind::reset, true);
    EXPECT_EQ(server.requests().size(), 1u) << "a POST is never repeated";
  }
}

TEST_F(HttpClientTest, WhatIsNoHttpIsMalformed) {
  for (auto const* bytes : {"\x01\x02\x03garbage\n\n\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx",
                            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"}) {
    RawServer server(loop, always({.bytes = bytes, .then = Then::close}));
    ASSERT_TRUE(client->add_site("s", site_at(server.port())));
    expect_fault(ask(get()), HttpFaultKind::malformed, true);
  }
}

std::string gzip(std::string const& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  std::string input = plain;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST_F(HttpClientTest, CompressedAnswerIsReadAndABombIsStoppedAtTheCap) {
  std::string body = gzip("hello");
  RawServer server(loop, [&body](std::string const&) { return Behaviour{.bytes = ok(body, "Content-Encoding: gzip\r\n")}; });
  SiteOptions options = site_at(server.port());
  options.body_bytes_max = 100'000;
  ASSERT_TRUE(client->add_site("s", options));
  auto const plain = ask(get());
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->body, "hello");
  body = gzip(std::string(64u << 20, '\0'));
  ASSERT_LT(body.size(), 100'000u);
  expect_fault(ask(get()), HttpFaultKind::too_large, true);
  body = gzip(std::string(100'001, 'a'));
  expect_fault(ask(get()), HttpFaultKind::too_large, true);
  body = gzip(std::string(100'000, 'a'));
  EXPECT_TRUE(ask(get()).has_value()) << "exactly the cap is allowed";
}

TEST_F(HttpClientTest, HeadersAboveTheirCapAreRefused) {
  std::string many;
  for (int index = 0; index < 2'000; ++index) many += "X-" + std::to_string(index) + ": " + std::string(50, 'v') + "\r\n";
  std::string endless;
  for (int index = 0; index < 5'000; ++index) endless += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  for (std::string const& bytes : {ok("x", many), ok("x", "X: " + std::string(200'000, 'v') + "\r\n"), endless + ok("x")}) {
    RawServer server(loop, always({.bytes = bytes}));
    ASSERT_TRUE(client->add_site("s", site_at(server.port())));
    expect_fault(ask(get()), HttpFaultKind::too_large, true);
  }
}

TEST_F(HttpClientTest, RedirectsAreAnswersNotOrders) {
  RawServer other(loop, always({.bytes = ok("stolen")}));
  RawServer server(loop, always({.bytes = test::reply(302, "", "Location: http://127.0.0.1:" + std::to_string(other.port()) + "/\r\n")}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  HttpRequest request = get();
  request.headers = {{"Authorization", "Bearer canary"}};
  auto const outcome = ask(request);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status, 302);
  EXPECT_EQ(other.connections(), 0u);
}

TEST_F(HttpClientTest, AddressesAreJudgedAfterResolution) {
  RawServer server(loop, always({.bytes = ok("secret")}));
  for (auto const* host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "127.1"}) {
    SiteOptions options = site_at(server.port(), "http", host);
    options.addresses.allow_loopback = false;
    ASSERT_TRUE(client->add_site("s", options)) << host;
    expect_fault(ask(get()), HttpFaultKind::forbidden, false);
  }
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(HttpClientTest, AKeptConnectionOfAnotherSiteIsJudgedByItsOwnRules) {
  RawServer server(loop, always({.bytes = ok("x")}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  ASSERT_TRUE(ask(get()).has_value());
  SiteOptions strict = site_at(server.port());
  strict.addresses.allow_loopback = false;
  ASSERT_TRUE(client->add_site("strict", strict));
  HttpRequest request = get();
  request.site = "strict";
  expect_fault(ask(request), HttpFaultKind::forbidden, false);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HttpClientTest, TheEnvironmentsProxyIsIgnored) {
  RawServer proxy(loop, always({.bytes = ok("proxy")}));
  RawServer server(loop, always({.bytes = ok("server")}));
  std::string const address = "http://127.0.0.1:" + std::to_string(proxy.port());
  setenv("http_proxy", address.c_str(), 1);
  setenv("ALL_PROXY", address.c_str(), 1);
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  auto const outcome = ask(get());
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->body, "server");
  EXPECT_EQ(proxy.connections(), 0u);
}

TEST_F(HttpClientTest, WhatTheCallerMayNotSayIsForbidden) {
  RawServer server(loop, always({.bytes = ok("x")}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  std::vector<HttpRequest> requests(7, get());
  requests[0].headers = {{"X", "a\r\nY: b"}};
  requests[1].headers = {{"X Y", "a"}};
  requests[2].headers = {{"Host", "elsewhere"}};
  requests[3].target = "@elsewhere.example/";
  requests[4].target = "/a b";
  requests[5].method = "CONNECT";
  requests[6].site = "unknown";
  for (HttpRequest const& request : requests) expect_fault(ask(request), HttpFaultKind::forbidden, false);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(HttpClientTest, SiteOptionsThatCannotHoldAreNamed) {
  for (auto const* url : {"", "ftp://x", "https://user:pw@x/", "https://x/?q=1", "file:///etc/passwd", "gopher://x", "https://x/#f"}) {
    SiteOptions options;
    options.base_url = url;
    auto const added = client->add_site("s", options);
    ASSERT_FALSE(added.has_value()) << url;
    EXPECT_EQ(added.error().find("pw"), std::string::npos);
  }
}

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
  ASSERT_TRUE(client->add_site("s", site_at(hanging.port())));
  ASSERT_TRUE(client->add_site("lively", site_at(lively.port())));
  std::vector<HttpRequest> requests(20, get());
  for (HttpRequest& request : requests) request.deadline = 200ms;
  for (std::size_t index = 0; index < 4; ++index) requests[index].deadline = 600ms;
  for (int index = 0; index < 10; ++index) requests.push_back(get());
  for (std::size_t index = 20; index < 30; ++index) requests[index].site = "lively";
  auto const outcomes = ask_all(requests);
  for (std::size_t index = 0; index < 4; ++index) expect_fault(outcomes[index], HttpFaultKind::timeout_unknown, true);
  for (std::size_t index = 4; index < 20; ++index) expect_fault(outcomes[index], HttpFaultKind::not_sent, false);
  for (std::size_t index = 20; index < 30; ++index) {
    ASSERT_TRUE(outcomes[index].has_value());
    EXPECT_LT(outcomes[index]->elapsed, 200ms);
  }
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
  ASSERT_TRUE(client->add_site("s", options));
  std::vector<HttpOutcome> outcomes(2);
  int left = 2;
  for (std::size_t index = 0; index < 2; ++index) {
    asio::co_spawn(loop, client->send(get()), [&outcomes, &left, index](std::exception_ptr, HttpOutcome outcome) {
      outcomes[index] = std::move(outcome);
      --left;
    });
  }
  run_while([&] { return server.requests().empty(); });
  client->remove_site("s");
  run_while([&] { return left > 0; });
  EXPECT_TRUE(outcomes[0].has_value());
  expect_fault(outcomes[1], HttpFaultKind::forbidden, false);
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

TEST(HttpDate, IsReadAndRubbishIsNot) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(parse_http_date("soon"), std::nullopt);
  EXPECT_EQ(parse_http_date(std::string(1'000, '9')), std::nullopt);
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) { EXPECT_EQ(percent_encode("a-1_~./ ?&=%\xe5"), "a-1_~.%2F%20%3F%26%3D%25%E5"); }

}  // namespace
}  // namespace sluice::http_client
