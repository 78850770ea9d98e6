// Files against state: what differs becomes events, in an order that can be applied, and nothing else does.
#include "config/catalogue_diff.hpp"

#include "config/effective.hpp"
#include "config/load.hpp"
#include "policy/apply.hpp"
#include "tests/config/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using policy::ClusterStatus;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

policy::By const by{{"broker"}, std::nullopt, policy::Role::broker};

/// What the state would hold after the events.
CatalogueView applied(CatalogueView view, std::vector<policy::Event> const& events) {
  for (policy::Event const& event : events) {
    if (auto const* cluster = std::get_if<policy::ClusterDefined>(&event))
      view.clusters[cluster->definition.cluster].definition = cluster->definition;
    if (auto const* status = std::get_if<policy::ClusterStatusSet>(&event)) {
      view.clusters.at(status->cluster).status = status->status;
      view.clusters.at(status->cluster).remove_when_empty = status->remove_when_empty;
    }
    if (auto const* programme = std::get_if<policy::ProgrammeDefined>(&event))
      view.programmes[programme->definition.programme] = programme->definition;
    if (auto const* table = std::get_if<policy::EquivalenceSet>(&event)) view.equivalence = table->table;
    if (auto const* rules = std::get_if<policy::MarketRulesSet>(&event)) view.market_rules = rules->rules;
    if (auto const* delay = std::get_if<policy::DisclosureDelaySet>(&event)) view.disclosure_delay_days = delay->delay_days;
  }
  return view;
}

std::vector<std::string_view> types(std::vector<policy::Event> const& events) {
  std::vector<std::string_view> all;
  for (policy::Event const& event : events) all.push_back(policy::type_of(event));
  return all;
}

class Diff : public testing::Test {
 protected:
  void SetUp() override {
    write_valid(folder);
    view = applied({}, events());
  }

  Catalogue catalogue() {
    Loaded loaded = load(folder.path());
    EXPECT_TRUE(loaded.configuration) << to_text(loaded.report);
    return loaded.configuration.value().catalogue;
  }
  std::vector<policy::Event> events() {
    auto found = diff(catalogue(), view, by);
    EXPECT_TRUE(found) << (found ? "" : to_text(found.error().front()));
    return found.value();
  }
  std::string refusal() {
    auto const found = diff(catalogue(), view, by);
    if (found) return "";
    EXPECT_THAT(found.error(), SizeIs(1));
    return to_text(found.error().front()).substr(folder.path().string().size() + 1);
  }

  TemporaryFolder folder;
  CatalogueView view;
};

TEST_F(Diff, FirstStartDefinesEverythingInOrder) {
  view = {};
  std::vector<policy::Event> const all = events();
  EXPECT_THAT(types(all),
              ElementsAre("market_rules.set/1", "disclosure.delay_set/1", "equivalence.set/1", "cluster.defined/1", "programme.defined/1"));
  EXPECT_EQ(std::get<policy::ClusterDefined>(all.at(3)).by, by);
}

TEST_F(Diff, NothingChangedIsNothing) { EXPECT_THAT(events(), IsEmpty()); }

TEST_F(Diff, SettingsOutsideTheLogAreNoEvents) {
  folder.write("sluice.toml", valid_main + "[listen]\nport = 9000\n");
  folder.write("clusters/qingyang.toml", with(valid_cluster, "https://centre.example", "https://other.example"));
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Diff, MarketRules) {
  folder.write("sluice.toml", valid_main + "[market]\nfee_bp = 150\n");
  std::vector<policy::Event> const changed = events();
  ASSERT_THAT(types(changed), ElementsAre("market_rules.set/1"));
  EXPECT_EQ(std::get<policy::MarketRulesSet>(changed.front()).rules.fee_bp, 150);
}

TEST_F(Diff, DisclosureDelay) {
  folder.write("sluice.toml", with(valid_main, "[log]\n", "[log]\ndisclosure_delay_days = 7\n"));
  std::vector<policy::Event> const changed = events();
  ASSERT_THAT(types(changed), ElementsAre("disclosure.delay_set/1"));
  EXPECT_EQ(std::get<policy::DisclosureDelaySet>(changed.front()).delay_days, 7);
}

