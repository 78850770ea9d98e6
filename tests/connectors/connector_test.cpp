// The connector over real sockets: repetition, breaker, credentials, cancellation, and what bad servers come to.
#include "connectors/connector.hpp"

#include "connectors/centre/centre.hpp"
#include "tests/connectors/http/raw_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <random>

namespace sluice::connectors {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::Behaviour;
using test::RawServer;
using Then = Behaviour::Then;

char const* const capacity =
    R"({"as_of":"2026-11-22T01:00:00Z","offers":[{"accelerator":"A100","cards_total":8,"cards_free":4}],"programmes":[]})";
char const* const job = R"({"id":"17","attempt":"sluice-1-1","state":"queued"})";

struct OneAccount : CredentialSource {
  std::shared_ptr<Credentials> held = std::make_shared<Credentials>();
  OneAccount() { set("first", 1); }
  void set(std::string token, std::uint64_t version) {
    held = std::make_shared<Credentials>();
    held->version = version;
    held->values.emplace("token", Secret(std::move(token)));
  }
  std::expected<std::shared_ptr<Credentials const>, std::string> credentials(std::string_view account) override {
    if (account != "acme") return std::unexpected("no file for account");
    return held;
  }
};

class ConnectorTest : public ::testing::Test {
 protected:
  asio::io_context loop{1};
  http_client::HttpClient client{loop.get_executor(), {}};
  OneAccount credentials;
  std::mt19937_64 chance{42};
  std::chrono::milliseconds clock{1'000'000};
  std::vector<Behaviour> answers;  ///< in order; the last one is repeated
  std::optional<RawServer> server;
  std::unique_ptr<Connector> connector;

  void start(std::vector<Behaviour> behaviours, std::function<void(ClusterOptions&)> const& adjust = {}) {
    answers = std::move(behaviours);
    server.emplace(loop, [this](std::string const&) {
      Behaviour const next = answers.front();
      if (answers.size() > 1) answers.erase(answers.begin());
      return next;
    });
    connect(adjust);
  }

  void connect(std::function<void(ClusterOptions&)> const& adjust = {}) {
    ClusterOptions options;
    options.cluster = "qingyang";
    options.site.base_url = "http://127.0.0.1:" + std::to_string(server->port());
    options.site.addresses.allow_loopback = true;
    options.site.deadline = 2s;
    options.backoff = {1ms, 2ms};
    options.tries_max = 1;
    if (adjust) adjust(options);
    Surroundings surroundings{.now = [] { return *policy::parse_rfc3339("2026-11-22T01:00:10Z"); },
                              .random = [this] { return chance(); },
                              .monotonic = [this] { return clock; }};
    connector.reset();
    auto made = Connector::make(options, built_in_protocols(), client, credentials, surroundings);
    ASSERT_TRUE(made.has_value()) << made.error();
    connector = std::move(*made);
  }

  template <class Result>
  Outcome<Result> wait(asio::awaitable<Outcome<Result>> operation) {
    std::optional<Outcome<Result>> outcome;
    asio::co_spawn(loop, std::move(operation), [&outcome](std::exception_ptr failure, Outcome<Result> result) {
      EXPECT_FALSE(failure);
      outcome.emplace(std::move(result));
    });
    auto const until = std::chrono::steady_clock::now() + 20s;
    loop.restart();
    while (!outcome && std::chrono::steady_clock::now() < until) loop.run_one_for(1s);
    if (!outcome) {
      ADD_FAILURE() << "no outcome";
      return std::unexpected(Fault{});
    }
    return std::move(*outcome);
  }

