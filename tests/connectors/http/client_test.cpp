// The HTTP client over real sockets: what arrives, what is refused, and what every kind of bad server comes to.
#include "connectors/http/client.hpp"

#include "tests/connectors/http/client_fixture.hpp"

#include <zlib.h>

#include <cstdlib>

namespace sluice::http_client {
namespace {

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
  request.deadline = 500ms;
  expect_fault(ask(request), HttpFaultKind::timeout_unknown, true);
  EXPECT_EQ(client->load().in_flight, 0u);
}

TEST_F(HttpClientTest, SlowDripEndsAtTheDeadline) {
  RawServer server(loop, always({.bytes = ok(std::string(10'000, 'x')), .piece = 1, .between = 5ms}));
  ASSERT_TRUE(client->add_site("s", site_at(server.port())));
  HttpRequest request = get();
  request.deadline = 500ms;
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

TEST_F(HttpClientTest, AnAnswerThatStopsMidwayIsGivenUpBeforeTheDeadline) {
  RawServer server(loop, always({.bytes = ok(std::string(100, 'x')).substr(0, 60), .then = Then::hang}));
  SiteOptions options = site_at(server.port());
  options.low_speed_time = 1s;
  options.deadline = 15s;
  ASSERT_TRUE(client->add_site("s", options));
  auto const outcome = ask(get());
  expect_fault(outcome, HttpFaultKind::timeout_unknown, true);
  EXPECT_NE(outcome.error().what.find("more slowly than 64 bytes a second"), std::string::npos) << outcome.error().what;
}

TEST_F(HttpClientTest, ASiteMayThinkForAsLongAsTheDeadlineAllows) {
  RawServer server(loop, always({.bytes = ok("x"), .between = 2s}));
  SiteOptions options = site_at(server.port());
  options.low_speed_time = 1s;
  options.deadline = 15s;
  ASSERT_TRUE(client->add_site("s", options));
  auto const outcome = ask(get());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
  EXPECT_EQ(outcome->body, "x");
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
  body = gzip(std::string(16u << 20, '\0'));
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

TEST(HttpDate, IsReadAndRubbishIsNot) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(parse_http_date("soon"), std::nullopt);
  EXPECT_EQ(parse_http_date(std::string(1'000, '9')), std::nullopt);
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) { EXPECT_EQ(percent_encode("a-1_~./ ?&=%\xe5"), "a-1_~.%2F%20%3F%26%3D%25%E5"); }

}  // namespace
}  // namespace sluice::http_client
