// The simulator over real sockets, seen by the connector: the contract, every trouble, and that no attempt runs twice.
#include "connectors/connector.hpp"
#include "tests/connectors/centre/schema.hpp"
#include "tools/sim/wire_server.hpp"
#include "tools/sim/world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <random>
#include <set>

namespace sluice {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace connectors;
using nlohmann::json;

char const* const scenario_text = R"(
clock = "manual"
origin = "2026-11-22T01:00:00Z"
[[centre]]
name = "qingyang"
accounts = {acme = "token-1"}
[[centre.pool]]
accelerator = "A100"
cards = 64
list_yuan = [[0, "12.50"]]
[[centre.programme]]
name = "qingyang-2024"
rate_bp = 5000
purse_yuan = "1000.00"
)";

struct OneToken : CredentialSource {
  std::string token = "token-1";
  std::expected<std::shared_ptr<Credentials const>, std::string> credentials(std::string_view) override {
    auto held = std::make_shared<Credentials>();
    held->version = std::hash<std::string>{}(token);
    held->values.emplace("token", Secret(token));
    return held;
  }
};

class ServedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto scenario = sim::parse_scenario(scenario_text, "test");
    ASSERT_TRUE(scenario.has_value()) << scenario.error();
    world = std::move(*sim::World::make(std::move(*scenario)));
    server = std::move(*sim::WireServer::start(loop, *world, {.port = 0, .port_per_centre = true}));
    ClusterOptions options;
    options.cluster = "qingyang";
    options.site.base_url = server->url("qingyang");
    options.site.addresses.allow_loopback = true;
    options.site.deadline = 700ms;
    options.site.body_bytes_max = 1u << 20;
    options.tries_max = 1;
    options.breaker.failures_to_open = 1'000'000;
    Surroundings const surroundings{
        .now = [this] { return world->stamp(world->now(), {}); }, .random = [this] { return chance(); }, .monotonic = {}};
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
    while (!outcome && std::chrono::steady_clock::now() < until) loop.run_one_for(1s);
    if (!outcome) {
      ADD_FAILURE() << "no outcome";
      return std::unexpected(Fault{});
    }
    return std::move(*outcome);
  }

  DispatchOrder order(std::string attempt, std::vector<std::string> command = {"sleep", "100"}) const {
    DispatchOrder made;
    made.attempt.text = std::move(attempt);
    made.accelerator.text = "A100";
    made.cards = 8;
    made.image = "hub/i";
    made.command = std::move(command);
    made.run_limit_ms = 3'600'000;
    return made;
  }

  void trouble(std::string const& sentence) {
    auto const done = world->trouble(sentence);
    ASSERT_TRUE(done.has_value()) << done.error();
  }
  std::size_t runs_of(std::string const& attempt) {
    auto const& runs = world->sites().at("qingyang").centre->runs();
    return static_cast<std::size_t>(std::count_if(runs.begin(), runs.end(), [&](sim::Run const& run) { return run.attempt == attempt; }));
  }
  json control(std::string method, std::string path, json const& body = json::object()) {
    return json::parse(world->handle({std::move(method), "/control" + std::move(path), "", body.dump()}, {}).body);
  }

  asio::io_context loop{1};
  std::unique_ptr<sim::World> world;
  std::unique_ptr<sim::WireServer> server;
  http_client::HttpClient client{loop.get_executor(), {}};
  OneToken credentials;
  std::mt19937_64 chance{7};
  std::unique_ptr<Connector> connector;
};

