// The sequencer over a ledger in memory that fails on demand: nothing is told before it is durable, and after a failed append nothing at
// all.
#include "broker/sequencer/sequencer.hpp"

#include "policy/state/rows.hpp"
#include "storage/log/memory_ledger.hpp"
#include "tests/broker/fixed_clock.hpp"
#include "tests/broker/registration.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace sluice::broker {
namespace {

namespace asio = boost::asio;

/// What a test submits, and what it was told.
struct Told {
  std::optional<Outcome> outcome;
  log::Sequence durable_then = 0;  ///< size of the ledger when it was told
};

asio::awaitable<void> tell(Sequencer* sequencer, log::Ledger* ledger, Submission submission, Told* told) {
  told->outcome = co_await sequencer->submit(std::move(submission));
  told->durable_then = ledger->size();
}

class SequencerTest : public testing::Test {
 protected:
  void open() {
    SequencerOptions options;
    options.disk_has_room = [this] { return room_; };
    auto opened = Sequencer::open(loop_, *ledger_, clock_, "sluice.test/sequencer", options, [this](std::string what, bool invariant) {
      failures_.push_back(what);
      invariant_ = invariant;
      loop_.stop();
    });
    ASSERT_TRUE(opened) << opened.error();
    sequencer_ = std::move(*opened);
    sequencer_->subscribe([this](std::vector<Committed> const& group) {
      for (Committed const& entry : group) seen_.push_back(entry.sequence);
    });
  }
  void submit(Submission submission, Told& told) {
    asio::co_spawn(loop_, tell(sequencer_.get(), ledger_.get(), std::move(submission), &told), asio::detached);
  }
  /// Runs the loop until `condition` holds; the committer's posts keep it going.
  template <class Condition>
  void run_until(Condition condition) {
    auto const work = asio::make_work_guard(loop_);
    loop_.restart();
    while (!condition() && !loop_.stopped()) loop_.run_one();
  }