  DispatchOrder order() const {
    DispatchOrder order;
    order.attempt.text = "sluice-1-1";
    order.accelerator.text = "A100";
    order.cards = 1;
    order.image = "i";
    order.command = {"c"};
    order.run_limit_ms = 60'000;
    return order;
  }
};

TEST_F(ConnectorTest, ObservesWithEvidence) {
  start({{.bytes = test::ok(capacity)}});
  auto const outcome = wait(connector->offers("acme"));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().what;
  EXPECT_EQ(outcome->value.offers.at(0).cards_free, 4);
  ASSERT_EQ(outcome->raw.size(), 1u);
  EXPECT_EQ(outcome->raw[0], (RawReply{"GET /v1/capacity", 200, capacity}));
  EXPECT_NE(server->requests().at(0).find("Authorization: Bearer first\r\n"), std::string::npos);
  EXPECT_EQ(connector->until_next_poll(), 2'000ms);
}

// A reload makes the next connector while a conversation may still hold the last one, whose end must not take the site away.
TEST_F(ConnectorTest, TheNextConnectorOfAClusterOutlivesTheLast) {
  start({{.bytes = test::ok(capacity)}});
  std::unique_ptr<Connector> last = std::move(connector);
  connect();
  last.reset();
  auto const outcome = wait(connector->offers("acme"));
  EXPECT_TRUE(outcome.has_value()) << outcome.error().what;
}

TEST_F(ConnectorTest, APassingFaultIsAskedAgainWithinTheConversation) {
  start({{.bytes = test::reply(503, "")}, {.bytes = test::ok(capacity)}}, [](ClusterOptions& options) { options.tries_max = 2; });
  EXPECT_TRUE(wait(connector->offers("acme")).has_value());
  EXPECT_EQ(server->requests().size(), 2u);
}

TEST_F(ConnectorTest, ARetryAfterBeyondTheConversationIsNotWaitedFor) {
  start({{.bytes = test::reply(429, "", "Retry-After: 600\r\n")}}, [](ClusterOptions& options) { options.tries_max = 3; });
  auto const outcome = wait(connector->offers("acme"));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(name_of(outcome.error().kind), "rate_limited");
  EXPECT_EQ(outcome.error().cluster, "qingyang");
  EXPECT_EQ(server->requests().size(), 1u);
  EXPECT_GE(connector->until_next_poll(), 600s);
  EXPECT_EQ(name_of(connector->breaker_state()), "closed") << "a busy site is not a broken one";
}

// The heart of exactly-one-run: whatever happens to the answer, one order crosses the wire at most once.
TEST_F(ConnectorTest, ADispatchIsNeverSentTwice) {
  std::string const whole = test::reply(201, job);
  std::vector<std::pair<Behaviour, bool>> const ends{
      {{.bytes = "", .then = Then::close}, true},
      {{.bytes = "", .then = Then::reset}, true},
      {{.bytes = "", .then = Then::hang}, true},
      {{.bytes = whole.substr(0, whole.size() - 5), .then = Then::close}, true},
      {{.bytes = whole, .piece = 1, .between = 50ms}, true},
      {{.bytes = "garbage\r\n\r\n", .then = Then::close}, true},
      {{.bytes = test::reply(500, "{}")}, true},
      {{.bytes = test::reply(503, "", "Retry-After: 0\r\n")}, true},
      {{.bytes = test::ok("{}")}, true},
      {{.bytes = test::reply(409, R"({"code":"no_capacity"})")}, false},
      {{.bytes = test::reply(429, "")}, false},
  };
  for (auto const& [behaviour, unknown] : ends) {
    SCOPED_TRACE(behaviour.bytes.substr(0, 40));
    start({behaviour}, [](ClusterOptions& options) {
      options.tries_max = 5;
      options.site.deadline = 700ms;
    });
    auto const outcome = wait(connector->dispatch("acme", order()));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().outcome_unknown, unknown) << outcome.error().what;
    EXPECT_EQ(server->requests().size(), 1u);
  }
}

TEST_F(ConnectorTest, ARefusedConnectionMayBeTriedAgainEvenForADispatch) {
  start({{.bytes = ""}}, [](ClusterOptions& options) { options.tries_max = 3; });
  server->stop();
  auto const outcome = wait(connector->dispatch("acme", order()));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(name_of(outcome.error().kind), "unreachable");
  EXPECT_FALSE(outcome.error().outcome_unknown) << "nothing was received: the broker may dispatch elsewhere at once";
}

TEST_F(ConnectorTest, TheBreakerRestsAFailingClusterAndTriesItAgain) {
  start({{.bytes = test::reply(500, "")}},
        [](ClusterOptions& options) { options.breaker = {.failures_to_open = 3, .open_for = {1'000ms, 1'000ms}}; });
  for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(name_of(wait(connector->offers("acme")).error().kind), "cluster_error");
  EXPECT_EQ(name_of(connector->breaker_state()), "open");
  auto const held = wait(connector->dispatch("acme", order()));
  EXPECT_EQ(name_of(held.error().kind), "not_asked");
  EXPECT_FALSE(held.error().outcome_unknown);
  EXPECT_GT(held.error().retry_after_ms.value_or(0), 0);
  EXPECT_EQ(server->requests().size(), 3u);
  clock += 1'000ms;
  answers = {{.bytes = test::ok(capacity)}};
  EXPECT_TRUE(wait(connector->offers("acme")).has_value());
  EXPECT_EQ(name_of(connector->breaker_state()), "closed");
}

TEST_F(ConnectorTest, RefusedCredentialsAreNotShownAgainUntilTheyChange) {
  start({{.bytes = test::reply(401, "{}")}, {.bytes = test::ok(capacity)}});
  EXPECT_EQ(name_of(wait(connector->offers("acme")).error().kind), "unauthorised");
  for (int turn = 0; turn < 5; ++turn) {
    auto const outcome = wait(connector->offers("acme"));
    EXPECT_EQ(name_of(outcome.error().kind), "unauthorised");
    EXPECT_EQ(outcome.error().what.find("first"), std::string::npos);
  }
  EXPECT_EQ(server->requests().size(), 1u) << "five bad signatures lock a key at some vendors";
  EXPECT_EQ(connector->refused_accounts(), std::vector<std::string>{"acme"});
  credentials.set("second", 2);
  EXPECT_TRUE(wait(connector->offers("acme")).has_value());
  EXPECT_TRUE(connector->refused_accounts().empty());
  EXPECT_NE(server->requests().at(1).find("Bearer second"), std::string::npos);
  EXPECT_EQ(name_of(wait(connector->offers("stranger")).error().kind), "unauthorised") << "no credential, no request";
  EXPECT_EQ(server->requests().size(), 2u);
}

TEST_F(ConnectorTest, PollsBackOffWithJitterAndRecover) {
  start({{.bytes = test::reply(500, "")}}, [](ClusterOptions& options) {
    options.backoff = {100ms, 10'000ms};
    options.breaker.failures_to_open = 1'000;
  });
  std::chrono::milliseconds longest{0};
  for (int turn = 0; turn < 8; ++turn) {
    EXPECT_FALSE(wait(connector->offers("acme")).has_value());
    longest = std::max(longest, connector->until_next_poll());
  }
  EXPECT_GT(longest, 1'000ms);
  EXPECT_LE(longest, 10'000ms);
  answers = {{.bytes = test::ok(capacity)}};
  EXPECT_TRUE(wait(connector->offers("acme")).has_value());
  EXPECT_EQ(connector->until_next_poll(), 2'000ms);
}

asio::awaitable<void> when(std::function<bool()> condition) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!condition()) {
    timer.expires_after(1ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

TEST_F(ConnectorTest, ACancelledDispatchSaysThatItsOutcomeIsUnknown) {
  start({{.bytes = "", .then = Then::hang}});
  asio::cancellation_signal signal;
  std::optional<Outcome<DispatchReceipt>> outcome;
  auto const take = [&outcome](std::exception_ptr failure, Outcome<DispatchReceipt> result) {
    EXPECT_FALSE(failure);
    outcome.emplace(std::move(result));
  };
  asio::co_spawn(loop, connector->dispatch("acme", order()), asio::bind_cancellation_slot(signal.slot(), take));
  asio::co_spawn(loop, when([this] { return !server->requests().empty(); }),
                 [&signal](std::exception_ptr) { signal.emit(asio::cancellation_type::terminal); });
  while (!outcome) loop.run_one_for(1s);
  ASSERT_FALSE(outcome->has_value());
  EXPECT_EQ(name_of(outcome->error().kind), "cancelled");
  EXPECT_TRUE(outcome->error().outcome_unknown);
}

TEST_F(ConnectorTest, ACertificateOfAnotherHostIsNeverSpokenTo) {
  auto const identity = test::make_certificates("elsewhere.example");
  server.emplace(loop, [](std::string const&) { return Behaviour{.bytes = test::ok(capacity)}; }, identity);
  connect([this](ClusterOptions& options) { options.site.base_url = "https://127.0.0.1:" + std::to_string(server->port()); });
  auto const outcome = wait(connector->dispatch("acme", order()));
  EXPECT_EQ(name_of(outcome.error().kind), "tls");
  EXPECT_FALSE(outcome.error().outcome_unknown);
  EXPECT_TRUE(server->requests().empty());
}

// A reload makes the next connector while the present one still lives, and the present one goes afterwards.
TEST_F(ConnectorTest, AReplacedConnectorLeavesItsSuccessorsSitesAlone) {
  start({{.bytes = test::ok(capacity)}});
  Surroundings const surroundings{
      .now = [] { return *policy::parse_rfc3339("2026-11-22T01:00:10Z"); }, .random = [this] { return chance(); }, .monotonic = {}};
  auto next = Connector::make(connector->options(), built_in_protocols(), client, credentials, surroundings);
  ASSERT_TRUE(next.has_value()) << next.error();
  connector = std::move(*next);
  auto const outcome = wait(connector->offers("acme"));
  EXPECT_TRUE(outcome.has_value()) << outcome.error().what;

  ClusterOptions broken = connector->options();
  broken.protocol = "two-addresses";
  broken.endpoints["prices"].base_url = "ftp://x";
  ProtocolRegistry registry;
  registry.add("two-addresses", [](ClusterOptions options) {
    options.endpoints.clear();
    return centre::make_protocol(options);
  });
  EXPECT_FALSE(Connector::make(broken, registry, client, credentials, surroundings).has_value());
  EXPECT_TRUE(wait(connector->offers("acme")).has_value()) << "a successor that cannot be made changes nothing";
}

TEST_F(ConnectorTest, WrongOptionsAreNamed) {
  start({{.bytes = ""}});
  auto const error_of = [&](std::function<void(ClusterOptions&)> const& adjust) {
    ClusterOptions options = connector->options();
    options.cluster = "other";
    adjust(options);
    auto made = Connector::make(options, built_in_protocols(), client, credentials,
                                {.now = [] { return policy::Timestamp{}; }, .random = [] { return 0; }, .monotonic = {}});
    return made ? std::string() : made.error();
  };
  EXPECT_NE(error_of([](ClusterOptions& options) { options.protocol = "x"; }).find("cluster 'other': protocol 'x'"), std::string::npos);
  EXPECT_NE(error_of([](ClusterOptions& options) { options.site.base_url = "ftp://x"; }).find("base_url"), std::string::npos);
  EXPECT_NE(error_of([](ClusterOptions& options) { options.site.addresses.allowed_networks = {"x"}; }).find("allowed_networks"),
            std::string::npos);
  EXPECT_NE(error_of([](ClusterOptions& options) { options.tries_max = 0; }).find("tries_max"), std::string::npos);
  EXPECT_EQ(error_of([](ClusterOptions&) {}), "");
}

}  // namespace
}  // namespace sluice::connectors
