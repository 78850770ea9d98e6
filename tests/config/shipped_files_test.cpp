// The files in config/ load, say what their sources say, and leave open what these leave open.
#include "config/effective.hpp"
#include "config/load.hpp"
#include "config/reference.hpp"
#include "policy/time.hpp"
#include "tests/config/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <set>

namespace sluice::config {
namespace {

namespace fs = std::filesystem;
using policy::yuan;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

fs::path const folder = fs::path(SLUICE_SOURCE_DIR) / "config";

std::string read(fs::path const& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Loaded const& shipped() {
  static Loaded const loaded = load(folder);
  return loaded;
}
Loaded const& demo() {
  static Loaded const loaded = load(folder / "demo");
  return loaded;
}

std::vector<std::string> names(Catalogue const& catalogue) {
  std::vector<std::string> all;
  for (ClusterEntry const& entry : catalogue.clusters) all.push_back(entry.definition.cluster.text);
  return all;
}

ProgrammeEntry const& programme(std::string const& name) {
  ProgrammeEntry const* entry = shipped().configuration->catalogue.programme({name});
  if (entry == nullptr) throw std::runtime_error("there is no programme " + name);
  return *entry;
}

class Shipped : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(shipped().configuration) << to_text(shipped().report);
    ASSERT_TRUE(demo().configuration) << to_text(demo().report);
  }
};

TEST_F(Shipped, HasEightClusters) {
  auto const eight = ElementsAre("chongqing", "guian", "guiyang", "horinger", "qingyang", "tianfu", "wuhan", "zhongwei");
  EXPECT_THAT(names(shipped().configuration->catalogue), eight);
  EXPECT_THAT(names(demo().configuration->catalogue), eight);
}

TEST_F(Shipped, WuhanIsNoHub) {
  EXPECT_EQ(shipped().configuration->catalogue.cluster({"wuhan"})->connection.edwc_hub, "");
  for (char const* hub : {"qingyang", "guian", "horinger", "zhongwei", "tianfu", "chongqing"}) {
    EXPECT_NE(shipped().configuration->catalogue.cluster({hub})->connection.edwc_hub, "") << hub;
  }
}

TEST_F(Shipped, SharesNoRegionByMistake) {
  std::map<std::string, std::int32_t> const regions = {{"wuhan", 420100},  {"qingyang", 621000}, {"guiyang", 520100},
                                                       {"guian", 520000},  {"horinger", 150123}, {"zhongwei", 640500},
                                                       {"tianfu", 510100}, {"chongqing", 500000}};
  for (auto const& [name, code] : regions) {
    EXPECT_EQ(shipped().configuration->catalogue.cluster({name})->definition.region.code, code) << name;
    EXPECT_EQ(demo().configuration->catalogue.cluster({name})->definition.region.code, code) << name;
  }
}

TEST_F(Shipped, StatesNoPriceAndNoTermsOfAccess) {
  for (ClusterEntry const& entry : shipped().configuration->catalogue.clusters) {
    EXPECT_EQ(entry.definition.access, policy::AccessTerms{}) << entry.path;
    for (policy::Tariff const& tariff : entry.definition.tariffs) EXPECT_FALSE(tariff.price_per_card_hour) << entry.path;
  }
}

TEST_F(Shipped, DemoIsIllustrativeOnLoopbackAndModest) {
  std::set<std::string> types;
  for (ClusterEntry const& entry : demo().configuration->catalogue.clusters) {
    EXPECT_TRUE(entry.connection.site.allow_loopback) << entry.path;
    EXPECT_TRUE(entry.connection.site.base_url.starts_with("http://127.0.0.1:")) << entry.path;
    EXPECT_EQ(entry.connection.protocol, "centre");
    for (HardwareRow const& hardware : entry.file.hardware) {
      EXPECT_EQ(hardware.status, SourceStatus::illustrative);
      EXPECT_GE(hardware.cards, 16) << entry.path;
      EXPECT_LE(hardware.cards, 512) << entry.path;
      types.insert(hardware.type.text);
    }
    for (TariffRow const& tariff : entry.file.tariffs) EXPECT_EQ(tariff.status, SourceStatus::illustrative);
  }
  EXPECT_THAT(types, testing::IsSupersetOf({"A100", "H800", "Ascend910B"}));
  std::size_t active = 0;
  for (ProgrammeEntry const& entry : demo().configuration->catalogue.programmes) active += entry.definition.active ? 1U : 0U;
  EXPECT_EQ(active, 3U);
}

TEST_F(Shipped, QingyangAsPublished) {
  policy::ProgrammeDefinition const& qingyang = programme("qingyang-2024").definition;
  EXPECT_EQ(qingyang.rates.size(), 1U);
  EXPECT_EQ(qingyang.rates.at(0).rate_bp, 3'000);
  EXPECT_EQ(qingyang.cap, yuan(2'000'000));
  EXPECT_EQ(qingyang.purse, yuan(100'000'000));
  EXPECT_EQ(qingyang.valid_days, 365);
  EXPECT_EQ(qingyang.flow, policy::Flow::deduct_at_use);
  EXPECT_EQ(qingyang.clusters, std::vector<policy::ClusterName>{{"qingyang"}});
  // The floor of 5,000 yuan is of the subsidy: 30 % of 16,666.67.
  EXPECT_EQ(policy::format_yuan(qingyang.floor.value()), "16666.67");
  EXPECT_EQ(policy::format_rfc3339(qingyang.effective_from.value()), "2024-02-29T16:00:00.000Z") << "midnight in Shanghai";
  EXPECT_THAT(qingyang.unset, ElementsAre("base_tax")) << "the one figure that no excerpt states";
  EXPECT_FALSE(qingyang.active);
}

TEST_F(Shipped, ShanghaiHasThreePursesOfAThousandMillion) {
  EXPECT_EQ(programme("shanghai-2025-compute").definition.purse, yuan(600'000'000));
  EXPECT_EQ(programme("shanghai-2025-model").definition.purse, yuan(300'000'000));
  EXPECT_EQ(programme("shanghai-2025-corpus").definition.purse, yuan(100'000'000));
  EXPECT_EQ(programme("shanghai-2025-compute").header.purse_total, yuan(1'000'000'000));
  // The whole cost only with the district's share: nobody can judge that at allocation, so it keeps the programme inactive.
  policy::ProgrammeDefinition const& compute = programme("shanghai-2025-compute").definition;
  EXPECT_EQ(compute.rates.size(), 1U);
  EXPECT_EQ(compute.rates.at(0).rate_bp, 3'000);
  EXPECT_THAT(compute.unset, Contains("rate.district_cofunded"));
}

TEST_F(Shipped, PublishedFiguresAreInTheirFiles) {
  EXPECT_EQ(programme("beijing-2023").definition.rates.at(0).rate_bp, 2'000);
  EXPECT_EQ(programme("beijing-2023").definition.cap, yuan(2'000'000));
  EXPECT_EQ(programme("beijing-2023").rules.provider.non_affiliated, true);
  EXPECT_EQ(programme("shenzhen-2024-training").definition.rates.at(0).rate_bp, 6'000);
  EXPECT_EQ(programme("shenzhen-2024-training").definition.rates.at(0).applicant, policy::ApplicantClass::startup);
  EXPECT_EQ(programme("shenzhen-2024-training").definition.rates.at(1).rate_bp, 5'000);
  EXPECT_EQ(programme("shenzhen-2024-training").definition.purse, yuan(500'000'000));
  EXPECT_EQ(programme("hangzhou-2024").definition.rates.at(0).origin, policy::HardwareOrigin::domestic);
  EXPECT_EQ(programme("hangzhou-2024").definition.cap, yuan(8'000'000));
  EXPECT_EQ(programme("guizhou-2026").definition.purse, yuan(140'000'000));
  EXPECT_EQ(programme("wuhan-opc-2026-fee").definition.cap, yuan(200'000));
  EXPECT_EQ(programme("wuhan-opc-2026-in-kind").rules.in_kind_card_hours, 2'000);
  EXPECT_EQ(programme("henan-2025").rules.funding.size(), 2U);
  EXPECT_EQ(programme("wuhu-2025-compute").definition.cap, yuan(20'000'000));
  EXPECT_EQ(programme("langfang").definition.purse, yuan(10'000'000));
}

TEST_F(Shipped, UnknownFiguresAreUnsetAndNeverZero) {
  for (char const* name : {"wuhan-2025", "yangzhou-2024", "chongqing-2025"}) {
    policy::ProgrammeDefinition const& definition = programme(name).definition;
    EXPECT_FALSE(definition.active) << name;
    EXPECT_THAT(definition.rates, IsEmpty()) << name;
    EXPECT_FALSE(definition.cap) << name;
    EXPECT_FALSE(definition.purse) << name;
    EXPECT_THAT(definition.unset, testing::IsSupersetOf({"cap", "purse", "rate"})) << name;
  }
  for (ProgrammeEntry const& entry : shipped().configuration->catalogue.programmes) {
    EXPECT_FALSE(entry.definition.active) << entry.path << ": no published excerpt states the tax basis";
    EXPECT_THAT(entry.definition.unset, Not(IsEmpty()));
    for (auto const& amount : {entry.definition.cap, entry.definition.floor, entry.definition.purse})
      EXPECT_NE(amount, yuan(0)) << entry.path;
  }
}

TEST_F(Shipped, InactiveProgrammesAreListed) {
  std::size_t notes = 0;
  for (Diagnostic const& diagnostic : shipped().report.diagnostics) {
    notes += diagnostic.text.find("stays inactive") != std::string::npos ? 1U : 0U;
  }
  EXPECT_EQ(notes, shipped().configuration->catalogue.programmes.size());
}

TEST_F(Shipped, EquivalenceFollowsFromTheTable) {
  std::map<std::string, double> ppm;
  for (EquivalenceRange const& row : shipped().configuration->catalogue.equivalence_file.rows) {
    ppm[row.type.text] = row.throughput_ppm;
    EXPECT_LE(row.throughput_ppm_low.value_or(row.throughput_ppm), row.throughput_ppm);
    EXPECT_TRUE(row.type == shipped().configuration->catalogue.equivalence.reference || row.status == SourceStatus::illustrative);
  }
  EXPECT_NEAR(ppm.at("H100") / ppm.at("Ascend910B"), 5.15, 0.005);
  EXPECT_NEAR(ppm.at("H100") / ppm.at("MLU370-S4"), 22.1, 0.05);
  EXPECT_FALSE(ppm.contains("H800")) << "no row was found: absent rather than invented";
  EXPECT_EQ(read(folder / "equivalence.toml"), read(folder / "demo/equivalence.toml"));
}

TEST_F(Shipped, ScenarioIsNotLoadedUnlessAskedFor) {
  EXPECT_FALSE(shipped().configuration->catalogue.cluster({"guiyang"})->definition.access.minimum_annual_spend);
  Loaded const with_scenario = load(folder, {.scenario = "seed-000"});
  ASSERT_TRUE(with_scenario.configuration) << to_text(with_scenario.report);
  Catalogue const& catalogue = with_scenario.configuration->catalogue;
  EXPECT_EQ(catalogue.cluster({"guiyang"})->definition.access.minimum_annual_spend, yuan(100'000));
  EXPECT_EQ(catalogue.cluster({"wuhan"})->definition.access.minimum_annual_spend, yuan(200'000));
  EXPECT_EQ(catalogue.cluster({"qingyang"})->definition.access.minimum_annual_spend, yuan(500'000));
  EXPECT_EQ(catalogue.cluster({"qingyang"})->definition.access.approval_days_max, 42);
  EXPECT_EQ(catalogue.cluster({"tianfu"})->definition.access, policy::AccessTerms{});
}

TEST(Reference, IsCurrent) {
  fs::path const path = folder / "REFERENCE.md";
  if (::getenv("SLUICE_UPDATE") != nullptr) std::ofstream(path, std::ios::binary) << reference_markdown();
  EXPECT_EQ(read(path), reference_markdown()) << "run this test once with SLUICE_UPDATE=1 and look at the difference";
}

// The effective configuration is made of whole files: written out and loaded again it says the same.
TEST_F(Shipped, EffectiveConfigurationLoadsToTheSame) {
  std::string text = effective_config(*shipped().configuration);
  TemporaryFolder const copy;
  std::size_t files = 0;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find("\n# ", 1), text.size());  // a remark within a file begins with "##"
    std::string file = text.substr(0, end);
    std::string const name = file.substr(file.find("# ") + 2, file.find('\n', 2) - file.find("# ") - 2);
    if (name.ends_with(".toml")) {
      copy.write(name, file);
      ++files;
    }
    text.erase(0, end);
  }
  EXPECT_EQ(
      files, 10 + [] {
        std::set<std::string> ids;
        for (ProgrammeEntry const& entry : shipped().configuration->catalogue.programmes) ids.insert(entry.header.id.text);
        return ids.size();
      }());
  Loaded const again = load(copy.path());
  ASSERT_TRUE(again.configuration) << to_text(again.report);
  EXPECT_THAT(changed_settings(shipped().configuration->daemon, again.configuration->daemon), IsEmpty());
  Catalogue const& before = shipped().configuration->catalogue;
  Catalogue const& after = again.configuration->catalogue;
  EXPECT_EQ(before.market, after.market);
  EXPECT_EQ(before.equivalence, after.equivalence);
  ASSERT_EQ(before.clusters.size(), after.clusters.size());
  ASSERT_EQ(before.programmes.size(), after.programmes.size());
  for (std::size_t row = 0; row < before.clusters.size(); ++row) EXPECT_EQ(before.clusters[row].definition, after.clusters[row].definition);
  for (std::size_t row = 0; row < before.programmes.size(); ++row) {
    EXPECT_EQ(before.programmes[row].definition, after.programmes[row].definition) << before.programmes[row].path;
  }
  EXPECT_EQ(effective_config(*again.configuration), effective_config(*shipped().configuration));
}

}  // namespace
}  // namespace sluice::config