  std::shared_ptr<log::MemoryDisk> disk_ = log::make_memory_disk();
  std::unique_ptr<log::MemoryLedger> ledger_ = std::make_unique<log::MemoryLedger>(log::MemoryLedger().signer(), disk_);
  FixedClock clock_;
  asio::io_context loop_;
  std::unique_ptr<Sequencer> sequencer_;
  std::vector<log::Sequence> seen_;
  std::vector<std::string> failures_;
  bool invariant_ = false;
  bool room_ = true;
};

TEST_F(SequencerTest, ANewLedgerBeginsWithGenesisAndEngine) {
  open();
  run_until([&] { return seen_.size() == 2; });
  EXPECT_EQ(ledger_->size(), 2U);
  EXPECT_EQ(sequencer_->state().governance.origin, "sluice.test/sequencer");
  EXPECT_EQ(sequencer_->state().governance.rules_version, 1);
}

TEST_F(SequencerTest, ASubmissionIsAnsweredOnlyWhenItsEntriesAreDurable) {
  open();
  Told told;
  submit(submission_of({registration("t-one")}), told);
  run_until([&] { return told.outcome.has_value(); });
  ASSERT_TRUE(*told.outcome);
  EXPECT_EQ((*told.outcome)->count, 1U);
  EXPECT_GT(told.durable_then, (*told.outcome)->first);
  auto const entry = ledger_->entry((*told.outcome)->first);
  ASSERT_TRUE(entry && *entry);
  EXPECT_TRUE((*entry)->starts_with(R"({"@":"tenant.registered/1")")) << **entry;
}

TEST_F(SequencerTest, ARefusalSaysWhyAndLeavesNoEntry) {
  open();
  Told first;
  Told again;
  submit(submission_of({registration("t-one")}), first);
  submit(submission_of({registration("t-one")}), again);
  run_until([&] { return first.outcome && again.outcome; });
  ASSERT_TRUE(*first.outcome);
  ASSERT_FALSE(*again.outcome);
  EXPECT_EQ(again.outcome->error().kind, Rejected::Kind::refused);
  EXPECT_EQ(again.outcome->error().refusal.reason, policy::Reason::already_exists);
  EXPECT_EQ(ledger_->size(), 3U);
}

TEST_F(SequencerTest, WithoutRoomNothingIsAppliedAndReadersGoOn) {
  open();
  Told before;
  submit(submission_of({registration("t-one")}), before);
  run_until([&] { return before.outcome.has_value(); });
  room_ = false;
  Told told;
  submit(submission_of({registration("t-two")}), told);
  bool settled = false;
  asio::co_spawn(loop_, sequencer_->settled(), [&](std::exception_ptr) { settled = true; });
  run_until([&] { return told.outcome && settled; });
  ASSERT_FALSE(*told.outcome);
  EXPECT_EQ(told.outcome->error().kind, Rejected::Kind::no_room);
  EXPECT_FALSE(sequencer_->state().tenants.contains({"t-two"}));
  EXPECT_EQ(ledger_->size(), 3U);
  EXPECT_TRUE(failures_.empty());
  room_ = true;
  Told after;
  submit(submission_of({registration("t-two")}), after);
  run_until([&] { return after.outcome.has_value(); });
  EXPECT_TRUE(*after.outcome);
}

// A reader that waits for what was applied before the room ran out is released when that is durable.
TEST_F(SequencerTest, WhatWasAppliedBeforeTheRoomRanOutIsStillWritten) {
  open();
  Told first;
  submit(submission_of({registration("t-one")}), first);
  bool settled = false;
  run_until([&] { return sequencer_->state().tenants.contains({"t-one"}); });
  room_ = false;
  asio::co_spawn(loop_, sequencer_->settled(), [&](std::exception_ptr) { settled = true; });
  run_until([&] { return first.outcome && settled; });
  EXPECT_TRUE(*first.outcome);
  EXPECT_EQ(ledger_->size(), 3U);
}

TEST_F(SequencerTest, SubmissionsOfOneTurnShareAGroup) {
  open();
  run_until([&] { return seen_.size() == 2; });
  std::uint64_t const before = ledger_->append_attempts();
  std::vector<Told> told(50);
  for (std::size_t i = 0; i < told.size(); ++i) submit(submission_of({registration("t-" + std::to_string(i))}), told[i]);
  run_until([&] { return std::ranges::all_of(told, [](Told const& each) { return each.outcome.has_value(); }); });
  EXPECT_LE(ledger_->append_attempts() - before, 2U);
  EXPECT_EQ(ledger_->size(), 52U);
}

TEST_F(SequencerTest, AWaveOfSubmissionsLeavesOthersTheirTurn) {
  open();
  run_until([&] { return seen_.size() == 2; });
  std::vector<Told> told(1'000);
  for (std::size_t i = 0; i < told.size(); ++i) submit(submission_of({registration("t-" + std::to_string(i))}), told[i]);
  auto const all_told = [&] { return std::ranges::all_of(told, [](Told const& each) { return each.outcome.has_value(); }); };
  std::uint64_t most_at_once = 0;  // entries applied between two turns of someone else
  std::uint64_t seen = sequencer_->state().governance.sequence;
  std::function<void()> const other = [&] {
    std::uint64_t const now = sequencer_->state().governance.sequence;
    most_at_once = std::max(most_at_once, now - std::exchange(seen, now));
    if (now < 1'002) asio::post(loop_, other);
  };
  asio::post(loop_, other);
  run_until(all_told);
  EXPECT_LT(most_at_once, 200U);
  std::set<log::Sequence> sequences;
  for (Told const& each : told) {
    ASSERT_TRUE(*each.outcome);
    EXPECT_GT(each.durable_then, (*each.outcome)->first);
    sequences.insert((*each.outcome)->first);
  }
  EXPECT_EQ(sequences.size(), told.size());
}

TEST_F(SequencerTest, AFailedAppendTellsEveryoneAndEndsTheWriter) {
  for (auto const fault : {log::AppendFault::before_write, log::AppendFault::after_write, log::AppendFault::torn, log::AppendFault::fenced,
                           log::AppendFault::no_space}) {
    disk_ = log::make_memory_disk();
    ledger_ = std::make_unique<log::MemoryLedger>(log::MemoryLedger().signer(), disk_);
    seen_.clear();
    failures_.clear();
    open();
    run_until([&] { return seen_.size() == 2; });
    ledger_->fail_append(0, fault);
    Told told;
    submit(submission_of({registration("t-one")}), told);
    run_until([&] { return !failures_.empty(); });
    run_until([&] { return told.outcome.has_value(); });
    ASSERT_TRUE(told.outcome) << "nobody was told";
    EXPECT_FALSE(*told.outcome);
    EXPECT_EQ(told.outcome->error().kind, Rejected::Kind::storage);
    EXPECT_EQ(failures_.size(), 1U);
    EXPECT_FALSE(invariant_);
    EXPECT_EQ(seen_.size(), 2U) << "an entry was shown that may not exist";
    Told late;
    submit(submission_of({registration("t-two")}), late);
    run_until([&] { return late.outcome.has_value(); });
    EXPECT_FALSE(*late.outcome);
    // A restart adopts what is on the disk, whole or not at all.
    sequencer_.reset();
    ledger_ = std::make_unique<log::MemoryLedger>(log::MemoryLedger().signer(), disk_);
    open();
    bool const kept = fault == log::AppendFault::after_write;
    EXPECT_EQ(sequencer_->state().tenants.contains({"t-one"}), kept);
    EXPECT_EQ(ledger_->size(), kept ? 3U : 2U);
    sequencer_.reset();
  }
}

TEST_F(SequencerTest, ARestartHasTheSameState) {
  open();
  Told told;
  submit(submission_of({registration("t-one"), registration("t-two")}), told);
  run_until([&] { return told.outcome.has_value(); });
  policy::Hash const before = policy::digest(sequencer_->state());
  sequencer_.reset();
  open();
  EXPECT_EQ(policy::digest(sequencer_->state()), before);
}

TEST_F(SequencerTest, TimeNeverGoesBackInTheLog) {
  open();
  Told first;
  submit(submission_of({registration("t-one")}), first);
  run_until([&] { return first.outcome.has_value(); });
  clock_.wall_ms -= 3'600'000;
  Told second;
  submit(submission_of({registration("t-two")}), second);
  run_until([&] { return second.outcome.has_value(); });
  ASSERT_TRUE(*second.outcome);
  EXPECT_GE((*second.outcome)->at, (*first.outcome)->at);
}

TEST_F(SequencerTest, AnotherLogsOriginIsRefused) {
  open();
  run_until([&] { return seen_.size() == 2; });
  sequencer_.reset();
  auto const opened = Sequencer::open(loop_, *ledger_, clock_, "sluice.test/another", {}, [](std::string, bool) {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("sluice.test/sequencer"), std::string::npos) << opened.error();
}

TEST_F(SequencerTest, StopFinishesWhatWasTaken) {
  open();
  std::vector<Told> told(20);
  for (std::size_t i = 0; i < told.size(); ++i) submit(submission_of({registration("t-" + std::to_string(i))}), told[i]);
  bool stopped = false;
  auto stop = [](Sequencer* sequencer, bool* done) -> asio::awaitable<void> {
    co_await sequencer->stop();
    *done = true;
  };
  // The submissions are taken before stop() is called.
  loop_.poll_one();
  asio::co_spawn(loop_, stop(sequencer_.get(), &stopped), asio::detached);
  run_until([&] { return stopped && std::ranges::all_of(told, [](Told const& each) { return each.outcome.has_value(); }); });
  std::size_t accepted = 0;
  for (Told const& each : told) accepted += each.outcome->has_value() ? 1U : 0U;
  EXPECT_EQ(ledger_->size(), 2 + accepted);
  Told late;
  submit(submission_of({registration("t-late")}), late);
  run_until([&] { return late.outcome.has_value(); });
  ASSERT_FALSE(*late.outcome);
  EXPECT_EQ(late.outcome->error().kind, Rejected::Kind::stopping);
}

TEST(ClockGuardTest, AStepOfTheWallClockIsNoticedAndAccepted) {
  FixedClock clock;
  ClockGuard guard(clock);
  clock.advance(10'000'000);
  EXPECT_TRUE(guard.trusted());
  clock.wall_ms += ClockGuard::tolerance_ms;
  EXPECT_TRUE(guard.trusted());
  clock.wall_ms += 1;
  EXPECT_FALSE(guard.trusted());
  EXPECT_EQ(guard.step_ms(), ClockGuard::tolerance_ms + 1);
  guard.accept();
  EXPECT_TRUE(guard.trusted());
  clock.wall_ms -= ClockGuard::tolerance_ms + 1;
  EXPECT_FALSE(guard.trusted());
}

}  // namespace
}  // namespace sluice::broker
