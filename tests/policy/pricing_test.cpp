// What a bid costs, what is granted and held for it, and why bids do not exist.
#include "policy/pricing.hpp"

#include "policy/eligibility.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using testing::World;

class PricingTest : public ::testing::Test {
 protected:
  PricingTest() { world_.observe(); }
  BidKey key(std::optional<EntitlementId> voucher = std::nullopt) { return {{"wuhan"}, {"A100"}, 0, world_.account, voucher}; }
  std::expected<PricedBid, Reason> price(JobSpec const& spec, BidKey const& key, bool capacity = true) {
    static std::vector<Reach> const reachable;
    return price_bid(LiveMarket(world_.state, world_.now), {spec, acme_, reachable}, key, capacity);
  }
  Reason why_not(JobSpec const& spec) {
    auto const bid = price(spec, key());
    return bid ? Reason::none : bid.error();
  }
  World world_;
  TenantName const acme_{"acme"};
};

TEST_F(PricingTest, GrossIsExactAndRoundedOnceByTheTariffsRule) {
  // 12.345678 yuan × 1 card-ms / 3,600,000 = 3.42…e-6 yuan
  Money const price{12'345'678};
  EXPECT_EQ(gross_price(price, 1, Rounding::floor_micro), Money{3});
  EXPECT_EQ(gross_price(price, 1, Rounding::ceil_micro), Money{4});
  EXPECT_EQ(gross_price(price, 3'600'000, Rounding::half_up_fen), Money{12'350'000});
  EXPECT_EQ(gross_price(price, 3'600'000, Rounding::floor_fen), Money{12'340'000});
  EXPECT_EQ(gross_price(money_max, INT64_MAX, Rounding::floor_micro), std::nullopt) << "an overflow is no price";
}

