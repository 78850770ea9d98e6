// The day's scenario is one that the simulator takes, and its troubles name centres that exist.
#include "tools/day/scenario.hpp"

#include "tools/day/places.hpp"
#include "tools/sim/scenario.hpp"
#include "tools/sim/world.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice::day {
namespace {

constexpr char const* base = SLUICE_ROOT "/tools/sim/scenarios/demo.toml";

TEST(DayScenario, TheSimulatorTakesIt) {
  auto const text = day_scenario(base, 360);
  ASSERT_TRUE(text) << text.error();
  auto scenario = sim::parse_scenario(*text, "day.toml");
  ASSERT_TRUE(scenario) << scenario.error();
  EXPECT_EQ(scenario->compression, 360);
  EXPECT_EQ(scenario->script.size(), 7U);
  for (sim::CentreScenario const& centre : scenario->centres)
    for (sim::PoolScenario const& pool : centre.pools) {
      EXPECT_EQ(pool.list_price.size(), 6U) << centre.name << ' ' << pool.accelerator;
      EXPECT_GT(pool.list_price[2].value, pool.list_price[0].value) << "dearer by day";
      for (auto const& step : pool.background) EXPECT_LT(step.value, pool.cards);
    }
  auto const world = sim::World::make(std::move(*scenario));
  EXPECT_TRUE(world) << world.error();
}

TEST(DayScenario, CoversEveryClusterOfTheDemo) {
  auto const places = read_places(SLUICE_ROOT "/config/demo");
  ASSERT_TRUE(places) << places.error();
  EXPECT_EQ(places->size(), 8U);
  auto const scenario = sim::parse_scenario(day_scenario(base, 360).value(), "day.toml");
  ASSERT_TRUE(scenario);
  std::set<std::string> centres;
  for (sim::CentreScenario const& centre : scenario->centres) centres.insert(centre.name);
  for (Place const& place : *places) {
    EXPECT_TRUE(centres.contains(place.cluster)) << place.cluster;
    EXPECT_FALSE(place.credential.empty()) << place.cluster;
    EXPECT_FALSE(place.chinese.empty()) << place.cluster;
  }
}

TEST(DayScenario, AMissingFileIsNamed) {
  auto const text = day_scenario("/nowhere/at-all.toml", 360);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().find("/nowhere/at-all.toml"), std::string::npos);
}

}  // namespace
}  // namespace sluice::day
