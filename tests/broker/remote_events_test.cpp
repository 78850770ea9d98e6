// A cluster's word about an attempt as entries: liability follows from what is said here.
#include "broker/dispatch/remote_events.hpp"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using connectors::RemoteEnd;
using connectors::RemotePhase;
using connectors::RemoteStatus;

constexpr policy::Timestamp heard_at{1'800'000'000'000};

policy::Attempt attempt_in(policy::AttemptStatus status) {
  policy::Attempt attempt;
  attempt.id = {{7}, 1};
  attempt.allocation.cards = 4;
  attempt.status = status;
  return attempt;
}

std::vector<std::string> types(std::vector<policy::Event> const& events) {
  std::vector<std::string> names;
  for (policy::Event const& event : events) names.emplace_back(policy::type_of(event));
  return names;
}

std::vector<policy::Event> events(policy::AttemptStatus status, RemoteStatus const& said, bool meter = false) {
  return events_for(attempt_in(status), said, {}, std::nullopt, heard_at, {.meter = meter});
}

RemoteStatus ended(RemoteEnd end, std::optional<int> exit_code) {
  RemoteStatus said;
  said.phase = RemotePhase::ended;
  said.end = end;
  said.exit_code = exit_code;
  said.started_at = policy::Timestamp{heard_at.ms - 10'000};
  said.ended_at = heard_at;
  return said;
}

TEST(RemoteEvents, OutcomesFollowTheClustersWord) {
  EXPECT_EQ(outcome_of(ended(RemoteEnd::own_exit, 0)), policy::Outcome::succeeded);
  EXPECT_EQ(outcome_of(ended(RemoteEnd::own_exit, 3)), policy::Outcome::failed);
  EXPECT_EQ(outcome_of(ended(RemoteEnd::own_exit, std::nullopt)), std::nullopt) << "an unknown exit code is not success";
  EXPECT_EQ(outcome_of(ended(RemoteEnd::run_limit, std::nullopt)), policy::Outcome::limit_reached);
  EXPECT_EQ(outcome_of(ended(RemoteEnd::cancelled, std::nullopt)), policy::Outcome::cancelled);
  EXPECT_EQ(outcome_of(ended(RemoteEnd::preempted, std::nullopt)), policy::Outcome::preempted);
  EXPECT_EQ(outcome_of(ended(RemoteEnd::cluster_fault, std::nullopt)), policy::Outcome::cluster_fault);
  EXPECT_EQ(outcome_of(ended(RemoteEnd::unknown, 0)), std::nullopt);
  RemoteStatus running;
  running.phase = RemotePhase::running;
  EXPECT_EQ(outcome_of(running), std::nullopt);
}

TEST(RemoteEvents, AnAttemptIsBroughtToWhereTheClusterSaysInOneStep) {
  RemoteStatus said = ended(RemoteEnd::own_exit, 0);
  EXPECT_EQ(types(events(policy::AttemptStatus::intended, said)),
            (std::vector<std::string>{"attempt.acknowledged/1", "attempt.started/1", "attempt.ended/1"}));
  EXPECT_EQ(types(events(policy::AttemptStatus::acknowledged, said)), (std::vector<std::string>{"attempt.started/1", "attempt.ended/1"}));
  EXPECT_EQ(types(events(policy::AttemptStatus::running, said)), (std::vector<std::string>{"attempt.ended/1"}));
}

TEST(RemoteEvents, UseIsTheMetersElseCardsTimesTime) {
  RemoteStatus said = ended(RemoteEnd::own_exit, 0);
  EXPECT_EQ(card_ms_of(attempt_in(policy::AttemptStatus::running), said, heard_at), 40'000);
  said.card_ms = 39'000;
  EXPECT_EQ(card_ms_of(attempt_in(policy::AttemptStatus::running), said, heard_at), 39'000);
  policy::Attempt metered = attempt_in(policy::AttemptStatus::running);
  metered.card_ms = 50'000;
  EXPECT_EQ(card_ms_of(metered, said, heard_at), 50'000) << "a cumulative meter never falls";
}

TEST(RemoteEvents, AnEndWithoutACauseIsDisputedNotGuessed) {
  EXPECT_EQ(types(events(policy::AttemptStatus::running, ended(RemoteEnd::unknown, std::nullopt))),
            (std::vector<std::string>{"attempt.lost/1"}));
}

TEST(RemoteEvents, AStartIsNeverLaterThanNow) {
  RemoteStatus said;
  said.phase = RemotePhase::running;
  said.started_at = policy::Timestamp{heard_at.ms + 5'000};
  auto const all = events(policy::AttemptStatus::acknowledged, said);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(std::get<policy::AttemptStarted>(all[0]).started_at, heard_at);
}

// A second run is allowed a limit after the start: a site whose clock is an hour behind must not move that moment.
TEST(RemoteEvents, AStartIsNeverEarlierThanTheIntent) {
  policy::Attempt attempt = attempt_in(policy::AttemptStatus::acknowledged);
  attempt.intended_at = policy::Timestamp{heard_at.ms - 2'000};
  RemoteStatus said;
  said.phase = RemotePhase::running;
  said.started_at = policy::Timestamp{heard_at.ms - 3'600'000};
  auto const all = events_for(attempt, said, {}, std::nullopt, heard_at, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(std::get<policy::AttemptStarted>(all[0]).started_at, *attempt.intended_at);
}

TEST(RemoteEvents, AnEndWithoutACauseAllowsASecondRunOnlyAfterTheLimit) {
  policy::Attempt attempt = attempt_in(policy::AttemptStatus::running);
  attempt.started_at = policy::Timestamp{heard_at.ms - 10'000};
  attempt.allocation.limit_ms = 60'000;
  auto const said = ended(RemoteEnd::unknown, std::nullopt);
  auto const early = events_for(attempt, said, {}, std::nullopt, heard_at, {});
  ASSERT_EQ(early.size(), 1U);
  EXPECT_FALSE(std::get<policy::AttemptLost>(early[0]).fenced) << "the state machine would refuse it";
  auto const late = events_for(attempt, said, {}, std::nullopt, {heard_at.ms + 50'000}, {});
  EXPECT_TRUE(std::get<policy::AttemptLost>(late.at(0)).fenced);
}

TEST(RemoteEvents, AnAttemptThatTheJobWentOnWithoutMayOnlyEnd) {
  policy::Attempt const attempt = attempt_in(policy::AttemptStatus::lost);
  RemoteStatus running;
  running.phase = RemotePhase::running;
  running.started_at = policy::Timestamp{heard_at.ms - 1'000};
  EXPECT_TRUE(events_for(attempt, running, {}, std::nullopt, heard_at, {.meter = true, .superseded = true}).empty());
  auto const all = events_for(attempt, ended(RemoteEnd::own_exit, 0), {}, std::nullopt, heard_at, {.superseded = true});
  EXPECT_EQ(types(all), (std::vector<std::string>{"attempt.ended/1"})) << "an acknowledgement would be refused, and the end with it";
}

TEST(RemoteEvents, AnUnknownWordSaysNothing) {
  RemoteStatus said;
  said.phase = RemotePhase::unknown;
  EXPECT_TRUE(events(policy::AttemptStatus::intended, said).empty());
}

TEST(RemoteEvents, MetersAreLoggedOnlyWhenAskedFor) {
  RemoteStatus said;
  said.phase = RemotePhase::running;
  said.started_at = policy::Timestamp{heard_at.ms - 1'000};
  said.card_ms = 4'000;
  EXPECT_TRUE(events(policy::AttemptStatus::running, said, false).empty());
  EXPECT_EQ(types(events(policy::AttemptStatus::running, said, true)), (std::vector<std::string>{"attempt.metered/1"}));
}

}  // namespace
}  // namespace sluice::broker