TEST_F(PricingTest, BilledTimeIsWholeIncrementsAndAtLeastTheMinimum) {
  Tariff tariff;
  tariff.increment_ms = 60'000;
  tariff.minimum_ms = 300'000;
  EXPECT_EQ(billed_ms(tariff, 0), 300'000);
  EXPECT_EQ(billed_ms(tariff, 300'001), 360'000);
  EXPECT_EQ(billed_ms(tariff, 360'000), 360'000);
}

TEST_F(PricingTest, TheHoldCoversTheLimitAndEveryShorterRun) {
  JobSpec spec = testing::job_spec();
  auto const bid = price(spec, key());
  ASSERT_TRUE(bid) << code(bid.error());
  Allocation const& a = bid->allocation;
  EXPECT_EQ(a.limit_ms, spec.max_runtime_ms);
  EXPECT_LE(bid->estimate_net, a.hold_net);
  EXPECT_EQ(a.price_per_card_hour, yuan(12));
  Tariff const tariff = tariff_of(world_.state.catalogue->clusters.at({"wuhan"}).definition, {"A100"});
  for (std::int64_t run_ms = 0; run_ms <= a.limit_ms; run_ms += a.limit_ms / 997) {
    auto const gross = gross_price(a.price_per_card_hour, billed_ms(tariff, run_ms) * a.cards, tariff.rounding);
    ASSERT_TRUE(gross);
    Money const fee = apply_rate(*gross, a.fee_bp, Rounding::half_up_fen);
    EXPECT_LE(gross->micro_yuan + fee.micro_yuan, a.hold_net.micro_yuan) << run_ms;
  }
}

TEST_F(PricingTest, ThePriceLimitShortensTheGrantedLimitAndNeverBelowTheEstimate) {
  JobSpec spec = testing::job_spec();
  auto const free = price(spec, key());
  ASSERT_TRUE(free);
  spec.max_cost = Money{free->allocation.hold_net.micro_yuan / 2};
  auto const half = price(spec, key());
  ASSERT_TRUE(half) << code(half.error());
  EXPECT_LT(half->allocation.limit_ms, free->allocation.limit_ms);
  EXPECT_GE(half->allocation.limit_ms, half->estimate_ms);
  EXPECT_LE(half->allocation.hold_net, *spec.max_cost);
  spec.max_cost = Money{free->estimate_net.micro_yuan - 1};
  EXPECT_EQ(why_not(spec), Reason::price_limit_exceeded);
}

TEST_F(PricingTest, WhatABalanceCannotPayIsNoBid) {
  JobSpec spec = testing::job_spec();
  spec.gang.cards = 64;
  spec.work_card_ms = 64 * 20 * ms_per_hour;  // 64 × 20 h × 12 yuan = 15,360 of 10,000
  spec.max_runtime_ms = 30 * ms_per_hour;
  EXPECT_EQ(why_not(spec), Reason::budget_exceeded);
}

TEST_F(PricingTest, EachReasonIsTheFirstThingThatExcludes) {
  JobSpec const good = testing::job_spec();
  ASSERT_EQ(why_not(good), Reason::none);
  JobSpec spec = good;
  spec.data_regions = {{310000}};
  EXPECT_EQ(why_not(spec), Reason::region_excluded);
  spec = good;
  spec.data_class = DataClass::core;
  EXPECT_EQ(why_not(spec), Reason::data_class_not_allowed);
  spec = good;
  spec.variants[0].framework = {"rocm"};
  EXPECT_EQ(why_not(spec), Reason::framework_not_supported);
  spec = good;
  spec.variants[0].accelerators[0].type = {"H800"};
  EXPECT_EQ(why_not(spec), Reason::type_not_requested);
  spec = good;
  spec.gang.min_memory_gib = 1'000;
  EXPECT_EQ(why_not(spec), Reason::memory_too_small);
  spec = good;
  spec.gang.interconnect_min_gbps = 1'000'000;
  EXPECT_EQ(why_not(spec), Reason::interconnect_too_slow);
  spec = good;
  spec.gang.cards = 65;
  EXPECT_EQ(why_not(spec), Reason::gang_too_large);
  spec = good;
  spec.work_reference = {"unheard-of"};
  spec.variants[0].accelerators[0].throughput_ppm.reset();
  EXPECT_EQ(why_not(spec), Reason::throughput_unknown);
  spec = good;
  spec.work_card_ms = spec.gang.cards * (spec.max_runtime_ms + 1);
  EXPECT_EQ(why_not(spec), Reason::run_limit_reached);
  spec = good;
  spec.variants[0].accelerators[0].throughput_ppm = 1;
  spec.work_card_ms = 18'446'744'073'710;  // a million times that is 448,384 more than 64 bits hold
  EXPECT_EQ(why_not(spec), Reason::run_limit_reached) << "an estimate does not wrap around";
  spec = good;
  spec.deadline = Timestamp{world_.now.ms + 1};
  EXPECT_EQ(why_not(spec), Reason::deadline_cannot_be_met);
}

TEST_F(PricingTest, UnknownPricesStaleOffersAndStrangersAccountsAreNoBids) {
  JobSpec const spec = testing::job_spec();
  BidKey other = key();
  other.account = {999};
  auto const stranger = price(spec, other);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error(), Reason::no_approved_account);

  ClusterOffers& offers = world_.state.offers.at({"wuhan"});
  ClusterOffers const fresh = offers;
  for (Offer& offer : offers.offers) offer.price_per_card_hour.reset();
  EXPECT_EQ(why_not(spec), Reason::price_unknown);
  for (Offer& offer : offers.offers) offer.price_per_card_hour = Money{0};
  EXPECT_EQ(why_not(spec), Reason::price_unknown) << "zero is unknown, never free";
  offers = fresh;
  offers.stale = true;
  EXPECT_EQ(why_not(spec), Reason::offer_stale);
  offers = fresh;
  offers.valid_until = world_.now;
  EXPECT_EQ(why_not(spec), Reason::offer_stale);
}

TEST_F(PricingTest, CapacityAndQuotaCountOnlyWhenAsked) {
  JobSpec const spec = testing::job_spec();
  for (Offer& offer : world_.state.offers.at({"wuhan"}).offers) offer.free_cards = 0;
  EXPECT_EQ(why_not(spec), Reason::capacity_short);
  EXPECT_TRUE(price(spec, key(), false));
}

TEST_F(PricingTest, AVoucherPaysItsShareFlooredToFenAndALastRemainderWhatItCan) {
  world_.ok(ProgrammeDefined{testing::by_socket(), testing::programme_definition()});
  EntitlementIssued issue;
  issue.amount = yuan(2'000);
  issue.by = testing::by_ann();
  issue.holder = acme_;
  issue.programme = testing::programme_definition().programme;
  issue.programme_version = testing::programme_definition().version;
  issue.valid_from = world_.now;
  issue.valid_until = {world_.now.ms + 30 * ms_per_day};
  world_.ok(issue);
  EntitlementId const voucher{world_.last_sequence()};
  JobSpec const spec = testing::job_spec();
  auto const plain = price(spec, key());
  auto const paid = price(spec, key(voucher));
  ASSERT_TRUE(plain);
  ASSERT_TRUE(paid) << code(paid.error());
  EXPECT_GT(paid->allocation.rate_bp, 0);
  EXPECT_EQ(paid->estimate_subsidy, apply_rate(paid->allocation.estimate, paid->allocation.rate_bp, Rounding::floor_fen));
  EXPECT_EQ(paid->estimate_net.micro_yuan, plain->estimate_net.micro_yuan - paid->estimate_subsidy.micro_yuan);

  // Nearly spent: what is left is paid, and no more.
  world_.state.books[{BookKind::entitlement_free, std::to_string(voucher.value)}] = Money{20'000};
  auto const last = price(spec, key(voucher));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->estimate_subsidy, Money{20'000});
  EXPECT_EQ(last->allocation.hold_subsidy, Money{20'000});
  world_.state.books[{BookKind::entitlement_free, std::to_string(voucher.value)}] = Money{0};
  auto const spent = price(spec, key(voucher));
  ASSERT_FALSE(spent);
  EXPECT_EQ(spent.error(), Reason::entitlement_exhausted);

  // Somebody else's voucher is no bid at all.
  static std::vector<Reach> const reachable;
  TenantName const other{"other"};
  auto const foreign = price_bid(LiveMarket(world_.state, world_.now), {spec, other, reachable}, key(voucher), true);
  ASSERT_FALSE(foreign);
}

TEST_F(PricingTest, NeverFitsOnlyWhenNoClusterCouldEver) {
  static std::vector<Reach> const reachable;
  JobSpec spec = testing::job_spec();
  EXPECT_TRUE(never_fits(*world_.state.catalogue, {spec, acme_, reachable}).empty());
  spec.gang.cards = 65;
  auto const reasons = never_fits(*world_.state.catalogue, {spec, acme_, reachable});
  ASSERT_EQ(reasons.size(), world_.state.catalogue->clusters.size());
  EXPECT_EQ(reasons[0].second, Reason::gang_too_large);
}

TEST_F(PricingTest, AClusterThatDeclinedIsLeftAloneForLongerEachTime) {
  JobSpec spec = testing::job_spec();
  spec.max_attempts = 5;
  JobId const job = world_.submit(spec);
  std::int64_t wait_ms = 10'000;
  for (int times = 0; times < 3; ++times) {
    AttemptId const attempt = world_.place(job);
    world_.ok(DispatchIntended{attempt});
    world_.ok(AttemptRefused{attempt, std::nullopt, Reason::dispatch_refused});
    auto const bid = price_bid(LiveMarket(world_.state, {world_.now.ms + wait_ms - 1}), view_of(world_.job(job)), key(), false);
    ASSERT_FALSE(bid);
    EXPECT_EQ(bid.error(), Reason::dispatch_refused);
    world_.pass(wait_ms);
    world_.observe();
    EXPECT_TRUE(price_bid(LiveMarket(world_.state, world_.now), view_of(world_.job(job)), key(), true));
    wait_ms *= 2;
  }
}

}  // namespace
}  // namespace sluice::policy
