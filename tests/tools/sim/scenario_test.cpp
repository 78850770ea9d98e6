// Scenario files, the sentences of trouble, and the words of a job's command.
#include "tools/sim/scenario.hpp"

#include "tools/sim/fault.hpp"
#include "tools/sim/job_words.hpp"
#include "tools/sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sluice::sim {
namespace {

using ::testing::HasSubstr;

TEST(Scenarios, AreReadWhole) {
  auto const scenario = parse_scenario(R"(
clock = "manual"
compression = 60
origin = "2026-11-22T00:00:00Z"
script = ["at 12s: qingyang disappears for 30s"]
[[centre]]
name = "qingyang"
queues = false
accounts = {acme = "token-1"}
[[centre.pool]]
accelerator = "A100"
cards = 8
background = [[0, 2], [60, 4]]
list_yuan = [[0, "12.50"], [3600, "13.00"]]
[[centre.programme]]
name = "qingyang-2024"
rate_bp = 5000
purse_yuan = "1000.00"
)",
                                       "s.toml");
  ASSERT_TRUE(scenario.has_value()) << scenario.error();
  EXPECT_TRUE(scenario->manual_clock);
  EXPECT_EQ(scenario->compression, 60);
  ASSERT_EQ(scenario->centres.size(), 1u);
  PoolScenario const& pool = scenario->centres[0].pools.at(0);
  EXPECT_EQ(value_at(pool.background, 59'999), 2);
  EXPECT_EQ(value_at(pool.background, 60'000), 4);
  EXPECT_EQ(value_at(pool.list_price, 3'600'000)->micro_yuan, 13'000'000);
  EXPECT_EQ(value_at(pool.voucher_price, 0), std::nullopt);
  EXPECT_EQ(scenario->centres[0].programmes.at(0).purse.micro_yuan, 1'000'000'000);
}

TEST(Scenarios, ErrorsSayWhere) {
  auto const error = [](char const* text) { return parse_scenario(text, "s.toml").error(); };
  EXPECT_THAT(error("clock = \n"), HasSubstr("s.toml:1:"));
  EXPECT_THAT(error("\ncompresion = 2\n[[centre]]\nname='a'"), HasSubstr("s.toml:2:"));
  EXPECT_THAT(error("compression = 0\n[[centre]]\nname='a'"), HasSubstr("compression: must be an integer from 1"));
  EXPECT_THAT(error(""), HasSubstr("at least one [[centre]]"));
  EXPECT_THAT(error("[[centre]]\nname = 'Big'"), HasSubstr("name: must be"));
  EXPECT_THAT(error("[[centre]]\nname = 'control'"), HasSubstr("name: must be"));
  EXPECT_THAT(error("[[centre]]\nname = 'a'\n[[centre]]\nname = 'a'"), HasSubstr("twice"));
  EXPECT_THAT(error("[[centre]]\nname='a'\n[[centre.pool]]\naccelerator='A'\nlist_yuan=[[0, 12.5]]"), HasSubstr("s.toml:5:"));
  EXPECT_THAT(error("[[centre]]\nname='a'\n[[centre.pool]]\naccelerator='A'\nbackground=[[5, 1], [5, 2]]"), HasSubstr("in order of time"));
}

TEST(Scenarios, TheCheckedInOnesAreSound) {
  int read = 0;
  for (auto const& entry : std::filesystem::directory_iterator(SLUICE_SIM_SCENARIOS)) {
    if (entry.path().extension() != ".toml") continue;
    auto scenario = load_scenario(entry.path().string());
    ASSERT_TRUE(scenario.has_value()) << scenario.error();
    auto const world = World::make(std::move(*scenario));
    EXPECT_TRUE(world.has_value()) << world.error();
    ++read;
  }
  EXPECT_GE(read, 1);
}

TEST(TroubleSentences, AreUnderstood) {
  auto const line = parse_script_line("at 12s: qingyang disappears for 30s");
  ASSERT_TRUE(line.has_value()) << line.error();
  EXPECT_EQ(line->at, 12'000);
  EXPECT_EQ(line->line.centre, "qingyang");
  EXPECT_EQ(name_of(line->line.trouble), "disappears");
  EXPECT_EQ(line->line.lasts, 30'000);
  EXPECT_EQ(parse_trouble("all slow 3s 2 times for 1m")->argument_ms, 3'000);
  EXPECT_EQ(parse_trouble("all slow 3s 2 times for 1m")->times, 2);
  EXPECT_EQ(parse_trouble("a comes back")->trouble, Trouble::back);
  for (auto const* bad : {"", "a", "a sulks", "a slow", "a fails for", "a fails for ever", "a fails 0 times", "a fails 2", "a fails now"}) {
    EXPECT_FALSE(parse_trouble(bad).has_value()) << bad;
  }
  for (auto const* bad : {"a fails", "at 12: a fails", "at 12s a fails", "after 12s: a fails"})
    EXPECT_FALSE(parse_script_line(bad).has_value()) << bad;
}

TEST(JobWordsTest, SayWhatAJobWillDo) {
  JobWords const words = read_job_words({"bash", "train.sh", "sim:seconds=90", "sim:exit=3", "sim:preempted=30", "sim:ignores_stop"});
  EXPECT_EQ(words.seconds, 90);
  EXPECT_EQ(words.exit_code, 3);
  EXPECT_EQ(words.preempted_s, 30);
  EXPECT_TRUE(words.ignores_stop);
  EXPECT_EQ(read_job_words({"sleep", "5"}).seconds, 5);
  EXPECT_EQ(read_job_words({"false"}).exit_code, 1);
  EXPECT_EQ(read_job_words({"sim:seconds=-1", "sim:seconds=", "sim:"}).seconds, std::nullopt);
}

}  // namespace
}  // namespace sluice::sim
