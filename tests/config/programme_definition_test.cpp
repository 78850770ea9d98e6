// What the log learns of a track, and what keeps it inactive.
#include "config/programme_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using policy::yuan;
using testing::ElementsAre;
using testing::IsEmpty;

ProgrammeHeader header() {
  ProgrammeHeader header;
  header.id = {"x-2024"};
  header.version = 3;
  header.effective_from = policy::Timestamp{1};
  return header;
}

ProgrammeRules complete() {
  ProgrammeRules track;
  track.flow = policy::Flow::deduct_at_use;
  track.rate = {{{}, 3'000, std::nullopt}};
  track.base_tax = TaxBasis::included;
  track.cap = yuan(2'000'000);
  track.cap_period = policy::CapPeriod::validity;
  track.purse = yuan(100'000'000);
  track.valid_days = 365;
  track.clusters = std::vector<policy::ClusterName>{{"b"}, {"a"}};
  return track;
}

std::vector<std::string> unset(ProgrammeRules const& track) {
  policy::ProgrammeDefinition const definition = definition_of(header(), track);
  EXPECT_EQ(definition.active, definition.unset.empty());
  return definition.unset;
}

TEST(Definition, CompleteIsActive) {
  policy::ProgrammeDefinition const definition = definition_of(header(), complete());
  EXPECT_TRUE(definition.active);
  EXPECT_EQ(definition.programme.text, "x-2024");
  EXPECT_EQ(definition.version, 3);
  EXPECT_EQ(definition.rates, (std::vector<policy::RateRow>{{std::nullopt, std::nullopt, 3'000}}));
  EXPECT_THAT(definition.clusters, ElementsAre(policy::ClusterName{"a"}, policy::ClusterName{"b"}));
}

TEST(Definition, NamesWhatIsUnset) {
  EXPECT_THAT(definition_of(ProgrammeHeader{}, ProgrammeRules{}).unset,
              ElementsAre("base_tax", "cap", "clusters", "effective_from", "flow", "purse", "rate", "valid_days"));
  ProgrammeRules track = complete();
  track.cap_period.reset();
  EXPECT_THAT(unset(track), ElementsAre("cap_period"));
  track.cap.reset();
  EXPECT_THAT(unset(track), ElementsAre("cap"));
  track.uncapped = true;
  EXPECT_THAT(unset(track), IsEmpty()) << "the rule itself says that there is no cap";
}

TEST(Definition, NamesWhatCannotBeHonoured) {
  ProgrammeRules track = complete();
  track.flow = policy::Flow::reimburse;
  track.kind = VoucherKind::corpus;
  EXPECT_THAT(unset(track), ElementsAre("flow.reimburse", "kind.corpus"));
  track = complete();
  track.flow = policy::Flow::billing_tag;
  EXPECT_THAT(unset(track), IsEmpty());
}

TEST(Definition, ConditionsThatNobodyCanJudgeAreNeverDropped) {
  ProgrammeRules track = complete();
  RateRule registered{{}, 9'000, std::nullopt};
  registered.when.model_registered = true;
  track.rate.insert(track.rate.begin(), registered);
  policy::ProgrammeDefinition const definition = definition_of(header(), track);
  EXPECT_FALSE(definition.active);
  EXPECT_THAT(definition.unset, ElementsAre("rate.model_registered"));
  for (policy::RateRow const& row : definition.rates) EXPECT_NE(row.rate_bp, 9'000);
}

TEST(Definition, RentIsWhatTheBrokerDoes) {
  ProgrammeRules track = complete();
  RateRule built{{}, 1'000, std::nullopt};
  built.when.expense = Expense::self_built;
  RateRule rented{{}, 3'000, std::nullopt};
  rented.when.expense = Expense::rent;
  rented.when.applicant_class = policy::ApplicantClass::startup;
  track.rate = {built, rented};
  policy::ProgrammeDefinition const definition = definition_of(header(), track);
  EXPECT_TRUE(definition.active);
  EXPECT_EQ(definition.rates, (std::vector<policy::RateRow>{{policy::ApplicantClass::startup, std::nullopt, 3'000}}));
}

TEST(Definition, FloorOfTheSubsidyBecomesTheLeastOrder) {
  ProgrammeRules track = complete();
  track.floor = yuan(5'000);
  EXPECT_THAT(unset(track), ElementsAre("floor_of"));
  track.floor_of = FloorOf::order;
  EXPECT_EQ(definition_of(header(), track).floor, yuan(5'000));
  track.floor_of = FloorOf::subsidy;
  policy::Money const least = definition_of(header(), track).floor.value();
  EXPECT_EQ(policy::format_yuan(least), "16666.67");
  EXPECT_GE(policy::apply_rate(least, 3'000, policy::Rounding::floor_fen), yuan(5'000));
  policy::Money const less{least.micro_yuan - policy::micro_yuan_per_fen};
  EXPECT_LT(policy::apply_rate(less, 3'000, policy::Rounding::floor_fen), yuan(5'000));
  track.rate.push_back({{}, 2'000, std::nullopt});
  EXPECT_THAT(unset(track), ElementsAre("floor")) << "with several rates there is no one order";
}

TEST(Definition, NamesTracks) {
  ProgrammeRules track;
  track.name = "model";
  EXPECT_EQ(programme_name(header(), track).text, "x-2024-model");
}

}  // namespace
}  // namespace sluice::config
