// Golden figures: each follows from the numbers stated in its test, computed by hand.
#include "policy/economics.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

Money cents(std::int64_t amount) { return {amount * 10'000}; }
std::int64_t discount_bp(Money list, Money cash) {
  return effective_discount_bp(list, {.cash = cash, .unused_commitment = {}, .administration = {}, .delay = {}});
}

TEST(PriceTable, ATaggedTokenPriceIsNinetyFivePerCentOff) {
  EXPECT_EQ(discount_bp({2'000}, {100}), 9'500);  // 0.002 and 0.0001 per token
}

TEST(PriceTable, MillionTokenPricesAndWholeRunsReproduce) {
  struct Row {
    Money list, net, run_list, run_net;
    std::int64_t tokens;
  };
  for (auto const& [list, net, run_list, run_net, tokens] : {Row{cents(600), cents(30), yuan(1'200'000), yuan(60'000), 200'000'000'000},
                                                             Row{cents(20), cents(1), yuan(4'000), yuan(200), 20'000'000'000},
                                                             Row{cents(10), Money{5'000}, yuan(500), yuan(25), 5'000'000'000}}) {
    EXPECT_EQ(implied_tokens(run_list, list), tokens);
    EXPECT_EQ(token_cost(list, tokens, Rounding::half_up_fen), run_list);
    EXPECT_EQ(token_cost(net, tokens, Rounding::half_up_fen), run_net);
    EXPECT_EQ(discount_bp(list, net), 9'500);
    EXPECT_EQ(discount_bp(run_list, run_net), 9'500);
  }
}

TEST(EffectiveDiscount, CountsWhatAdministrationEatsUp) {
  auto const with = [](Money administration) {
    return effective_discount_bp(yuan(4'000), {.cash = yuan(200), .unused_commitment = {}, .administration = administration, .delay = {}});
  };
  EXPECT_EQ(with(yuan(3'800)), 0);
  EXPECT_EQ(with(yuan(3'000)), 2'000);
  EXPECT_EQ(with({}), 9'500);
}

// 500,000 yuan were stated as 70,000 dollars; a subsidised run costs 200 dollars, 1,428.571428… yuan.
constexpr ExchangeRate stated_rate{yuan(500'000), yuan(70'000)};
constexpr Money run_price = yuan(200);

TEST(MinimumSpend, PooledRunsClearItExactlyWhenTheTotalIsRoundedOnce) {
  auto const total = [](std::int64_t runs) {
    return spend_of_runs(run_price, runs, stated_rate, RoundingPoint::total, Rounding::half_up_fen);
  };
  EXPECT_EQ(total(1), cents(142'857));
  EXPECT_EQ(total(70), yuan(100'000));
  EXPECT_EQ(shortfall_of(yuan(100'000), *total(70)), Money{0});
  EXPECT_EQ(shortfall_of(yuan(100'000), *total(60)), cents(1'428'571));
  EXPECT_EQ(runs_to_clear(yuan(500'000), run_price, stated_rate), 350);
  EXPECT_EQ(runs_to_clear(yuan(200'000), run_price, stated_rate), 140);
  EXPECT_EQ(runs_to_clear(yuan(100'000), run_price, stated_rate), 70);
}

TEST(MinimumSpend, RoundingEachRunMissesItByTenFen) {
  auto const spent = spend_of_runs(run_price, 70, stated_rate, RoundingPoint::each_run, Rounding::half_up_fen);
  EXPECT_EQ(spent, cents(9'999'990));
  EXPECT_EQ(shortfall_of(yuan(100'000), *spent), cents(10));
}

TEST(MinimumSpend, AloneItIsFarDearerThanTheListPrice) {
  auto const list = spend_of_runs(yuan(4'000), 1, stated_rate, RoundingPoint::total, Rounding::half_up_fen);
  ASSERT_EQ(list, cents(2'857'143));
  Money const cash = *spend_of_runs(run_price, 1, stated_rate, RoundingPoint::total, Rounding::half_up_fen);
  FullCost const alone{.cash = cash, .unused_commitment = shortfall_of(yuan(100'000), cash), .administration = {}, .delay = {}};
  EXPECT_EQ(effective_discount_bp(*list, alone), -25'000);
}

TEST(MinimumSpend, OverflowIsAnErrorNotABill) {
  EXPECT_EQ(spend_of_runs(money_max, INT64_MAX, stated_rate, RoundingPoint::total, Rounding::half_up_fen), std::nullopt);
  EXPECT_EQ(spend_of_runs(money_max, INT64_MAX, stated_rate, RoundingPoint::each_run, Rounding::half_up_fen), std::nullopt);
}

TEST(Equivalence, FollowsPeakTimesUtilisationInTheMiddleOfItsRange) {
  std::int64_t const h100 = effective_milli(1'979'000, 5'000);
  std::int64_t const ascend = effective_milli(640'000, 3'000);
  std::int64_t const mlu = effective_milli(256'000, 1'750);
  EXPECT_EQ(h100, 989'500);
  EXPECT_EQ(ascend, 192'000);
  EXPECT_EQ(mlu, 44'800);
  EXPECT_EQ(equivalent_cards_centi(h100, ascend), 515);
  EXPECT_EQ(equivalent_cards_centi(h100, mlu), 2'209);
  EXPECT_LT(10'000 * ascend, 4'000 * h100);
  EXPECT_EQ(break_even_cards(10'000, ascend, h100), 1'940);
}

TEST(Fairness, TheDistributionTableGivesItsIndices) {
  std::vector<ClassShare> const by_revenue{{78, 65}, {15, 20}, {7, 15}};
  EXPECT_EQ(representation_e4(by_revenue, 0), 12'000);
  EXPECT_EQ(representation_e4(by_revenue, 1), 7'500);
  EXPECT_EQ(representation_e4(by_revenue, 2), 4'667);
  EXPECT_EQ(jain_e4(by_revenue), 8'768);
  EXPECT_EQ(gini_e4(by_revenue), 1'385);
  EXPECT_EQ(share_to_move_e4(by_revenue), 1'300);
  std::vector<ClassShare> const by_patents{{78, 72}, {15, 18}, {7, 10}};
  EXPECT_EQ(representation_e4(by_patents, 0), 10'833);
  EXPECT_EQ(representation_e4(by_patents, 1), 8'333);
  EXPECT_EQ(representation_e4(by_patents, 2), 7'000);
}

TEST(Fairness, EqualTreatmentIsOneAndZeroAtAnyScale) {
  std::vector<ClassShare> const equal{{650'000'000, 65}, {200'000'000, 20}, {150'000'000, 15}};
  EXPECT_EQ(jain_e4(equal), 10'000);
  EXPECT_EQ(gini_e4(equal), 0);
  EXPECT_EQ(share_to_move_e4(equal), 0);
  std::vector<ClassShare> const nothing{{0, 1}, {0, 1}};
  EXPECT_EQ(jain_e4(nothing), 0);
}

}  // namespace
}  // namespace sluice::policy
