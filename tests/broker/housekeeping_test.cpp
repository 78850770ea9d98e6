// Housekeeping over a ledger in memory: what is due at start is done at start. Its timer never rings here.
#include "broker/housekeeping.hpp"

#include "policy/state/rows.hpp"
#include "storage/log/memory_ledger.hpp"
#include "tests/broker/fixed_clock.hpp"
#include "tests/broker/registration.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

namespace asio = boost::asio;
using ::testing::IsEmpty;
using ::testing::StartsWith;

asio::awaitable<void> submit_and_note(Sequencer* sequencer, Submission submission, bool* done) {
  auto const outcome = co_await sequencer->submit(std::move(submission));
  EXPECT_TRUE(outcome) << outcome.error().refusal.where;
  *done = true;
}

class HousekeepingTest : public testing::Test {
 protected:
  HousekeepingTest() { options_.tick_every = std::chrono::hours(24 * 365); }
  void SetUp() override { open(); }
  void open() {
    auto opened = Sequencer::open(loop_, ledger_, clock_, "sluice.test/housekeeping", {},
                                  [](std::string const& what, bool) { ADD_FAILURE() << what; });
    ASSERT_TRUE(opened) << opened.error();
    sequencer_ = std::move(*opened);
  }
  void start() {
    housekeeping_ =
        std::make_unique<Housekeeping>(loop_, *sequencer_, ledger_, options_, [this](std::string const& what) { alarms_.push_back(what); });
    housekeeping_->start();
  }
  template <class Condition>
  void run_until(Condition condition) {
    auto const work = asio::make_work_guard(loop_);
    loop_.restart();
    while (!condition()) loop_.run_one();
  }
  void submit(policy::Event event, std::vector<log::PrivatePart> parts = {}) {
    std::vector<policy::Event> events;
    events.push_back(std::move(event));
    Submission submission = submission_of(std::move(events));
    submission.private_parts = std::move(parts);
    bool done = false;
    asio::co_spawn(loop_, submit_and_note(sequencer_.get(), std::move(submission), &done), asio::detached);
    run_until([&] { return done; });
  }
  std::size_t answers() const {
    std::size_t count = 0;
    EXPECT_TRUE(ledger_.scan_private_parts(log::PrivateKind::idempotency, [&](log::PrivatePart const&) { return ++count > 0; }));
    return count;
  }
  std::string last_entry() const { return **ledger_.entry(ledger_.size() - 1); }

  log::MemoryLedger ledger_;
  FixedClock clock_;
  asio::io_context loop_;
  HousekeepingOptions options_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<Housekeeping> housekeeping_;
  std::vector<std::string> alarms_;
};

TEST_F(HousekeepingTest, PurgesAllThatHasExpiredHoweverMuchItIs) {
  std::vector<log::PrivatePart> parts;
  for (int i = 0; i < 3'500; ++i)
    parts.push_back({log::PrivateKind::idempotency, "t-one", "key " + std::to_string(i), "answer", clock_.wall_ms + 1'000});
  parts.push_back({log::PrivateKind::idempotency, "t-one", "still good", "answer", clock_.wall_ms + 3'000});
  submit(registration("t-one"), std::move(parts));
  ASSERT_EQ(answers(), 3'501u);
  clock_.advance(2'000);
  start();
  run_until([&] { return answers() == 1; });
  EXPECT_THAT(alarms_, IsEmpty());
}

TEST_F(HousekeepingTest, FinishesAnErasureThatACrashInterrupted) {
  submit(registration("t-one"), {{log::PrivateKind::secret_state, "t-one", "k", "in confidence", 0}});
  submit(registration("t-two"), {{log::PrivateKind::secret_state, "t-two", "k", "in confidence", 0}});
  submit(policy::TenantStatusSet{admin(), policy::TenantStatus::erased, {"t-one"}});  // and then nothing more happened
  ASSERT_TRUE(*ledger_.private_part(log::PrivateKind::secret_state, "t-one", "k"));
  start();
  run_until([&] { return !*ledger_.private_part(log::PrivateKind::secret_state, "t-one", "k"); });
  EXPECT_TRUE(*ledger_.private_part(log::PrivateKind::secret_state, "t-two", "k"));
}

TEST_F(HousekeepingTest, ADigestIsDueEverySoManyEntries) {
  options_.digest_every_entries = 3;
  submit(registration("t-one"));
  policy::Hash const now = policy::digest(sequencer_->state());
  start();
  run_until([&] { return ledger_.size() == 4; });
  EXPECT_THAT(last_entry(), StartsWith(R"({"@":"state.digested/1")"));
  EXPECT_THAT(last_entry(), ::testing::HasSubstr(policy::to_hex(now)));
  EXPECT_THAT(alarms_, IsEmpty());
}

// Down over midnight: the day's digest is not lost.
TEST_F(HousekeepingTest, ADigestIsDueWhenTheLastOneIsOfAnotherDay) {
  submit(registration("t-one"));
  clock_.advance(policy::ms_per_day);
  start();
  run_until([&] { return ledger_.size() == 4; });
  EXPECT_THAT(last_entry(), StartsWith(R"({"@":"state.digested/1")"));
}

TEST_F(HousekeepingTest, TheLastDigestIsFoundInTheLog) {
  std::int64_t const first_day = policy::shanghai_day(clock_.wall());
  submit(registration("t-one"));
  auto found = find_last_digest(ledger_, 100);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->size, 0u);  // none: it counts from the log's beginning
  EXPECT_EQ(found->day, first_day);
  submit(policy::StateDigested{policy::sha256("first"), 1});
  clock_.advance(policy::ms_per_day);
  submit(policy::StateDigested{policy::sha256("second"), 2});
  submit(registration("t-two"));
  found = find_last_digest(ledger_, 100);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->size, ledger_.size() - 1);
  EXPECT_EQ(found->day, first_day + 1);
  found = find_last_digest(ledger_, 1);  // it lies further back than one is due
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->size, 0u);
}

}  // namespace
}  // namespace sluice::broker
