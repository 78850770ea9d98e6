// A cluster's list against the state: what is asked about, what is stopped, and what is left alone.
#include "broker/dispatch/listing.hpp"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using connectors::RemotePhase;
using policy::AttemptStatus;

class ListingTest : public ::testing::Test {
 protected:
  policy::State state;
  std::map<policy::AttemptId, connectors::RemoteHandle> handles;
  Followed followed{.of_account = {}, .handles = handles, .meter_due = {}};
  connectors::AttemptList list{.attempts = {}, .complete = true};

  void SetUp() override {
    state.governance.sequence = 1'000;
    state.catalogue->clusters[{"wuhan"}] = {};
  }

  policy::AttemptId hold(std::uint64_t job, AttemptStatus status, std::string handle = {}) {
    policy::AttemptId const id{{job}, 1};
    policy::Attempt attempt;
    attempt.id = id;
    attempt.status = status;
    attempt.allocation.cluster = {"wuhan"};
    state.attempts.emplace(id, attempt);
    policy::Job known;
    known.attempts = 1;
    known.status = status == AttemptStatus::lost ? policy::JobStatus::lost : policy::JobStatus::running;
    state.jobs.emplace(id.job, std::make_shared<policy::Job const>(known));
    followed.of_account.insert(id);
    if (!handle.empty()) handles.emplace(id, connectors::RemoteHandle{std::move(handle)});
    return id;
  }
  void go_on_without(policy::AttemptId id) {
    policy::Job job = *state.jobs.at(id.job);
    job.attempts = 2;
    state.jobs[id.job] = std::make_shared<policy::Job const>(job);
  }
  void says(std::string name, std::string handle, RemotePhase phase) {
    connectors::RemoteStatus status;
    status.attempt = connectors::AttemptName{std::move(name)};
    status.handle = {std::move(handle)};
    status.phase = phase;
    list.attempts.push_back(std::move(status));
  }
  Listing compared() const { return compare(state, followed, list, "sluice"); }
};

TEST_F(ListingTest, NothingNewIsNothing) {
  hold(7, AttemptStatus::running, "a");
  hold(8, AttemptStatus::acknowledged, "b");
  says("sluice-7-1", "a", RemotePhase::running);
  says("sluice-8-1", "b", RemotePhase::queued);
  says("stranger-7-1", "c", RemotePhase::running);
  says("sluice-9-1", "d", RemotePhase::ended);
  Listing const listing = compared();
  EXPECT_TRUE(listing.changed.empty());
  EXPECT_TRUE(listing.adopted.empty());
  EXPECT_TRUE(listing.strays.empty());
}

TEST_F(ListingTest, NewsAndSilenceAreAskedAbout) {
  auto const started = hold(7, AttemptStatus::acknowledged, "a");
  auto const missing = hold(8, AttemptStatus::running, "b");
  auto const metered = hold(9, AttemptStatus::running, "c");
  auto const back = hold(10, AttemptStatus::lost, "d");
  hold(11, AttemptStatus::intended);
  followed.meter_due.insert(metered);
  says("sluice-7-1", "a", RemotePhase::running);
  says("sluice-9-1", "c", RemotePhase::running);
  says("sluice-10-1", "d", RemotePhase::running);
  EXPECT_EQ(compared().changed, (std::set{started, missing, metered, back})) << "what was only intended may not have arrived yet";
  list.complete = false;
  EXPECT_EQ(compared().changed, (std::set{started, metered, back})) << "an incomplete list proves no absence";
}

TEST_F(ListingTest, AnUnknownOutcomeIsAdoptedFromTheList) {
  auto const id = hold(7, AttemptStatus::intended);
  says("sluice-7-1", "a", RemotePhase::queued);
  EXPECT_EQ(compared().adopted.at(id).id, "a");
  EXPECT_TRUE(compared().changed.contains(id));
}

TEST_F(ListingTest, ASecondRunOfOneAttemptIsAStray) {
  hold(7, AttemptStatus::running, "a");
  hold(8, AttemptStatus::intended);
  says("sluice-7-1", "x", RemotePhase::running);
  says("sluice-7-1", "a", RemotePhase::running);
  says("sluice-8-1", "c", RemotePhase::running);
  says("sluice-8-1", "d", RemotePhase::queued);
  Listing const listing = compared();
  ASSERT_EQ(listing.strays.size(), 2U);
  EXPECT_EQ(listing.strays[0].handle.id, "x") << "the one we know stays, wherever it stands in the list";
  EXPECT_EQ(listing.strays[1].handle.id, "d");
  EXPECT_EQ(name_of(listing.strays[1].kind), "twice");
}

TEST_F(ListingTest, WhatIsOverIsAStrayAndWhatIsNotOursIsLeftAlone) {
  hold(7, AttemptStatus::settled, "a");
  says("sluice-7-1", "a", RemotePhase::running);
  says("sluice-500-3", "b", RemotePhase::queued);
  says("sluice-1000-1", "c", RemotePhase::running);
  says("sluice-501-1", "d", RemotePhase::stopping);
  Listing const listing = compared();
  ASSERT_EQ(listing.strays.size(), 3U);
  EXPECT_EQ(name_of(listing.strays[0].kind), "over");
  EXPECT_EQ(name_of(listing.strays[1].kind), "over") << "its job has left the state for history";
  EXPECT_EQ(name_of(listing.strays[2].kind), "not_ours") << "the log has not come to this number";
}

// Two accounts, or two cluster names, may lead to the same site: what is open anywhere is no stray here.
TEST_F(ListingTest, AnOpenAttemptOfAnotherAccountIsNoStray) {
  auto const id = hold(7, AttemptStatus::running, "a");
  followed.of_account.clear();
  says("sluice-7-1", "a", RemotePhase::running);
  EXPECT_TRUE(compared().strays.empty());
  EXPECT_FALSE(compared().changed.contains(id));
}

TEST_F(ListingTest, AnAttemptThatItsJobWentOnWithoutIsAskedAboutFirst) {
  auto const id = hold(7, AttemptStatus::lost, "a");
  EXPECT_FALSE(is_superseded(state, state.attempts.at(id)));
  go_on_without(id);
  EXPECT_TRUE(is_superseded(state, state.attempts.at(id)));
  says("sluice-7-1", "a", RemotePhase::running);
  EXPECT_TRUE(compared().changed.contains(id)) << "its state is read before anything is stopped";
  EXPECT_TRUE(compared().strays.empty());
}

TEST_F(ListingTest, AtARemovedClusterAnAttemptMayOnlyEnd) {
  auto const id = hold(7, AttemptStatus::lost, "a");
  state.catalogue->clusters.clear();
  EXPECT_TRUE(is_superseded(state, state.attempts.at(id)));
}

}  // namespace
}  // namespace sluice::broker
