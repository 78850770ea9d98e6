// So many calls in a turn, and unused room is not saved.
#include "broker/dispatch/pace.hpp"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using std::chrono::milliseconds;

/// How many calls begin when a thousand are due at `now`.
int begun_at(Pace& pace, Pace::TimePoint now) {
  int begun = 0;
  for (int due = 0; due < 1'000 && pace.has_room(now); ++due, ++begun) pace.take();
  return begun;
}

TEST(Pace, ATurnBeginsSoManyCallsAndNoMore) {
  Pace pace(10, milliseconds(10));
  Pace::TimePoint const start{std::chrono::hours(1)};
  EXPECT_EQ(begun_at(pace, start), 10);
  EXPECT_EQ(begun_at(pace, start), 0);
  EXPECT_EQ(begun_at(pace, start + milliseconds(9)), 0);
  EXPECT_EQ(begun_at(pace, start + milliseconds(10)), 10);
}

TEST(Pace, WhatATurnLeftUnusedIsNotSavedForALaterBurst) {
  Pace pace(10, milliseconds(10));
  Pace::TimePoint const start{std::chrono::hours(1)};
  EXPECT_TRUE(pace.has_room(start));
  pace.take();
  EXPECT_EQ(begun_at(pace, start + std::chrono::seconds(60)), 10);
}

TEST(Pace, ATurnCountsFromItsFirstQuestion) {
  Pace pace(1, milliseconds(10));
  Pace::TimePoint const start{std::chrono::hours(1)};
  EXPECT_EQ(begun_at(pace, start + milliseconds(7)), 1);
  EXPECT_EQ(begun_at(pace, start + milliseconds(16)), 0);
  EXPECT_EQ(begun_at(pace, start + milliseconds(17)), 1);
}

}  // namespace
}  // namespace sluice::broker