TEST_F(Diff, ClusterChanged) {
  folder.write("clusters/qingyang.toml", with(valid_cluster, "cards = 64", "cards = 128"));
  std::vector<policy::Event> const changed = events();
  ASSERT_THAT(types(changed), ElementsAre("cluster.defined/1"));
  EXPECT_EQ(std::get<policy::ClusterDefined>(changed.front()).definition.hardware.at(0).cards, 128);
  view = applied(view, changed);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Diff, RemovedClusterDrainsOnceAndComesBack) {
  folder.remove("clusters/qingyang.toml");
  folder.remove("programmes/voucher.toml");
  std::vector<policy::Event> const removed = events();
  ASSERT_THAT(types(removed), ElementsAre("programme.defined/1", "cluster.status_set/1"));
  auto const& withdrawn = std::get<policy::ProgrammeDefined>(removed.at(0)).definition;
  EXPECT_FALSE(withdrawn.active);
  EXPECT_EQ(withdrawn.version, 2);
  EXPECT_THAT(withdrawn.unset, ElementsAre("file"));
  auto const& status = std::get<policy::ClusterStatusSet>(removed.at(1));
  EXPECT_EQ(status.status, ClusterStatus::draining);
  EXPECT_TRUE(status.remove_when_empty);

  view = applied(view, removed);
  EXPECT_THAT(events(), IsEmpty()) << "said once";

  folder.write("clusters/qingyang.toml", valid_cluster);
  std::vector<policy::Event> const back = events();
  ASSERT_THAT(types(back), ElementsAre("cluster.defined/1")) << "a definition takes the removal back";

  folder.write("programmes/voucher.toml", valid_programme);
  EXPECT_THAT(refusal(), testing::HasSubstr("set version = 3 or higher"));
}

TEST_F(Diff, AStatusThatAPersonSetStays) {
  for (ClusterStatus const status : {ClusterStatus::cordoned, ClusterStatus::draining, ClusterStatus::quarantined}) {
    view.clusters.at({"qingyang"}).status = status;
    EXPECT_THAT(events(), IsEmpty());
  }
}

// What is found must be what the state machine takes, event by event: a refusal in the middle would leave the rest undone.
TEST_F(Diff, EveryDifferenceCanBeApplied) {
  policy::State state;
  policy::Timestamp const at{1'800'000'000'000};
  auto const apply = [&](policy::Event const& event) {
    auto const applied = policy::apply(state, at, event);
    ASSERT_TRUE(applied) << policy::type_of(event) << ": " << applied.error().where;
  };
  apply(policy::Genesis{.origin = "test.example/log"});
  apply(policy::EngineActivated{.rules_version = 1});
  auto const follow = [&] {
    CatalogueView now;
    for (auto const& [name, cluster] : state.catalogue->clusters)
      now.clusters.emplace(name, ClusterInForce{cluster.definition, cluster.status, cluster.remove_when_empty});
    for (auto const& [name, version] : state.catalogue->programme_in_force)
      now.programmes.emplace(name, state.catalogue->programmes.at({name, version}));
    now.equivalence = state.catalogue->equivalence;
    now.market_rules = state.catalogue->market;
    now.disclosure_delay_days = state.governance.disclosure_delay_days;
    auto const found = diff(catalogue(), now, by);
    ASSERT_TRUE(found) << to_text(found.error().front());
    for (policy::Event const& event : *found) apply(event);
  };
  auto const status = [&] { return state.catalogue->clusters.at({"qingyang"}).status; };
  follow();
  EXPECT_EQ(status(), ClusterStatus::open);
  state.card_use[{{"qingyang"}, {"A100"}}].live_cards = 8;  // not empty, so that it drains rather than leaves at once

  folder.remove("clusters/qingyang.toml");
  folder.remove("programmes/voucher.toml");
  follow();
  EXPECT_EQ(status(), ClusterStatus::draining);
  folder.write("clusters/qingyang.toml", with(valid_cluster, "cards = 64", "cards = 128"));
  follow();
  EXPECT_EQ(status(), ClusterStatus::open) << "back, and changed meanwhile";

  // Quarantined clusters are a person's to touch: neither removal nor return may stop a start or a reload.
  state.catalogue->clusters.at({"qingyang"}).status = ClusterStatus::quarantined;
  folder.remove("clusters/qingyang.toml");
  follow();
  EXPECT_EQ(status(), ClusterStatus::quarantined);
  folder.write("clusters/qingyang.toml", valid_cluster);
  follow();
  EXPECT_EQ(status(), ClusterStatus::quarantined);
}

