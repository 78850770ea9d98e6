// Who sees which entry, and when a stream ends.
#include "broker/event_hub.hpp"

#include "broker/http/event_stream_state.hpp"
#include "storage/log/memory_ledger.hpp"
#include "tests/broker/fixed_clock.hpp"
#include "tests/broker/registration.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

namespace asio = boost::asio;

class EventHubTest : public testing::Test {
 protected:
  EventHubTest() {
    auto opened =
        Sequencer::open(loop_, ledger_, clock_, "sluice.test/hub", {}, [](std::string const& what, bool) { ADD_FAILURE() << what; });
    if (!opened) throw std::runtime_error(opened.error());
    sequencer_ = std::move(*opened);
    hub_ = std::make_unique<EventHub>(loop_, *sequencer_, ledger_);
  }

  /// Submits one event and returns when it is durable and everybody has been told.
  void record(policy::Event event) {
    bool done = false;
    asio::co_spawn(loop_, sequencer_->submit(submission_of({std::move(event)})), [&](std::exception_ptr, Outcome outcome) {
      EXPECT_TRUE(outcome.has_value());
      done = true;
    });
    auto const work = asio::make_work_guard(loop_);
    loop_.restart();
    while (!done) loop_.run_one();
    loop_.poll();
  }
  void register_tenant(std::string const& name) { record(registration(name)); }
  void issue_key(std::string const& key, std::string const& principal, std::string const& tenant) {
    policy::KeyIssued event;
    event.by = admin();
    event.key = {key};
    event.principal = {principal};
    event.role = policy::Role::tenant;
    event.tenant = policy::TenantName{tenant};
    record(event);
  }
  std::shared_ptr<http::EventStream> open(EventFilter filter, std::string const& owner, log::Sequence from = 0) {
    return hub_->open(std::move(filter), from, owner, 2);
  }
  static std::string sent(http::EventStream& stream) {
    std::string all;
    for (auto const& frame : stream.state().queue) all += *frame;
    return all;
  }

  asio::io_context loop_;
  log::MemoryLedger ledger_;
  FixedClock clock_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<EventHub> hub_;
};

TEST_F(EventHubTest, ATenantSeesWhatIsAboutItselfOfThePastAndOfThePresent) {
  register_tenant("t-one");
  register_tenant("t-two");
  auto const one = open({.tenant = policy::TenantName{"t-one"}, .job = {}, .type_prefix = {}, .until = {}}, "p-one");
  auto const all = open({}, "p-operator");
  issue_key("k-one", "p-one", "t-one");
  issue_key("k-two", "p-two", "t-two");
  loop_.poll();
  EXPECT_TRUE(sent(*one).contains("tenant.registered/1"));
  EXPECT_TRUE(sent(*one).contains("key.issued/1"));
  EXPECT_FALSE(sent(*one).contains("t-two"));
  EXPECT_TRUE(sent(*all).contains("genesis"));
  EXPECT_TRUE(sent(*all).contains("t-one"));
  EXPECT_TRUE(sent(*all).contains("t-two"));
}

TEST_F(EventHubTest, AFilterOfTypesIsABeginning) {
  auto const keys = open({.tenant = {}, .job = {}, .type_prefix = "key.", .until = {}}, "p");
  register_tenant("t-one");
  issue_key("k-one", "p-one", "t-one");
  EXPECT_FALSE(sent(*keys).contains("tenant.registered"));
  EXPECT_TRUE(sent(*keys).contains("key.issued/1"));
}

TEST_F(EventHubTest, ARevokedKeyHearsNothingMore) {
  register_tenant("t-one");
  issue_key("k-one", "p-one", "t-one");
  auto const mine = open({.tenant = policy::TenantName{"t-one"}, .job = {}, .type_prefix = {}, .until = {}}, "p-one");
  auto const other = open({}, "p-other");
  record(policy::KeyRevoked{admin(), {"k-one"}});
  EXPECT_TRUE(mine->closed());
  EXPECT_FALSE(other->closed());
  EXPECT_EQ(hub_->streams(), 1U);
}

TEST_F(EventHubTest, AnExpiredKeyHearsNothingMore) {
  register_tenant("t-one");
  policy::Timestamp const end{clock_.wall().ms + 1'000};
  auto const mine = open({.tenant = {}, .job = {}, .type_prefix = {}, .until = end}, "p-one");
  clock_.advance(999);
  register_tenant("t-two");
  EXPECT_FALSE(mine->closed());
  std::string const before = sent(*mine);
  EXPECT_TRUE(before.contains("t-two"));
  clock_.advance(1);
  register_tenant("t-three");
  EXPECT_TRUE(mine->closed());
  EXPECT_FALSE(sent(*mine).contains("t-three"));
}

TEST_F(EventHubTest, OneCallerHasSoManyStreamsAndNoMore) {
  auto const first = open({}, "p");
  auto const second = open({}, "p");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(open({}, "p"), nullptr);
  EXPECT_NE(open({}, "q"), nullptr);
  first->close();
  EXPECT_NE(open({}, "p"), nullptr);
}

TEST_F(EventHubTest, ClosingWakesWhoWaitsForTheNextEntry) {
  int woken = 0;
  hub_->on_entry(ledger_.size() + 100, [&] { ++woken; });
  EXPECT_EQ(woken, 0);
  hub_->close();
  EXPECT_EQ(woken, 1);
  hub_->on_entry(ledger_.size() + 100, [&] { ++woken; });
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace sluice::broker