TEST_F(ServedTest, AWholeLife) {
  auto const before = wait(connector->offers("acme"));
  ASSERT_TRUE(before.has_value()) << before.error().what;
  EXPECT_EQ(before->value.offers.at(0).cards_free, 64);
  EXPECT_EQ(name_of(before->value.offers.at(0).freshness), "fresh");
  EXPECT_TRUE(before->value.doubts.empty());
  auto const terms = wait(connector->voucher_terms("acme"));
  ASSERT_TRUE(terms.has_value());
  EXPECT_EQ(terms->value.terms.at(0).remaining_purse, policy::yuan(1'000));

  DispatchOrder wanted = order("sluice-1-1", {"bash", "train.sh", "sim:seconds=100", "sim:exit=3"});
  wanted.programme.emplace("qingyang-2024");
  wanted.agreed_price = Price{{12'500'000}, PriceUnit::card_hour};
  auto const receipt = wait(connector->dispatch("acme", wanted));
  ASSERT_TRUE(receipt.has_value()) << receipt.error().what;
  EXPECT_FALSE(receipt->value.existed);
  RemoteHandle const handle = receipt->value.status.handle;
  EXPECT_TRUE(wait(connector->dispatch("acme", wanted))->value.existed);
  auto const during = wait(connector->offers("acme"));
  EXPECT_EQ(during->value.offers.at(0).cards_free, 56);
  EXPECT_EQ(during->value.offers.at(0).attempts_counted, std::vector<AttemptName>{{"sluice-1-1"}});

  world->advance(50'000);
  EXPECT_EQ(wait(connector->usage("acme", handle))->value.card_ms, 400'000);
  EXPECT_FALSE(wait(connector->usage("acme", handle))->value.final);
  EXPECT_FALSE(wait(connector->log_tail("acme", handle, 1'000))->value.bytes.empty());
  world->advance(100'000);
  auto const ended = wait(connector->status("acme", handle));
  EXPECT_EQ(name_of(ended->value.end), "own_exit");
  EXPECT_EQ(ended->value.exit_code, 3);
  auto const usage = wait(connector->usage("acme", handle));
  EXPECT_EQ(usage->value.card_ms, 800'000);
  EXPECT_TRUE(usage->value.final);
  EXPECT_EQ(runs_of("sluice-1-1"), 1u);
  EXPECT_TRUE(wait(connector->cancel("acme", handle))->value.was_gone);
}

TEST_F(ServedTest, EveryAnswerKeepsTheContract) {
  std::ifstream file(SLUICE_CENTRE_OPENAPI);
  json const contract = json::parse(file);
  auto const check = [&](std::string const& method, std::string const& target, std::string const& body, char const* schema) {
    auto const reply = world->handle({method, "/qingyang" + target, "Bearer token-1", body}, {});
    for (auto const& breach : test::breaches(contract, contract["components"]["schemas"][schema], json::parse(reply.body))) {
      ADD_FAILURE() << method << ' ' << target << ": " << breach;
    }
    return reply.status;
  };
  std::string const body = R"({"attempt":"a-1-1","accelerator":"A100","cards":1,"image":"i","command":["sleep","10"],"run_limit_s":60})";
  EXPECT_EQ(check("GET", "/v1/capacity", "", "Capacity"), 200);
  EXPECT_EQ(check("POST", "/v1/jobs", body, "Job"), 201);
  EXPECT_EQ(check("POST", "/v1/jobs", body, "Job"), 200);
  EXPECT_EQ(check("POST", "/v1/jobs", "{}", "Problem"), 422);
  EXPECT_EQ(check("POST", "/v1/jobs", "[", "Problem"), 422);
  EXPECT_EQ(check("GET", "/v1/jobs?attempt=a-1-1", "", "JobPage"), 200);
  EXPECT_EQ(check("GET", "/v1/jobs/1", "", "Job"), 200);
  EXPECT_EQ(check("GET", "/v1/jobs/1/usage", "", "Usage"), 200);
  EXPECT_EQ(check("GET", "/v1/jobs/99", "", "Problem"), 404);
  EXPECT_EQ(check("DELETE", "/v1/jobs/1", "", "Job"), 202);
  EXPECT_EQ(check("DELETE", "/v1/jobs/1", "", "Job"), 200);
  EXPECT_EQ(check("GET", "/v1/capacity", "", "Capacity"), 200);
  EXPECT_EQ(world->handle({"GET", "/qingyang/v1/capacity", "Bearer other", ""}, {}).status, 401);
}

TEST_F(ServedTest, EveryTroubleIsWhatItSays) {
  std::vector<std::pair<std::string, std::string>> const faults{
      {"hangs", "timeout"},       {"slow 5s", "timeout"},          {"drips", "timeout"},          {"truncates", "interrupted"},
      {"garbage", "malformed"},   {"floods", "too_large"},         {"html", "malformed"},         {"wrong-type", "malformed"},
      {"fails", "cluster_error"}, {"unavailable", "rate_limited"}, {"throttles", "rate_limited"}, {"redirects", "malformed"},
  };
  for (auto const& [word, kind] : faults) {
    SCOPED_TRACE(word);
    trouble("qingyang " + word + " 1 times");
    auto const outcome = wait(connector->offers("acme"));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(name_of(outcome.error().kind), kind) << outcome.error().what;
    EXPECT_TRUE(wait(connector->offers("acme")).has_value()) << "one time only";
  }
  trouble("qingyang unauthorised 1 times");
  EXPECT_EQ(name_of(wait(connector->offers("acme")).error().kind), "unauthorised");
  connector->forgive();
  EXPECT_TRUE(wait(connector->offers("acme")).has_value());
}

TEST_F(ServedTest, DoubtfulFiguresAreToldAsSuch) {
  auto const offer = [this](std::string const& word) {
    EXPECT_TRUE(world->trouble("qingyang " + word));
    auto const outcome = wait(connector->offers("acme"));
    EXPECT_TRUE(world->trouble("qingyang comes back"));
    return outcome ? outcome->value.offers.at(0) : Offer{};
  };
  EXPECT_FALSE(offer("zero-price").list_price.has_value());
  EXPECT_FALSE(offer("priceless").list_price.has_value());
  EXPECT_EQ(offer("uncounted").attempts_counted, std::nullopt);
  EXPECT_EQ(name_of(offer("ageless").freshness), "unknown");
  trouble("qingyang stale");
  world->advance(world->now() + 61'000);
  auto const stale = wait(connector->offers("acme"));
  EXPECT_EQ(name_of(stale->value.offers.at(0).freshness), "stale");
}

TEST_F(ServedTest, ACentreThatDisappearsStillRunsItsJobs) {
  ASSERT_TRUE(wait(connector->dispatch("acme", order("sluice-1-1"))).has_value());
  trouble("qingyang disappears for 30s");
  auto const gone = wait(connector->dispatch("acme", order("sluice-2-1")));
  ASSERT_FALSE(gone.has_value());
  world->advance(10'000);
  auto const still = wait(connector->dispatch("acme", order("sluice-2-1")));
  EXPECT_EQ(name_of(still.error().kind), "unreachable") << "a port of its own refuses";
  EXPECT_FALSE(still.error().outcome_unknown);
  world->advance(30'000);
  auto const back = wait(connector->look_up("acme", {"sluice-1-1"}));
  ASSERT_TRUE(back.has_value()) << back.error().what;
  EXPECT_EQ(name_of(back->value->phase), "running");
  EXPECT_FALSE(wait(connector->look_up("acme", {"sluice-2-1"}))->value.has_value());
  trouble("qingyang dies");
  EXPECT_EQ(name_of(wait(connector->look_up("acme", {"sluice-1-1"}))->value->end), "cluster_fault");
}

TEST_F(ServedTest, LostAnswersAndFalseOnes) {
  trouble("qingyang swallows 1 times");
  auto const lost = wait(connector->dispatch("acme", order("sluice-1-1")));
  ASSERT_FALSE(lost.has_value());
  EXPECT_TRUE(lost.error().outcome_unknown);
  EXPECT_TRUE(wait(connector->look_up("acme", {"sluice-1-1"}))->value.has_value()) << "it had been done";

  trouble("qingyang forgets 1 times");
  EXPECT_TRUE(wait(connector->dispatch("acme", order("sluice-2-1"))).has_value());
  EXPECT_FALSE(wait(connector->look_up("acme", {"sluice-2-1"}))->value.has_value());
  EXPECT_EQ(runs_of("sluice-2-1"), 0u);

  trouble("qingyang duplicates 1 times");
  EXPECT_TRUE(wait(connector->dispatch("acme", order("sluice-3-1"))).has_value());
  EXPECT_EQ(runs_of("sluice-3-1"), 2u);
  auto const doubled = wait(connector->look_up("acme", {"sluice-3-1"}));
  ASSERT_FALSE(doubled.has_value()) << "two jobs of one attempt are no sound answer";
  EXPECT_EQ(control("GET", "/runs")["twice"], json::array({"sluice-3-1"}));

  trouble("qingyang denies 1 times");
  EXPECT_FALSE(wait(connector->look_up("acme", {"sluice-1-1"}))->value.has_value());
}

// What a broker does with an unknown outcome, under every fault that loses answers: look up, and only then send again.
TEST_F(ServedTest, NoAttemptRunsTwiceHoweverAnswersAreLost) {
  std::vector<std::string> const words{"swallows",    "hangs",   "truncates",         "fails",
                                       "unavailable", "garbage", "disappears for 1s", "throttles"};
  std::mt19937_64 dice(20'261'122);
  for (int turn = 0; turn < 60; ++turn) {
    std::string const attempt = "sluice-" + std::to_string(turn) + "-1";
    for (std::uint64_t faults = dice() % 4; faults > 0; --faults) {
      std::string const& word = words[dice() % words.size()];
      trouble("qingyang " + word + (word.find("for") == std::string::npos ? " 1 times" : ""));
    }
    bool accepted = false;
    for (int step = 0; step < 20 && !accepted; ++step) {
      auto const sent = wait(connector->dispatch("acme", order(attempt, {"sleep", "5"})));
      world->advance(world->now() + 400);
      if (sent) {
        accepted = true;
        break;
      }
      while (sent.error().outcome_unknown) {
        auto const found = wait(connector->look_up("acme", {attempt}));
        world->advance(world->now() + 400);
        if (!found) continue;
        accepted = found->value.has_value();
        break;
      }
    }
    EXPECT_TRUE(accepted) << attempt;
    EXPECT_LE(runs_of(attempt), 1u) << attempt;
    trouble("qingyang comes back");
    world->advance(world->now() + 1'000);
  }
  world->advance(world->now() + 100'000);
  EXPECT_TRUE(control("GET", "/runs")["twice"].empty());
  EXPECT_EQ(control("GET", "/runs")["runs"].size(), 60u);
}

TEST_F(ServedTest, TheClockAndTracesAreTheControllers) {
  EXPECT_EQ(control("POST", "/advance", {{"ms", 5'000}})["now_ms"], 5'000);
  EXPECT_EQ(control("POST", "/trouble", {{"line", "qingyang sulks"}})["status"], 422);
  EXPECT_EQ(control("POST", "/trouble", {{"line", "qingyang fails 1 times"}})["centres"][0]["troubles"], json::array({"fails"}));
  control("POST", "/trouble", {{"line", "qingyang comes back"}});
  control("POST", "/set", {{"centre", "qingyang"}, {"accelerator", "A100"}, {"background", 60}, {"list_yuan", "20.00"}});
  auto const offers = wait(connector->offers("acme"));
  ASSERT_TRUE(offers.has_value());
  EXPECT_EQ(offers->value.offers.at(0).cards_free, 4);
  EXPECT_EQ(offers->value.offers.at(0).list_price, (Price{policy::yuan(20), PriceUnit::card_hour}));
  EXPECT_EQ(control("POST", "/advance", {{"ms", -1}})["status"], 422);
  EXPECT_EQ(control("GET", "/nothing")["status"], 404);
}

TEST_F(ServedTest, TheListNamesOnlyWhatIsAlive) {
  ASSERT_TRUE(wait(connector->dispatch("acme", order("sluice-1-1", {"sleep", "5"}))).has_value());
  ASSERT_TRUE(wait(connector->dispatch("acme", order("sluice-2-1", {"sleep", "500"}))).has_value());
  world->advance(world->now() + 10'000);
  auto const list = wait(connector->attempts("acme"));
  ASSERT_TRUE(list.has_value()) << list.error().what;
  ASSERT_EQ(list->value.attempts.size(), 1u) << "the past does not make it longer";
  EXPECT_EQ(list->value.attempts[0].attempt, (AttemptName{"sluice-2-1"}));
  EXPECT_TRUE(list->value.complete);
  EXPECT_TRUE(wait(connector->look_up("acme", {"sluice-1-1"}))->value.has_value()) << "but nothing is forgotten";
}

TEST_F(ServedTest, AJobMayOverrunALimitThatItsSiteDoesNotEnforce) {
  DispatchOrder kept = order("sluice-1-1", {"sleep", "500"});
  DispatchOrder overrun = order("sluice-2-1", {"sleep", "500", "sim:ignores_limit"});
  kept.run_limit_ms = overrun.run_limit_ms = 60'000;
  ASSERT_TRUE(wait(connector->dispatch("acme", kept)).has_value());
  ASSERT_TRUE(wait(connector->dispatch("acme", overrun)).has_value());
  world->advance(world->now() + 61'000);
  EXPECT_EQ(name_of(wait(connector->look_up("acme", {"sluice-1-1"}))->value->end), "run_limit");
  EXPECT_EQ(name_of(wait(connector->look_up("acme", {"sluice-2-1"}))->value->phase), "running");
}

TEST_F(ServedTest, ManyAttemptsAreListedToTheEnd) {
  for (int index = 0; index < 1'203; ++index) {
    sim::Order given;
    given.account = "acme";
    given.attempt = "sluice-" + std::to_string(index) + "-1";
    given.accelerator = "A100";
    given.cards = 1;
    given.command = {"sleep", "1"};
    given.run_limit_s = 10;
    ASSERT_TRUE(world->sites().at("qingyang").centre->submit(given).has_value());
  }
  auto const all = wait(connector->attempts("acme"));
  ASSERT_TRUE(all.has_value()) << all.error().what;
  EXPECT_TRUE(all->value.complete);
  std::set<std::string> names;
  for (RemoteStatus const& status : all->value.attempts) names.insert(status.attempt->text);
  EXPECT_EQ(names.size(), 1'203u);
  EXPECT_EQ(all->raw.size(), 13u) << "one raw reply a page";
}

}  // namespace
}  // namespace sluice