TEST_F(Diff, RulesChangeOnlyWithAHigherVersion) {
  folder.write("programmes/voucher.toml", with(valid_programme, "max_bp = 3000", "max_bp = 4000"));
  EXPECT_EQ(
      refusal(),
      "programmes/voucher.toml:1:1: programme.version: voucher: differs from version 1 in force; set version = 2 or higher, so that old "
      "contracts keep the old rule");
  folder.write("programmes/voucher.toml",
               with(with(valid_programme, "max_bp = 3000", "max_bp = 4000"), "id = \"voucher\"", "id = \"voucher\"\nversion = 2"));
  ASSERT_THAT(types(events()), ElementsAre("programme.defined/1"));
  EXPECT_EQ(std::get<policy::ProgrammeDefined>(events().front()).definition.version, 2);
}

TEST_F(Diff, TariffsChangeOnlyWithAHigherVersion) {
  folder.write("clusters/qingyang.toml", with(valid_cluster, "[[tariff]]\n", "[[tariff]]\nincrement_ms = 60000\n"));
  EXPECT_EQ(
      refusal(),
      "clusters/qingyang.toml:19:1: tariff[0].version: differs from version 1 in force; set version = 2 or higher, so that old contracts "
      "keep the old rule");
  folder.write("clusters/qingyang.toml", with(valid_cluster, "[[tariff]]\n", "[[tariff]]\nincrement_ms = 60000\nversion = 2\n"));
  EXPECT_THAT(types(events()), ElementsAre("cluster.defined/1"));
}

TEST_F(Diff, EquivalenceChangesOnlyWithAHigherVersion) {
  std::string const changed = with(valid_equivalence, "source = \"test\"", "source = \"measured\"");
  folder.write("equivalence.toml", changed);
  EXPECT_FALSE(diff(catalogue(), view, by));
  folder.write("equivalence.toml", "version = 2\n" + changed);
  EXPECT_THAT(types(events()), ElementsAre("equivalence.set/1"));
}

TEST_F(Diff, AllThatIsRefusedIsSaidAtOnce) {
  folder.write("equivalence.toml", with(valid_equivalence, "source = \"test\"", "source = \"measured\""));
  folder.write("programmes/voucher.toml", with(valid_programme, "max_bp = 3000", "max_bp = 4000"));
  folder.write("clusters/qingyang.toml", with(valid_cluster, "[[tariff]]\n", "[[tariff]]\nincrement_ms = 60000\n"));
  EXPECT_THAT(diff(catalogue(), view, by).error(), SizeIs(3));
}

TEST(ChangedSettings, NamesThem) {
  DaemonConfig before;
  DaemonConfig after = before;
  EXPECT_THAT(changed_settings(before, after), IsEmpty());
  after.listen.port = 1;
  after.rounds.effort = 7;
  EXPECT_THAT(changed_settings(before, after), ElementsAre("listen.port", "rounds.effort"));
}

TEST(FileOf, FindsCredentials) {
  KeysConfig keys;
  EXPECT_EQ(file_of(keys, "", "/etc/x.pem").value(), "/etc/x.pem");
  EXPECT_EQ(file_of(keys, "/run/credentials/sluiced", "credential:tls_key").value(), "/run/credentials/sluiced/tls_key");
  EXPECT_FALSE(file_of(keys, "", "credential:tls_key"));
  keys.directory = "/keys";
  EXPECT_EQ(file_of(keys, "/run/credentials/sluiced", "credential:tls_key").value(), "/keys/tls_key");
}

}  // namespace
}  // namespace sluice::config
