// The server over real sockets: keep-alive, limits, deadlines, caps, streams, and the orderly stop.
#include "broker/http/event_stream.hpp"
#include "tests/broker/http/harness.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using testing::Client;
using testing::echo_router;
using testing::get;
using testing::Harness;
using testing::post;
using testing::Reply;

/// The cause of a problem, or its code where it has only one.
std::string code_of(Reply const& reply) {
  auto const document = nlohmann::json::parse(reply.body, nullptr, false);
  return document.value("cause", document.value("code", "no problem document"));
}

/// Deadlines short enough to wait for, looked at often. Only for tests that expect a time-out.
Options impatient() {
  Options options;
  options.header_timeout = options.idle_timeout = options.body_grace = options.write_grace = 40ms;
  options.bytes_per_second_min = 1u << 30;
  options.tick = 5ms;
  return options;
}

/// Handlers that wait until the test lets them go. All of it on the loop's thread, but for the promises.
struct Gate {
  explicit Gate(boost::asio::io_context& loop) : timer(loop, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::steady_timer timer;
  std::promise<void> entered;
};

boost::asio::awaitable<Response> wait_at(std::shared_ptr<std::unique_ptr<Gate>> gate) {
  (*gate)->entered.set_value();
  boost::system::error_code error;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
  co_await (*gate)->timer.async_wait(token);
  Response response = json_response(200, "\"done\"");
  co_return response;
}

boost::asio::awaitable<Response> fail_badly() {
  throw std::runtime_error("internal secret");
  co_return empty_response();
}

boost::asio::awaitable<Response> answer_with(Response response) { co_return response; }

TEST(Server, keepsConnectionsAndAnswersInOrder) {
  Harness server(echo_router());
  Client client = server.client();
  for (int i = 0; i < 3; ++i) {
    client.send(get("/items/" + std::to_string(i) + "?a=%26"));
    Reply const reply = client.reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "GET /items/" + std::to_string(i) + " ?a=& {id}=" + std::to_string(i));
    EXPECT_FALSE(reply.closes);
    EXPECT_EQ(reply.field("X-Request-Id").size(), 32u);
    EXPECT_EQ(reply.field("Date").size(), 29u);
  }
  std::string all;
  for (int i = 0; i < 100; ++i) all += post("/echo", std::to_string(i));
  client.send(all);
  std::string ids;
  for (int i = 0; i < 100; ++i) {
    Reply const reply = client.reply();
    ASSERT_EQ(reply.body, "POST /echo [" + std::to_string(i) + "]");
    EXPECT_EQ(ids.find(reply.field("X-Request-Id")), std::string::npos);
    ids += reply.field("X-Request-Id") + " ";
  }
}

