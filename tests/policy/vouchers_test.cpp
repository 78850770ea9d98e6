// What vouchers pay: floors, purses, remainders, the rules they were issued under, and the two flows.
#include "policy/pricing.hpp"
#include "policy/subsidy.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

class VoucherTest : public ::testing::Test {
 protected:
  EntitlementId issue(ProgrammeDefinition const& programme, Money amount) {
    world_.ok(ProgrammeDefined{by_ann(), programme});
    return issue_under(programme, amount);
  }
  EntitlementId issue_under(ProgrammeDefinition const& programme, Money amount) {
    world_.ok(voucher(programme, amount));
    return {world_.last_sequence()};
  }
  EntitlementIssued voucher(ProgrammeDefinition const& programme, Money amount) {
    return {amount, by_ann(), {}, {"acme"}, programme.programme, programme.version, world_.now, {world_.now.ms + 30 * ms_per_day}};
  }
  std::expected<PricedBid, Reason> price(JobSpec const& spec, EntitlementId voucher, std::string const& tenant = "acme") {
    static std::vector<Reach> const reachable;
    TenantName const name{tenant};
    return price_bid(LiveMarket(world_.state, world_.now), {spec, name, reachable}, {{"wuhan"}, {"A100"}, 0, world_.account, voucher},
                     true);
  }
  /// One A100 price, with what the site says of the programme's purse.
  void observe(Money price, std::optional<Money> remaining = std::nullopt) {
    OffersObserved observed;
    observed.as_of = world_.now;
    observed.cluster = {"wuhan"};
    Offer offer;
    offer.free_cards = offer.total_cards = 64;
    offer.price_per_card_hour = price;
    offer.type = {"A100"};
    observed.offers = {offer};
    if (remaining) observed.terms = {{.programme = {"wuhan-2026"}, .rate_bp = std::nullopt, .remaining_purse = remaining}};
    observed.valid_until = {world_.now.ms + ms_per_hour};
    world_.ok(observed);
  }
  World world_;
};

TEST_F(VoucherTest, BelowTheProgrammesFloorThereIsNone) {
  auto programme = programme_definition();
  programme.floor = Money{yuan(96).micro_yuan + 1};
  EntitlementId const above = issue(programme, yuan(100));
  EXPECT_EQ(price(job_spec(), above).error(), Reason::below_programme_floor) << "the order is worth 96 yuan";
  programme.version = 2;
  programme.floor = yuan(96);
  EntitlementId const at = issue(programme, yuan(100));
  EXPECT_TRUE(price(job_spec(), at));
}

TEST_F(VoucherTest, NoMoreIsIssuedThanThePurseHolds) {
  auto programme = programme_definition();
  programme.cap.reset();
  programme.purse = yuan(100);
  world_.ok(ProgrammeDefined{by_ann(), programme});
  EXPECT_EQ(world_.refused(voucher(programme, {yuan(100).micro_yuan + 1})), Reason::insufficient_purse);
  world_.ok(voucher(programme, yuan(60)));
  world_.ok(voucher(programme, yuan(40)));
  EXPECT_EQ(world_.refused(voucher(programme, {1})), Reason::insufficient_purse);
}

