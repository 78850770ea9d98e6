// What of a site's report becomes an entry, and when.
#include "broker/polling/observation.hpp"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

constexpr policy::Timestamp now{1'800'000'000'000};

connectors::OfferReport report(std::int32_t free, std::int64_t yuan_per_hour) {
  connectors::Offer offer;
  offer.accelerator = {"A100"};
  offer.cards_total = 64;
  offer.cards_free = free;
  offer.as_of = now;
  offer.freshness = connectors::Freshness::fresh;
  offer.list_price = connectors::Price{policy::yuan(yuan_per_hour), connectors::PriceUnit::card_hour};
  connectors::OfferReport out;
  out.offers.push_back(offer);
  return out;
}

policy::OffersObserved see(policy::State const& state, connectors::OfferReport const& offers) {
  return observed(state, {"wuhan"}, offers, nullptr, "sluice", now, 60'000);
}

TEST(Observation, UnknownIsLeftOutNeverZero) {
  policy::State const state;
  connectors::OfferReport offers = report(8, 12);
  offers.offers[0].cards_free.reset();
  EXPECT_TRUE(see(state, offers).offers.empty());
  offers = report(8, 12);
  offers.offers[0].list_price.reset();
  auto const seen = see(state, offers);
  ASSERT_EQ(seen.offers.size(), 1U);
  EXPECT_FALSE(seen.offers[0].price_per_card_hour);
  offers = report(8, 12);
  offers.offers[0].freshness = connectors::Freshness::stale;
  EXPECT_TRUE(see(state, offers).offers.empty());
  offers = report(8, 12);
  offers.offers[0].as_of.reset();
  offers.offers[0].freshness = connectors::Freshness::unknown;
  EXPECT_TRUE(see(state, offers).offers.empty()) << "how old it is is unknown";
  offers = report(8, 12);
  offers.offers[0].as_of = policy::Timestamp{now.ms + 3'600'000};
  offers.offers[0].freshness = connectors::Freshness::unknown;
  EXPECT_TRUE(see(state, offers).offers.empty()) << "a moment that has not come yet";
}

TEST(Observation, AgeCountsFromTheSitesMomentNotFromTheAnswer) {
  policy::State const state;
  connectors::OfferReport offers = report(8, 12);
  offers.offers[0].as_of = policy::Timestamp{now.ms - 50'000};
  auto const seen = see(state, offers);
  EXPECT_EQ(seen.as_of, (policy::Timestamp{now.ms - 50'000}));
  EXPECT_EQ(seen.valid_until, (policy::Timestamp{now.ms + 10'000}));
  offers.offers[0].valid_until = policy::Timestamp{now.ms + 4'000};
  EXPECT_EQ(see(state, offers).valid_until, (policy::Timestamp{now.ms + 4'000})) << "unless the site says less";
}

TEST(Observation, PricesOfOtherUnitsBecomeCardHours) {
  policy::State const state;
  connectors::OfferReport offers = report(8, 0);
  offers.offers[0].list_price = connectors::Price{policy::Money{1}, connectors::PriceUnit::card_second};
  offers.offers[0].discounted_price = connectors::Price{policy::yuan(24), connectors::PriceUnit::card_day};
  auto const seen = see(state, offers);
  EXPECT_EQ(seen.offers[0].list_price_per_card_hour, policy::Money{3'600});
  EXPECT_EQ(seen.offers[0].price_per_card_hour, policy::yuan(1));
}

TEST(Observation, OnlyOurOwnLiveAttemptsOfThisTypeAreCounted) {
  policy::State state;
  policy::Attempt attempt;
  attempt.id = {{7}, 1};
  attempt.allocation.cluster = {"wuhan"};
  attempt.allocation.type = {"A100"};
  attempt.allocation.cards = 8;
  attempt.status = policy::AttemptStatus::running;
  state.attempts.emplace(attempt.id, attempt);
  attempt.id = {{8}, 1};
  attempt.status = policy::AttemptStatus::settled;
  state.attempts.emplace(attempt.id, attempt);
  connectors::OfferReport offers = report(8, 12);
  offers.offers[0].attempts_counted = {connectors::attempt_name("sluice", {{7}, 1}), connectors::attempt_name("sluice", {{8}, 1}),
                                       connectors::attempt_name("sluice", {{9}, 1}), connectors::AttemptName{"stranger-1-1"}};
  EXPECT_EQ(see(state, offers).offers[0].counted_cards, 8);
}

TEST(Observation, WorthAnEntryOnlyWhereADecisionCouldChange) {
  policy::State state;
  auto const first = see(state, report(8, 12));
  EXPECT_TRUE(worth_an_entry(state, first, now, 50'000)) << "nothing was known";
  state.offers[{"wuhan"}] = {
      .as_of = now, .observed_at = now, .offers = first.offers, .stale = false, .terms = {}, .valid_until = first.valid_until};
  EXPECT_FALSE(worth_an_entry(state, first, now, 50'000)) << "nothing changed";
  EXPECT_TRUE(worth_an_entry(state, see(state, report(9, 12)), now, 50'000)) << "a card more";
  auto dearer = first;
  dearer.offers[0].price_per_card_hour = policy::Money{12'500'000};  // 4.2 %
  EXPECT_FALSE(worth_an_entry(state, dearer, now, 50'000));
  dearer.offers[0].price_per_card_hour = policy::Money{12'600'000};  // 5 %
  EXPECT_TRUE(worth_an_entry(state, dearer, now, 50'000));
  auto later = first;
  later.valid_until.ms += 31'000;
  EXPECT_FALSE(worth_an_entry(state, later, {now.ms + 29'000}, 50'000));
  EXPECT_TRUE(worth_an_entry(state, later, {now.ms + 31'000}, 50'000)) << "half of its validity is over";
  state.offers[{"wuhan"}].stale = true;
  EXPECT_TRUE(worth_an_entry(state, first, now, 50'000));
}

}  // namespace
}  // namespace sluice::broker