TEST(Server, readsBodiesOfEverySizeUpToTheLimit) {
  Harness server(echo_router());
  Client client = server.client();
  for (std::size_t const size : {1u, 3'000u, 4'096u, 5'000u, 70'000u, 1'048'576u, 2u}) {
    std::string const body(size, 'x');
    client.send(post("/echo", body));
    EXPECT_EQ(client.reply().body, "POST /echo [" + body + "]") << size;
  }
  // In pieces, with the next request right behind.
  std::string const two = post("/echo", std::string(10'000, 'y')) + get("/echo");
  for (std::size_t at = 0; at < two.size(); at += 997) client.send(two.substr(at, 997));
  EXPECT_EQ(client.reply().body.size(), 13u + 10'000u);
  EXPECT_EQ(client.reply().body, "GET /echo");
  client.send(post("/echo", std::string(1'048'577, 'x')).substr(0, 4'000));
  Reply const reply = client.reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(code_of(reply), "content_too_large");
  EXPECT_TRUE(reply.closes);
  EXPECT_EQ(server.on_loop([&] { return server.server().counters().body_bytes; }), 0u);
}

TEST(Server, answersEveryRefusalOfARouteAndGoesOn) {
  Harness server(echo_router());
  Client client = server.client();
  struct Case {
    std::string bytes;
    int status;
    std::string code;
  };
  for (auto const& c : {Case{get("/nowhere"), 404, "not_found"}, Case{post("/nowhere", "{}"), 404, "not_found"},
                        Case{post("/items/1", "{}"), 405, "method_not_allowed"}, Case{post("/echo", "{}", ""), 415, "content_type_missing"},
                        Case{post("/echo", "{}", "Content-Type: text/plain\r\n"), 415, "content_type_unsupported"},
                        Case{post("/action", "{}"), 400, "content_not_allowed"},
                        Case{post("/echo", "{}", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"), 415, "content_encoding"},
                        Case{get("/echo?a=1&a=2"), 400, "query_malformed"}}) {
    client.send(c.bytes);
    Reply const reply = client.reply();
    EXPECT_EQ(reply.status, c.status) << c.bytes;
    EXPECT_EQ(code_of(reply), c.code);
    EXPECT_FALSE(reply.closes) << c.bytes;
    if (c.status == 405) {
      EXPECT_EQ(reply.field("Allow"), "GET, HEAD, OPTIONS");
    }
  }
  // A route's own limit closes, since the body is not wanted.
  client.send(post("/text", "12345678901", "Content-Type: text/plain\r\n"));
  EXPECT_EQ(code_of(client.reply()), "content_too_large");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, acceptsMediaTypesInAnyCaseWithParameters) {
  Harness server(echo_router());
  Client client = server.client();
  for (char const* type : {"Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"}) {
    client.send(post("/echo", "{}", "Content-Type: " + std::string(type) + "\r\n"));
    EXPECT_EQ(client.reply().status, 200) << type;
  }
}

TEST(Server, answersHeadAndOptions) {
  Harness server(echo_router());
  Client client = server.client();
  client.send("HEAD /echo HTTP/1.1\r\nHost: test\r\n\r\n");
  Reply reply = client.reply(true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Content-Length"), "10");
  client.send("HEAD /nowhere HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(client.reply(true).status, 404);
  client.send("OPTIONS /echo HTTP/1.1\r\nHost: test\r\n\r\n");
  reply = client.reply();
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.field("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(reply.field("Content-Length"), "");
  client.send("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(client.reply().status, 204);
  client.send(get("/echo"));
  EXPECT_EQ(client.reply().body, "GET /echo");
}

TEST(Server, honoursExpectContinueOnlyForRequestsItWants) {
  Harness server(echo_router());
  Client client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  client.send("{}");
  EXPECT_EQ(client.reply().body, "POST /echo [{}]");
  client.send("POST /nowhere HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  Reply const reply = client.reply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_TRUE(reply.closes);
}

TEST(Server, refusesOversizedHeaders) {
  Harness server(echo_router());
  struct Case {
    std::string bytes;
    int status;
    std::string code;
  };
  std::string many;
  for (int i = 0; i < 99; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  for (auto const& c :
       {Case{get("/" + std::string(8 * 1024, 'x')), 414, "target_too_long"},
        Case{"GET /" + std::string(20'000, 'x'), 414, "target_too_long"}, Case{std::string(20'000, 'x'), 414, "target_too_long"},
        Case{get("/", many + "X: y\r\n"), 431, "too_many_header_fields"},
        Case{get("/", "X: " + std::string(17'000, 'x') + "\r\n"), 431, "header_too_large"},
        Case{"GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x'), 431, "header_too_large"}}) {
    Client client = server.client();
    client.send(c.bytes);
    Reply const reply = client.reply();
    EXPECT_EQ(reply.status, c.status);
    EXPECT_EQ(code_of(reply), c.code);
    EXPECT_TRUE(reply.closes);
    client.half_close();
    EXPECT_TRUE(client.at_end());
  }
  Client client = server.client();
  client.send(get("/" + std::string(8 * 1024 - 1, 'x')));
  EXPECT_EQ(client.reply().status, 404);
  client.send(get("/", many));
  EXPECT_EQ(client.reply().status, 200);
  client.send(get("/", "X: " + std::string(16'000, 'x') + "\r\n"));
  EXPECT_EQ(client.reply().status, 200);
}

TEST(Server, timesOutSlowHeadersBodiesAndIdleConnections) {
  Harness server(echo_router(), impatient());
  Client silent = server.client();
  EXPECT_TRUE(silent.at_end());

  Client slow_header = server.client();
  slow_header.send("GET / HTTP/1.1\r\nHost:");
  Reply reply = slow_header.reply();
  EXPECT_EQ(reply.status, 408);
  EXPECT_EQ(code_of(reply), "header_timeout");
  EXPECT_TRUE(reply.closes);

  for (std::size_t const length : {100u, 100'000u}) {  // in the buffer, and beside it
    Client slow_body = server.client();
    slow_body.send(post("/echo", std::string(length, 'x')).substr(0, 120));
    reply = slow_body.reply();
    EXPECT_EQ(reply.status, 408);
    EXPECT_EQ(code_of(reply), "body_timeout");
  }

  Client idle = server.client();
  idle.send(get("/"));
  EXPECT_EQ(idle.reply().status, 200);
  EXPECT_TRUE(idle.at_end());
  EXPECT_GE(server.on_loop([&] { return server.server().counters().timeouts; }), 5u);
}

TEST(Server, givesUpOnAClientThatDoesNotRead) {
  Router router;
  auto const large = std::make_shared<std::string const>(64u << 20, 'x');
  router.add({Method::get, "/large", [large](Request) { return answer_with(shared_response(200, "text/plain", large)); }, {}, "large"});
  std::promise<std::size_t> sent;
  Observer observer;
  observer.exchange = [&](Exchange const& exchange) { sent.set_value(exchange.bytes_sent); };
  Harness server(std::move(router), impatient(), {}, std::move(observer));
  Client client = server.client();
  client.send(get("/large"));
  EXPECT_LT(sent.get_future().get(), large->size());
}

TEST(Server, sendsLargeAnswersWhole) {
  Router router;
  auto const large = std::make_shared<std::string const>(8u << 20, 'x');
  router.add({Method::get, "/large", [large](Request) { return answer_with(shared_response(200, "text/plain", large)); }, {}, "large"});
  Harness server(std::move(router));
  Client client = server.client();
  client.send(get("/large") + get("/large"));
  EXPECT_EQ(client.reply().body.size(), large->size());
  EXPECT_EQ(client.reply().body.size(), large->size());
}

TEST(Server, hidesWhatEscapesAHandler) {
  Router router;
  router.add({Method::get, "/fail", [](Request) { return fail_badly(); }, {}, "fail"});
  std::string failure;
  std::string_view outcome;
  Observer observer;
  observer.exchange = [&](Exchange const& exchange) {
    failure = exchange.failure;
    outcome = exchange.outcome;
  };
  Harness server(std::move(router), {}, {}, std::move(observer));
  Client client = server.client();
  client.send(get("/fail"));
  Reply const reply = client.reply();
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(code_of(reply), "internal_error");
  EXPECT_EQ((reply.head + reply.body).find("secret"), std::string::npos);
  EXPECT_FALSE(reply.closes);
  server.on_loop([] {});  // the observer has run before this
  EXPECT_EQ(failure, "internal secret");
  EXPECT_EQ(outcome, "internal_error");
}

TEST(Server, asksAdmissionBeforeTheBody) {
  std::vector<std::string> asked;
  Admission const admission = [&](Request const& request, Route const& route, std::size_t length) -> std::optional<Problem> {
    asked.push_back(route.name + " " + std::to_string(length) + " " + std::string(request.header("authorization").value_or("-")) +
                    (request.body.empty() ? "" : " body"));
    if (request.header("Authorization")) return std::nullopt;
    Problem problem;
    problem.status = 401;
    problem.code = "unauthenticated";
    return problem;
  };
  Harness server(echo_router(), {}, {}, {}, admission);
  Client client = server.client();
  client.send(post("/echo", "{}"));
  EXPECT_EQ(code_of(client.reply()), "unauthenticated");
  client.send(post("/echo", "{}", "Content-Type: application/json\r\nAuthorization: x\r\n"));
  EXPECT_EQ(client.reply().status, 200);
  client.send(get("/nowhere"));
  EXPECT_EQ(client.reply().status, 404);
  EXPECT_EQ(server.on_loop([&] { return asked; }), (std::vector<std::string>{"post_echo 2 -", "post_echo 2 x"}));
}

TEST(Server, capsConnectionsWithAClean503) {
  Options options;
  options.connections_per_peer_max = 2;
  std::vector<std::string> refused;
  Observer observer;
  observer.connection_refused = [&](std::string_view reason) { refused.emplace_back(reason); };
  Harness server(echo_router(), options, {}, std::move(observer));
  Client first = server.client();
  Client second = server.client();
  for (Client* client : {&first, &second}) {
    client->send(get("/"));
    EXPECT_EQ(client->reply().status, 200);
  }
  Client third = server.client();
  third.send(get("/"));
  Reply const reply = third.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(code_of(reply), "too_many_connections");
  EXPECT_EQ(reply.field("Retry-After"), "1");
  EXPECT_TRUE(reply.closes);
  third.half_close();
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(server.on_loop([&] { return refused; }), std::vector<std::string>{"connections_per_peer_max"});

  // Room again as soon as one has gone: its server side ends when it has read our end.
  first.send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(first.reply().status, 200);
  EXPECT_TRUE(first.at_end());
  Client fourth = server.client();
  fourth.send(get("/"));
  EXPECT_EQ(fourth.reply().status, 200);
}

TEST(Server, capsTheMemoryOfAllBodies) {
  Options options;
  options.body_bytes_total_max = 150'000;
  Harness server(echo_router(), options);
  Client first = server.client();
  std::string const large = post("/echo", std::string(100'000, 'x'));
  first.send(large.substr(0, 90'000));
  // The server has it when its account says so.
  while (server.on_loop([&] { return server.server().counters().body_bytes; }) < 100'000) std::this_thread::yield();
  Client second = server.client();
  second.send(large.substr(0, 5'000));
  Reply const reply = second.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(code_of(reply), "busy");
  first.send(large.substr(90'000));
  EXPECT_EQ(first.reply().status, 200);
  EXPECT_EQ(server.on_loop([&] { return server.server().counters().body_bytes; }), 0u);
}

TEST(Server, forgetsClientsThatResetInTheMiddle) {
  std::promise<std::string> outcome;
  Observer observer;
  observer.exchange = [&](Exchange const& exchange) { outcome.set_value(std::string(exchange.outcome)); };
  Harness server(echo_router(), {}, {}, std::move(observer));
  Client client = server.client();
  client.send(post("/echo", std::string(500'000, 'x')).substr(0, 100'000));
  while (server.on_loop([&] { return server.server().counters().body_bytes; }) == 0) std::this_thread::yield();
  client.reset();
  EXPECT_EQ(outcome.get_future().get(), "disconnected");
  EXPECT_EQ(server.on_loop([&] { return server.server().counters().body_bytes; }), 0u);
  EXPECT_EQ(server.on_loop([&] { return server.server().counters().requests_in_flight; }), 0u);
}

TEST(Server, answersAClientThatHalfCloses) {
  Harness server(echo_router());
  Client client = server.client();
  client.send(get("/echo"));
  client.half_close();
  EXPECT_EQ(client.reply().body, "GET /echo");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, acceptsAgainAfterDescriptorsRanOut) {
  Options options;
  options.accept_pause_max = 20ms;
  std::promise<void> paused;
  std::vector<std::chrono::milliseconds> pauses;
  Observer observer;
  observer.accept_paused = [&](std::string_view, std::chrono::milliseconds pause) {
    pauses.push_back(pause);
    if (pauses.size() == 3) paused.set_value();
  };
  Harness server(echo_router(), options, {}, std::move(observer));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<Client> clients;
  int const holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // No descriptor above this client's may be opened: its connection waits in the backlog.
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(holder) + 1;
  std::uint16_t const port = server.port();
  ::close(holder);
  std::promise<void> limited;
  Reply reply;
  // Lower the limit while the loop is busy, so that it cannot accept in between.
  std::promise<void> release;
  server.post([&] {
    limited.set_value();
    release.get_future().wait();
  });
  limited.get_future().wait();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.connected());
  ASSERT_EQ(client.fd(), holder);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  release.set_value();
  paused.get_future().wait();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  client.send(get("/echo"));
  EXPECT_EQ(client.reply().status, 200);
  auto const seen = server.on_loop([&] { return pauses; });
  EXPECT_EQ(seen[0], 10ms);
  EXPECT_EQ(seen[1], 20ms);
  EXPECT_EQ(seen[2], 20ms);
}

TEST(Server, stopsInOrder) {
  auto const gate = std::make_shared<std::unique_ptr<Gate>>();
  Router router = echo_router();
  router.add({Method::get, "/wait", [gate](Request) { return wait_at(gate); }, {}, "wait"});
  auto server = std::make_unique<Harness>(std::move(router));
  server->on_loop([&] { *gate = std::make_unique<Gate>(server->loop()); });
  auto entered = (*gate)->entered.get_future();
  Client idle = server->client();
  idle.send(get("/"));
  EXPECT_EQ(idle.reply().status, 200);
  Client busy = server->client();
  busy.send(get("/wait"));
  entered.wait();

  auto stopped = server->stop(1h);
  EXPECT_TRUE(idle.at_end());
  EXPECT_FALSE(server->client().connected());
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
  server->on_loop([&] { (*gate)->timer.cancel(); });
  Reply const reply = busy.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.closes);
  busy.close();
  stopped.wait();
  EXPECT_EQ(server->on_loop([&] { return server->server().counters().connections; }), 0u);
  server->on_loop([&] { gate->reset(); });
}

TEST(Server, cancelsHandlersWhenTheGraceIsOver) {
  auto const gate = std::make_shared<std::unique_ptr<Gate>>();
  Router router;
  router.add({Method::get, "/wait", [gate](Request) { return wait_at(gate); }, {}, "wait"});
  Harness server(std::move(router));
  server.on_loop([&] { *gate = std::make_unique<Gate>(server.loop()); });
  auto entered = (*gate)->entered.get_future();
  Client client = server.client();
  client.send(get("/wait"));
  entered.wait();
  server.stop(1ms).wait();
  EXPECT_TRUE(client.at_end());
  server.on_loop([&] { gate->reset(); });
}

TEST(Server, runsOutOfOrderNeverAndStopsTwiceSafely) {
  Harness server(echo_router());
  server.stop(1s).wait();
  server.stop(1s).wait();
  EXPECT_EQ(server.on_loop([&] { return server.server().counters().connections; }), 0u);
}

/// A route that hands its streams to the test.
struct Streams {
  std::vector<std::shared_ptr<EventStream>> open;
  std::promise<void> opened;
  boost::asio::awaitable<Response> handle(Request) {
    open.push_back(std::make_shared<EventStream>(1'000, 100));
    opened.set_value();
    co_return event_response(open.back());
  }
  Router router() {
    Router out = echo_router();
    out.add({Method::get, "/events", [this](Request request) { return handle(request); }, {}, "events"});
    return out;
  }
};

TEST(EventStreaming, sendsEventsAndHeartbeatsUntilTheProducerCloses) {
  Streams streams;
  Options options;
  options.event_heartbeat = 5ms;
  Harness server(streams.router(), options);
  Client client = server.client();
  client.send(get("/events"));
  Reply const head = client.reply();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(head.field("Content-Length"), "");
  EXPECT_TRUE(head.closes);
  EXPECT_TRUE(client.read_until(":\n\n"));
  streams.opened.get_future().wait();
  server.on_loop([&] {
    for (int i = 0; i < 3; ++i) streams.open[0]->push(event_frame(std::to_string(i), "e", "x"));
  });
  EXPECT_TRUE(client.read_until("id: 0\nevent: e\ndata: x\n\nid: 1\nevent: e\ndata: x\n\nid: 2\nevent: e\ndata: x\n\n"));
  EXPECT_EQ(server.on_loop([&] { return server.server().counters().event_streams; }), 1u);
  server.on_loop([&] {
    streams.open[0]->push(event_frame("9", "", "last"));
    streams.open[0]->close();
    EXPECT_FALSE(streams.open[0]->push("more"));
  });
  EXPECT_NE(client.read_to_end().find("id: 9\ndata: last\n\n"), std::string::npos);
}

// Nobody will ever listen to it: its producer must not keep feeding it.
TEST(EventStreaming, aHeadRequestLeavesNoStreamOpen) {
  Streams streams;
  Harness server(streams.router());
  Client client = server.client();
  client.send("HEAD /events HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(server.on_loop([&] { return streams.open.at(0)->closed(); }));
}

TEST(EventStreaming, noticesThatTheClientHasLeft) {
  Streams streams;
  std::promise<void> left;
  Harness server(streams.router());
  Client client = server.client();
  client.send(get("/events"));
  EXPECT_EQ(client.reply().status, 200);
  server.on_loop([&] { streams.open[0]->on_closed([&] { left.set_value(); }); });
  client.close();
  left.get_future().wait();
  EXPECT_TRUE(server.on_loop([&] { return streams.open[0]->closed(); }));
}

TEST(EventStreaming, cutsOffAClientThatFallsBehind) {
  Streams streams;
  Harness server(streams.router());
  Client client = server.client();
  client.send(get("/events"));
  EXPECT_EQ(client.reply().status, 200);
  bool const accepted = server.on_loop([&] {
    bool all = true;
    for (int i = 0; i < 100; ++i) all = streams.open[0]->push(event_frame(std::to_string(i), "", std::string(50, 'x'))) && all;
    return all;
  });
  EXPECT_FALSE(accepted);
  std::string const text = client.read_to_end();  // what fitted, then the end
  EXPECT_NE(text.find("id: 0\n"), std::string::npos);
  EXPECT_EQ(text.find("id: 99\n"), std::string::npos);
}

TEST(EventStreaming, tellsTheProducerWhenThereIsRoomAgain) {
  Streams streams;
  std::promise<void> done;
  Harness server(streams.router());
  Client client = server.client();
  client.send(get("/events"));
  EXPECT_EQ(client.reply().status, 200);
  int next = 0;
  // Ten times what the queue holds, pushed only while there is room.
  std::function<void()> const feed = [&] {
    while (next < 200 && streams.open[0]->has_room()) streams.open[0]->push(event_frame(std::to_string(next++), "", std::string(50, 'x')));
    if (next == 200) streams.open[0]->close();
  };
  server.on_loop([&] {
    streams.open[0]->on_room(feed);
    feed();
  });
  std::string const text = client.read_to_end();
  for (int i = 0; i < 200; ++i) EXPECT_NE(text.find("id: " + std::to_string(i) + "\n"), std::string::npos) << i;
}

TEST(EventStreaming, endsAtStop) {
  Streams streams;
  Harness server(streams.router());
  Client client = server.client();
  client.send(get("/events"));
  EXPECT_EQ(client.reply().status, 200);
  auto stopped = server.stop(1h);
  client.read_to_end();
  client.close();
  stopped.wait();
  EXPECT_TRUE(server.on_loop([&] { return streams.open[0]->closed(); }));
}

}  // namespace
}  // namespace sluice::http