TEST_F(VoucherTest, OnlyItsHoldersJobsDrawOnIt) {
  TenantRegistered other;
  other.by = by_ann();
  other.region = {420'100};
  other.tenant = {"other"};
  world_.ok(other);
  world_.ok(DepositReceived{yuan(1'000), by_ann(), {}, {"other"}});
  EntitlementId const id = issue(programme_definition(), yuan(100));
  EXPECT_TRUE(price(job_spec(), id));
  EXPECT_EQ(price(job_spec(), id, "other").error(), Reason::entitlement_of_another_holder);
}

TEST_F(VoucherTest, KeepTheRulesTheyWereIssuedUnder) {
  auto programme = programme_definition();
  EntitlementId const old = issue(programme, yuan(300));
  programme.version = 2;
  programme.rates = {{.applicant = std::nullopt, .origin = std::nullopt, .rate_bp = 500}};
  programme.rounding = Rounding::floor_micro;
  EntitlementId const fresh = issue(programme, yuan(300));
  programme.version = 3;
  programme.active = false;  // the scheme has ended: nothing more is issued
  world_.ok(ProgrammeDefined{by_ann(), programme});
  AttemptId const first = world_.run(world_.submit(job_spec()), "wuhan", "A100", old);
  AttemptId const second = world_.run(world_.submit(job_spec()), "wuhan", "A100", fresh);
  EXPECT_EQ(world_.attempt(first).allocation.rate_bp, 2'000);
  EXPECT_EQ(world_.attempt(first).allocation.programme_version, 1);
  EXPECT_EQ(world_.attempt(second).allocation.rate_bp, 500);
  EXPECT_EQ(world_.attempt(second).allocation.programme_version, 2);
  // 8 cards × 1,001 s × 12 / 3,600 = 26.69333… → 26.69: 20 % floored to fen, 5 % to micro-yuan.
  world_.end(first, Outcome::succeeded, 8 * 1'001'000);
  EXPECT_EQ(world_.settled.back().subsidy, Money{5'330'000});
  world_.end(second, Outcome::succeeded, 8 * 1'001'000);
  EXPECT_EQ(world_.settled.back().subsidy, Money{1'334'500});
}

TEST_F(VoucherTest, WhereTheSiteSaysLessIsLeftThatCounts) {
  EntitlementId const id = issue(programme_definition(), yuan(500));
  world_.pass(1'000);
  observe(yuan(12), yuan(10));
  EXPECT_EQ(price(job_spec(), id)->allocation.hold_subsidy, yuan(10)) << "a last remainder subsidises what it can";
  world_.pass(1'000);
  observe(yuan(12), Money{0});
  EXPECT_EQ(price(job_spec(), id).error(), Reason::purse_exhausted);
}

TEST_F(VoucherTest, WhatAttemptsHoldIsNotCountedAsLeftAtTheSite) {
  auto programme = programme_definition();
  EntitlementId const id = issue(programme, yuan(500));
  programme.version = 2;
  EntitlementId const later = issue(programme, yuan(500));
  world_.pass(1'000);
  observe(yuan(12), yuan(50));
  AttemptId const first = world_.run(world_.submit(job_spec()), "wuhan", "A100", id);
  EXPECT_EQ(world_.attempt(first).allocation.hold_subsidy, Money{38'400'000});
  EXPECT_EQ(price(job_spec(), later)->allocation.hold_subsidy, Money{11'600'000}) << "of the same purse, by another version";
  world_.pass(1'000);
  observe(yuan(12), yuan(50));  // whether the site has counted the first is not known
  EXPECT_EQ(price(job_spec(), later)->allocation.hold_subsidy, Money{11'600'000});
  AttemptId const second = world_.run(world_.submit(job_spec()), "wuhan", "A100", later);
  EXPECT_EQ(price(job_spec(), id).error(), Reason::purse_exhausted);
  world_.ok(AttemptLost{second, false});
  EXPECT_EQ(price(job_spec(), id).error(), Reason::purse_exhausted) << "what is disputed may still be drawn";
  world_.end(first, Outcome::cluster_fault, 1'000);
  EXPECT_EQ(price(job_spec(), id)->allocation.hold_subsidy, Money{38'400'000}) << "nothing was drawn";
}

TEST(Subsidies, NeverExceedTheCharge) {
  Charge const small{yuan(12), 1, Rounding::floor_micro, Money{3}};
  EXPECT_EQ(subsidy_of({Flow::deduct_at_use, 10'000, Rounding::ceil_fen}, small), Money{3}) << "rounded up it would be a whole fen";
  EXPECT_EQ(subsidy_of({Flow::billing_tag, 10'000, Rounding::ceil_fen}, small), Money{3});
  EXPECT_EQ(subsidy_of({Flow::deduct_at_use, 0, Rounding::ceil_fen}, small), Money{0});
  EXPECT_EQ(subsidy_of({Flow::billing_tag, 0, Rounding::ceil_fen}, small), Money{0});
}

TEST(Subsidies, ATagLowersTheUnitPriceADeductionTheBill) {
  // One card-hour at 0.01 yuan with 95 % off: the tagged price of 0.0005 is billed as nothing; of the bill of one fen 95 % are no whole
  // fen.
  Charge const charge{Money{10'000}, ms_per_hour, Rounding::half_up_fen, Money{10'000}};
  EXPECT_EQ(subsidy_of({Flow::billing_tag, 9'500, Rounding::floor_fen}, charge), Money{10'000});
  EXPECT_EQ(subsidy_of({Flow::deduct_at_use, 9'500, Rounding::floor_fen}, charge), Money{0});
  // 0.002 becomes 0.0001 exactly; a cut that is no whole micro-yuan is rounded down: 95 % of 0.000019 leaves 0.000001.
  EXPECT_EQ(subsidy_of({Flow::billing_tag, 9'500, Rounding::floor_fen}, {Money{2'000}, ms_per_hour, Rounding::floor_micro, Money{2'000}}),
            Money{1'900});
  EXPECT_EQ(subsidy_of({Flow::billing_tag, 9'500, Rounding::floor_fen}, {Money{19}, ms_per_hour, Rounding::floor_micro, Money{19}}),
            Money{18});
}

// The price table: runs listed at 1,200,000, 4,000 and 500 cost 60,000, 200 and 25 under a tag of 95 %.
TEST_F(VoucherTest, ATagOfNinetyFivePerCentReproducesThePriceTable) {
  auto programme = programme_definition();
  programme.flow = Flow::billing_tag;
  programme.cap.reset();
  programme.purse = yuan(5'000'000);
  programme.rates = {{.applicant = std::nullopt, .origin = std::nullopt, .rate_bp = 9'500}};
  EntitlementId const id = issue(programme, yuan(4'000'000));
  world_.ok(DepositReceived{yuan(100'000), by_ann(), {}, {"acme"}});
  for (auto const& [list, net] : {std::pair{1'200'000, 60'000}, std::pair{4'000, 200}, std::pair{500, 25}}) {
    world_.pass(1'000);
    observe(yuan(list / 2));
    JobSpec spec = job_spec();
    spec.gang.cards = 2;
    spec.work_card_ms = 2 * ms_per_hour;
    spec.max_runtime_ms = ms_per_hour;
    auto const bid = price(spec, id);
    ASSERT_TRUE(bid) << code(bid.error());
    EXPECT_EQ(bid->estimate_net, yuan(net)) << "what a quote shows";
    world_.end(world_.run(world_.submit(spec), "wuhan", "A100", id), Outcome::succeeded, 2 * ms_per_hour);
    EXPECT_EQ(world_.settled.back().gross, yuan(list));
    EXPECT_EQ(world_.settled.back().net, yuan(net));
    EXPECT_EQ(world_.settled.back().subsidy, yuan(list - net));
  }
}

// Whatever the flow, the rounding and the remainder: a run that ends anywhere within its limit is paid from its holds to the micro-yuan.
TEST(Subsidies, AHoldAtTheLimitCoversEveryShorterRun) {
  for (Flow const flow : {Flow::deduct_at_use, Flow::billing_tag})
    for (Rounding const tariff_rounding : {Rounding::half_up_fen, Rounding::floor_fen, Rounding::ceil_micro, Rounding::half_up_micro})
      for (std::int64_t const left : {0, 70'000, 5'000'000}) {
        World world;
        auto definition = cluster_definition("wuhan");
        definition.tariffs[0].rounding = tariff_rounding;
        definition.tariffs[0].version = 2;
        world.ok(ClusterDefined{by_ann(), definition});
        auto programme = programme_definition();
        programme.flow = flow;
        programme.rates = {{.applicant = std::nullopt, .origin = std::nullopt, .rate_bp = 3'333}};
        world.ok(ProgrammeDefined{by_ann(), programme});
        std::optional<EntitlementId> id;
        if (left > 0) {
          world.ok(EntitlementIssued{{left}, by_ann(), {}, {"acme"}, {"wuhan-2026"}, 1, world.now, {world.now.ms + ms_per_day}});
          id = {world.last_sequence()};
        }
        JobSpec spec = job_spec();
        spec.gang.cards = 3;
        spec.work_card_ms = 3 * 60'000;
        spec.max_runtime_ms = 600'000;
        for (std::int64_t const run_ms : {1'000, 61'000, 333'000, 599'000, 600'000}) {
          AttemptId const attempt = world.run(world.submit(spec), "wuhan", "A100", id);
          Allocation const granted = world.attempt(attempt).allocation;
          world.end(attempt, Outcome::succeeded, 3 * run_ms);
          AttemptSettled const& line = world.settled.back();
          EXPECT_EQ(line.loss, Money{0}) << "the operator had to help out";
          EXPECT_EQ(line.net.micro_yuan + line.subsidy.micro_yuan, line.gross.micro_yuan);
          EXPECT_LE(line.net, granted.hold_net);
          if (id && balance(world.state, entitlement_book(BookKind::entitlement_free, *id)).micro_yuan == 0) break;
        }
      }
}

}  // namespace
}  // namespace sluice::policy
