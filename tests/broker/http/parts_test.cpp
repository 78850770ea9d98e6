// The pieces that need no socket: router, targets, traceparent, problems, answers, event frames and queues, token bucket.
#include "broker/http/event_stream.hpp"
#include "broker/http/header_scan.hpp"
#include "broker/http/problem.hpp"
#include "broker/http/router.hpp"
#include "broker/http/target.hpp"
#include "broker/http/token_bucket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace sluice::http {
namespace {

using ::testing::ElementsAre;

boost::asio::awaitable<Response> nothing(Request) { co_return empty_response(); }
Route route(Method method, std::string path) {
  return {method, std::move(path), [](Request request) { return nothing(request); }, {}, ""};
}

TEST(Router, prefersLiteralsAndFallsBack) {
  Router router;
  router.add(route(Method::get, "/v1/jobs"))
      .add(route(Method::post, "/v1/jobs"))
      .add(route(Method::get, "/v1/jobs/{id}"))
      .add(route(Method::del, "/v1/jobs/{id}"))
      .add(route(Method::get, "/v1/jobs/{id}/logs"))
      .add(route(Method::get, "/v1/jobs/search/{kind}"))
      .add(route(Method::get, "/"));
  auto const path_of = [&](Method method, std::string_view path) {
    auto const match = router.match(method, path);
    return match.route != nullptr ? match.route->path : match.path_known ? "405" : "404";
  };
  EXPECT_EQ(path_of(Method::get, "/v1/jobs"), "/v1/jobs");
  EXPECT_EQ(path_of(Method::get, "/v1/jobs/7"), "/v1/jobs/{id}");
  EXPECT_EQ(path_of(Method::head, "/v1/jobs/7"), "/v1/jobs/{id}");
  EXPECT_EQ(path_of(Method::get, "/v1/jobs/search"), "/v1/jobs/{id}");
  EXPECT_EQ(path_of(Method::get, "/v1/jobs/search/x"), "/v1/jobs/search/{kind}");
  EXPECT_EQ(path_of(Method::get, "/v1/jobs/search/logs"), "/v1/jobs/search/{kind}");
  EXPECT_EQ(path_of(Method::get, "/v1/jobs/7/logs"), "/v1/jobs/{id}/logs");
  EXPECT_EQ(path_of(Method::get, "/"), "/");
  EXPECT_EQ(path_of(Method::put, "/v1/jobs"), "405");
  for (char const* path :
       {"", "v1", "/v1", "/v1/", "/v1/jobs/", "/v1/jobs//logs", "/v1/jobs/7/logs/", "/v1/jobs/7/x", "//v1/jobs", "/v1/Jobs"}) {
    EXPECT_EQ(path_of(Method::get, path), "404") << path;
  }
  auto const match = router.match(Method::get, "/v1/jobs/a%20b/logs");
  ASSERT_EQ(match.value_count, 1u);
  EXPECT_EQ(match.values[0], "a%20b");
  EXPECT_EQ(match.names[0], "id");
  EXPECT_EQ(allow_value(router.match(Method::put, "/v1/jobs/7").methods), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(allow_value(router.match(Method::get, "/v1/jobs").methods), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(router.routes().size(), 7u);
}

TEST(Target, decodesStrictly) {
  std::string arena;
  arena.reserve(1000);
  EXPECT_EQ(percent_decode("plain", arena), "plain");
  EXPECT_EQ(percent_decode("a%2Fb%e6%97%a5", arena), "a/b日");
  for (char const* text : {"%", "%4", "%g1", "%4g", "%00", "%0a", "%7f", "%ff", "%c0%af", "%ed%a0%80", "a%"}) {
    EXPECT_EQ(percent_decode(text, arena), std::nullopt) << text;
  }
}

TEST(Target, readsQueriesOnce) {
  auto const read = [](std::string_view query) {
    std::string arena;
    arena.reserve(query.size());
    std::vector<QueryParameter> out;
    std::string text = parse_query(query, out, arena) ? "" : "refused";
    for (auto const& [name, value] : out) text += std::string(name) + "=" + std::string(value) + ";";
    return text;
  };
  EXPECT_EQ(read("limit=10&state=queued"), "limit=10;state=queued;");
  EXPECT_EQ(read("verbose"), "verbose=;");
  EXPECT_EQ(read("a=b=c&d=%26+"), "a=b=c;d=&+;");
  EXPECT_EQ(read("a=1&"), "a=1;");
  for (char const* query : {"a=1&a=2", "a=1&%61=2", "=1", "&", "a=%zz", "a=%00"}) EXPECT_TRUE(read(query).starts_with("refused")) << query;
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=1&";
  EXPECT_TRUE(read(many).starts_with("refused"));
}

TEST(Traceparent, readsTheStandardsExample) {
  auto const trace = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace.parent_id, "00f067aa0ba902b7");
  EXPECT_TRUE(trace.sampled);
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").sampled);
  EXPECT_FALSE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings").empty());
  for (char const* text :
       {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"}) {
    EXPECT_TRUE(parse_traceparent(text).empty()) << text;
  }
}

TEST(Problem, isCompleteAndSound) {
  Problem problem;
  problem.status = 422;
  problem.code = "never_fits";
  problem.detail = "No cluster \"has\" such cards.\n\x1b";
  problem.errors = {{"/gang/cards", "out_of_range", "must be 1 … 1024"}};
  problem.members = {{"clusters", R"([{"name":"wuhan"}])"}};
  problem.headers = {{"Retry-After", "1\r\nX-Evil: 1"}};
  Response const response = to_response(problem, "/v1/jobs", "00ff");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.outcome, "never_fits");
  EXPECT_EQ(response.field("retry-after"), "1  X-Evil: 1");
  EXPECT_EQ(response.field("X-Evil"), std::nullopt);
  auto const document = nlohmann::json::parse(response.body_text());
  EXPECT_EQ(document, (nlohmann::json{{"type", "/problems/never_fits"},
                                      {"title", "Unprocessable Content"},
                                      {"status", 422},
                                      {"detail", problem.detail},
                                      {"instance", "/v1/jobs"},
                                      {"code", "never_fits"},
                                      {"request_id", "00ff"},
                                      {"errors", {{{"pointer", "/gang/cards"}, {"code", "out_of_range"}, {"detail", "must be 1 … 1024"}}}},
                                      {"clusters", {{{"name", "wuhan"}}}}}));
}

TEST(Problem, staysJsonWhateverAStrangerSent) {
  Problem problem;
  problem.code = "x";
  problem.detail = "caf\xe9 \xff";
  EXPECT_EQ(nlohmann::json::parse(to_response(problem, "", "1").body_text())["detail"], "caf? ?");
}

TEST(Problem, existsForEveryRefusal) {
  for (std::size_t i = 0; i < refusal_count; ++i) {
    Problem const problem = problem_of(static_cast<Refusal>(i), Options{});
    EXPECT_GE(problem.status, 400);
    EXPECT_NE(reason_phrase(problem.status), "Unknown") << problem.status;
    EXPECT_FALSE(problem.detail.empty());
    EXPECT_FALSE(problem.code.empty());
  }
}

TEST(HeaderScan, findsTheEndHoweverTheBytesArrive) {
  std::string const header = "\r\nGET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  std::string const text = header + "body";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    HeaderScan scan;
    auto state = HeaderScan::State::more;
    std::size_t fed = 0;
    while (state == HeaderScan::State::more && fed < text.size()) {
      fed = std::min(text.size(), fed + step);
      state = scan.scan(std::string_view(text).substr(0, fed), Options{});
    }
    ASSERT_EQ(state, HeaderScan::State::complete) << step;
    EXPECT_EQ(scan.begin(), 2u);
    EXPECT_EQ(scan.end(), header.size());
  }
}

TEST(EventFrame, splitsLines) {
  EXPECT_EQ(event_frame("7", "job", "{}"), "id: 7\nevent: job\ndata: {}\n\n");
  EXPECT_EQ(event_frame("", "", "a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(event_frame("", "", ""), "data: \n\n");
}

TEST(EventStream, closesWhenFull) {
  EventStream stream(100, 3);
  int closed = 0;
  stream.on_closed([&] { ++closed; });
  EXPECT_TRUE(stream.push(std::string(40, 'a')));
  EXPECT_TRUE(stream.has_room());
  EXPECT_TRUE(stream.push(std::string(40, 'a')));
  EXPECT_FALSE(stream.has_room());
  EXPECT_FALSE(stream.push(std::string(40, 'a')));
  EXPECT_TRUE(stream.closed());
  EXPECT_EQ(closed, 1);
  stream.close();
  EXPECT_EQ(closed, 1);
  EventStream frames(1'000, 2);
  EXPECT_TRUE(frames.push("1"));
  EXPECT_TRUE(frames.push("2"));
  EXPECT_FALSE(frames.push("3"));
}

TEST(TokenBucket, allowsABurstAndThenTheRate) {
  TokenBucket bucket(10, 5, 1'000, 0);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take(0));
  EXPECT_FALSE(bucket.take(0));
  EXPECT_EQ(bucket.wait_ms(0), 200);
  EXPECT_FALSE(bucket.take(199));
  EXPECT_TRUE(bucket.take(200));
  EXPECT_EQ(bucket.available(1'200), 5);
  EXPECT_EQ(bucket.available(1'000'000), 10);
  EXPECT_TRUE(bucket.full(1'000'000));
  EXPECT_TRUE(bucket.take(1'000'000, 10));
  EXPECT_FALSE(bucket.full(1'000'000));
}

TEST(TokenBucket, neverGainsFromAClockThatStepsBack) {
  TokenBucket bucket(1, 1, 1'000, 10'000);
  EXPECT_TRUE(bucket.take(10'000));
  EXPECT_FALSE(bucket.take(5'000));
  EXPECT_EQ(bucket.wait_ms(5'000), 6'000);
  EXPECT_FALSE(bucket.take(10'999));
  EXPECT_TRUE(bucket.take(11'000));
  EXPECT_FALSE(bucket.take(0));
}

TEST(TokenBucket, keepsItsAverageExactly) {
  TokenBucket bucket(7, 3, 700, 0);
  std::int64_t taken = 0;
  for (std::int64_t now = 0; now <= 700'000; ++now) taken += bucket.take(now) ? 1 : 0;
  EXPECT_EQ(taken, 7 + 3 * 1'000);
}

TEST(TokenBucket, survivesItsExtremes) {
  TokenBucket bucket(1'000'000'000, 1'000'000'000, 86'400'000, 0);
  EXPECT_TRUE(bucket.take(0, 1'000'000'000));
  EXPECT_FALSE(bucket.take(1, 1'000'000'000));
  EXPECT_TRUE(bucket.take(INT64_MAX / 2, 1'000'000'000));
}

}  // namespace
}  // namespace sluice::http
