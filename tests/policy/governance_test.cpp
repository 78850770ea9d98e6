// Order of entries, people and their authority, clusters and offers.
#include "policy/lot.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

TEST(Order, GenesisComesFirstAndTheRulesSecondAndNeitherAgain) {
  State state;
  Timestamp const at = world_start;
  EXPECT_EQ(apply(state, at, EngineActivated{1}).error().reason, Reason::out_of_order);
  EXPECT_EQ(apply(state, at, Genesis{""}).error().reason, Reason::malformed);
  ASSERT_TRUE(apply(state, at, Genesis{"sluice.example/log"}));
  EXPECT_EQ(apply(state, at, Genesis{"sluice.example/log"}).error().reason, Reason::out_of_order);
  EXPECT_EQ(apply(state, at, RoundOpened{{1}}).error().reason, Reason::out_of_order);
  EXPECT_EQ(apply(state, at, EngineActivated{2}).error().reason, Reason::wrong_rules_version);
  ASSERT_TRUE(apply(state, at, EngineActivated{1}));
  EXPECT_EQ(apply(state, at, EngineActivated{1}).error().reason, Reason::already_exists);
  EXPECT_EQ(state.governance.sequence, 2u);
}

TEST(Order, TimeNeverGoesBack) {
  World world;
  world.now.ms -= 1;
  EXPECT_EQ(world.refused(RoundOpened{{1}}), Reason::time_went_back);
  world.now.ms += 1;
  world.ok(RoundOpened{{1}});
  world.now.ms = -1;
  State fresh;
  EXPECT_EQ(apply(fresh, {-1}, Genesis{"x"}).error().reason, Reason::malformed);
}

TEST(Order, WhatIsForcedComesBeforeAnythingElseAndOnlyThen) {
  World world;
  EXPECT_EQ(world.refused(OffersExpired{{"wuhan"}}), Reason::out_of_order);
  world.pass(ms_per_hour);
  EXPECT_EQ(apply(world.state, world.now, RoundOpened{{1}}).error().reason, Reason::forced_event_pending);
  ASSERT_TRUE(apply(world.state, world.now, OffersExpired{{"wuhan"}}));
  EXPECT_TRUE(world.state.offers.at({"wuhan"}).stale);
  EXPECT_EQ(sellable_cards(world.state, {"wuhan"}, {"A100"}), std::nullopt);
  ASSERT_TRUE(apply(world.state, world.now, RoundOpened{{1}}));
}

TEST(Order, ADigestIsOfAnEntryThatIsThere) {
  World world;
  world.ok(StateDigested{digest(world.state), world.last_sequence()});
  EXPECT_EQ(world.refused(StateDigested{{}, world.state.governance.sequence}), Reason::out_of_order);
}

TEST(Lot, ADayOpensOnceAndClosesWithTheSecretPromised) {
  World world;
  std::int64_t const today = shanghai_day(world.now);
  EXPECT_EQ(world.refused(LotDayClosed{today, sha256("another")}), Reason::malformed);
  EXPECT_EQ(world.refused(LotDayClosed{today - 1, sha256("secret")}), Reason::out_of_order);
  world.ok(LotDayClosed{today, sha256("secret")});
  EXPECT_EQ(world.refused(LotDayOpened{today, lot_secret_hash(sha256("x"))}), Reason::already_exists);
  EXPECT_EQ(world.refused(LotDayOpened{today + 1, {}}), Reason::out_of_order);
  JobAccepted job;
  job.spec = job_spec();
  job.tenant = {"acme"};
  EXPECT_EQ(world.refused(job), Reason::out_of_order) << "no job without a promised secret";
  world.pass(ms_per_day);
  world.ok(LotDayOpened{today + 1, lot_secret_hash(sha256("x"))});
  world.ok(job);
}

TEST(Governance, StoppingIsForTheBrokerTooGoingOnIsForPeople) {
  World world;
  By const broker = by("broker", Role::broker);
  world.ok(RoundsPaused{broker});
  EXPECT_EQ(world.refused(RoundsPaused{broker}), Reason::already_exists);
  EXPECT_EQ(world.refused(RoundOpened{{1}}), Reason::rounds_paused);
  EXPECT_EQ(world.refused(RoundsResumed{broker}), Reason::not_permitted);
  world.ok(RoundsResumed{by_ann()});
  world.ok(DispatchFrozen{broker});
  EXPECT_EQ(world.refused(DispatchResumed{broker}), Reason::not_permitted);
  EXPECT_EQ(world.refused(DispatchResumed{by("eve", Role::auditor)}), Reason::not_permitted);
  AttemptId const attempt = world.place(world.submit(job_spec()));
  EXPECT_EQ(world.refused(DispatchIntended{attempt}), Reason::dispatch_frozen);
  world.ok(DispatchResumed{by_socket()});
  world.ok(DispatchIntended{attempt});
  world.ok(ClockStepAccepted{by_ann(), -70'000});
  world.ok(DisclosureDelaySet{by_ann(), 365});
  EXPECT_EQ(world.refused(DisclosureDelaySet{by_ann(), 366}), Reason::malformed);
  MarketRules rules;
  rules.fee_bp = 10'001;
  EXPECT_EQ(world.refused(MarketRulesSet{by_ann(), rules}), Reason::malformed);
}

TEST(Authority, ARoleNeedsAKeyThatIsNotRevoked) {
  World world;
  EXPECT_EQ(world.refused(RoundsPaused{by("mallory", Role::operator_)}), Reason::not_permitted);
  EXPECT_EQ(world.refused(RoundsPaused{by("ann", Role::local_admin)}), Reason::not_permitted);
  EXPECT_EQ(world.refused(RoundsPaused{by("bob", Role::operator_)}), Reason::not_permitted);
  EXPECT_EQ(world.refused(KeyRevoked{by("eve", Role::auditor), {"k-ann"}}), Reason::not_permitted);
  world.ok(KeyRevoked{by_ann(), {"k-ann"}});
  EXPECT_EQ(world.refused(KeyRevoked{by_socket(), {"k-ann"}}), Reason::key_revoked);
  EXPECT_EQ(world.refused(RoundsPaused{by_ann()}), Reason::not_permitted);
  EXPECT_EQ(world.refused(KeyRevoked{by_socket(), {"k-none"}}), Reason::unknown_key);
}

TEST(Authority, NobodyGivesThemselvesAnothersName) {
  World world;
  EXPECT_EQ(world.refused(key("k-2", "bob", Role::approver, by_ann())), Reason::not_permitted);
  world.ok(key("k-2", "bob", Role::approver, by_socket()));
  EXPECT_EQ(world.refused(key("k-2", "carl", Role::auditor, by_ann())), Reason::already_exists);
  EXPECT_EQ(world.refused(key("k-3", "socket", Role::operator_, by_ann())), Reason::malformed);
  EXPECT_EQ(world.refused(key("k-3", "carl", Role::broker, by_socket())), Reason::malformed);
  EXPECT_EQ(world.refused(key("k-3", "carl", Role::tenant, by_ann())), Reason::malformed) << "a tenant's key names its tenant";
  EXPECT_EQ(world.refused(key("k-3", "carl", Role::tenant, by_ann(), "nobody")), Reason::unknown_tenant);
  world.ok(key("k-3", "carl", Role::tenant, by_ann(), "acme"));
  EXPECT_EQ(world.refused(key("k-4", "carl", Role::operator_, by_ann())), Reason::not_permitted) << "carl acts for a tenant";
  auto expired = key("k-5", "dora", Role::auditor, by_ann());
  expired.expires_at = world.now;
  EXPECT_EQ(world.refused(expired), Reason::malformed);
}

TEST(Tenants, AreRegisteredOnceSuspendedAndErasedWhenEmpty) {
  World world;
  TenantRegistered again;
  again.by = by_ann();
  again.tenant = {"acme"};
  again.region = {420'100};
  EXPECT_EQ(world.refused(again), Reason::already_exists);
  again.tenant = {"other"};
  again.region = {42};
  EXPECT_EQ(world.refused(again), Reason::malformed);
  JobId const job = world.submit(job_spec());
  world.ok(TenantStatusSet{by_ann(), TenantStatus::suspended, {"acme"}});
  JobAccepted more;
  more.spec = job_spec();
  more.tenant = {"acme"};
  EXPECT_EQ(world.refused(more), Reason::tenant_suspended);
  EXPECT_EQ(world.refused(TenantStatusSet{by_ann(), TenantStatus::erased, {"acme"}}), Reason::out_of_order);
  world.ok(JobCancelled{by_ann(), job});
  world.ok(TenantStatusSet{by_ann(), TenantStatus::erased, {"acme"}});
  EXPECT_EQ(world.refused(TenantStatusSet{by_ann(), TenantStatus::active, {"acme"}}), Reason::tenant_suspended);
  EXPECT_EQ(world.refused(TenantStatusSet{by_ann(), TenantStatus::active, {"nobody"}}), Reason::unknown_tenant);
}

TEST(Accounts, AndQuotasNameWhatExists) {
  World world;
  EXPECT_EQ(world.refused(AccountClosed{{999}, by_ann()}), Reason::unknown_account);
  world.ok(AccountClosed{world.account, by_ann()});
  EXPECT_EQ(world.refused(AccountClosed{world.account, by_ann()}), Reason::already_exists);
  AccountOpened account;
  account.by = by_ann();
  account.cluster = {"nowhere"};
  account.credential = {"c"};
  EXPECT_EQ(world.refused(account), Reason::unknown_cluster);
  EXPECT_EQ(world.refused(QuotaSet{by_ann(), -1, {"wuhan"}, {"acme"}}), Reason::malformed);
  EXPECT_EQ(world.refused(QuotaSet{by_ann(), 1, {"wuhan"}, {"nobody"}}), Reason::unknown_tenant);
  world.ok(QuotaSet{by_ann(), 8, {"wuhan"}, {"acme"}});
  world.ok(QuotaSet{by_ann(), std::nullopt, {"wuhan"}, {"acme"}});
  EXPECT_TRUE(world.state.catalogue->quotas.empty());
}

TEST(Clusters, AChangedTariffNeedsAHigherVersion) {
  World world;
  auto definition = cluster_definition("wuhan");
  definition.tariffs[0].increment_ms = 60'000;
  EXPECT_EQ(world.refused(ClusterDefined{by_ann(), definition}), Reason::malformed);
  definition.tariffs[0].version = 2;
  world.ok(ClusterDefined{by_ann(), definition});
  definition.hardware[1].type = {"A100"};
  EXPECT_EQ(world.refused(ClusterDefined{by_ann(), definition}), Reason::malformed);
  EXPECT_EQ(world.where(), "definition.hardware: 1 to 64 rows, sorted by type, each type once");
}

TEST(Clusters, ARemovedOneLeavesWhenItsLastAttemptHasEnded) {
  World world;
  AttemptId const attempt = world.run(world.submit(job_spec()));
  world.ok(QuotaSet{by_ann(), 64, {"wuhan"}, {"acme"}});
  world.ok(ClusterStatusSet{by("broker", Role::broker), {"wuhan"}, true, ClusterStatus::draining});
  EXPECT_TRUE(world.state.catalogue->clusters.contains({"wuhan"}));
  EXPECT_EQ(world.refused(ClusterRemoved{{"wuhan"}}), Reason::out_of_order);
  world.end(attempt, Outcome::succeeded, 8 * ms_per_hour);
  EXPECT_FALSE(world.state.catalogue->clusters.contains({"wuhan"}));
  EXPECT_TRUE(world.state.offers.empty());
  EXPECT_TRUE(world.state.card_use.empty());
  EXPECT_TRUE(world.state.catalogue->quotas.empty());
  EXPECT_TRUE(world.state.catalogue->accounts.at(world.account).closed);
  EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), yuan(96)) << "what is owed outlives the cluster";
}

TEST(Clusters, AFileThatComesBackInTimeKeepsItsCluster) {
  World world;
  world.run(world.submit(job_spec()));
  world.ok(ClusterStatusSet{by_ann(), {"wuhan"}, true, ClusterStatus::draining});
  world.ok(ClusterDefined{by_ann(), cluster_definition("wuhan")});
  EXPECT_EQ(world.state.catalogue->clusters.at({"wuhan"}).status, ClusterStatus::open);
}

Offer a100(std::int32_t free, std::int32_t total, std::int32_t counted) {
  Offer offer;
  offer.counted_cards = counted;
  offer.free_cards = free;
  offer.price_per_card_hour = yuan(12);
  offer.total_cards = total;
  offer.type = {"A100"};
  return offer;
}

OffersObserved seen(World const& world, std::vector<Offer> offers) {
  OffersObserved observed;
  observed.as_of = world.now;
  observed.cluster = {"wuhan"};
  observed.offers = std::move(offers);
  observed.valid_until = {world.now.ms + ms_per_hour};
  return observed;
}

TEST(Offers, AreNeverUsedStaleBackwardsOrFree) {
  World world;
  world.pass(10'000);
  auto late = seen(world, {});
  late.as_of.ms -= 20'000;
  EXPECT_EQ(world.refused(late), Reason::out_of_order);
  auto future = seen(world, {});
  future.as_of.ms += 1;
  EXPECT_EQ(world.refused(future), Reason::malformed);
  auto old = seen(world, {});
  old.valid_until = world.now;
  EXPECT_EQ(world.refused(old), Reason::offer_stale);
  auto free_of_charge = seen(world, {a100(1, 64, 0)});
  free_of_charge.offers[0].price_per_card_hour = Money{0};
  EXPECT_EQ(world.refused(free_of_charge), Reason::malformed);
  EXPECT_EQ(world.refused(seen(world, {a100(1, 64, 0), a100(1, 64, 0)})), Reason::malformed);
  EXPECT_EQ(world.refused(seen(world, {a100(1, 64, 1)})), Reason::malformed) << "nothing of ours can be counted";
  auto elsewhere = seen(world, {});
  elsewhere.cluster = {"nowhere"};
  EXPECT_EQ(world.refused(elsewhere), Reason::unknown_cluster);
  world.ok(seen(world, {}));
  EXPECT_EQ(sellable_cards(world.state, {"wuhan"}, {"A100"}), std::nullopt);
}

TEST(Offers, ACardIsNeitherSoldTwiceNorFreedBeforeTheSiteSaysSo) {
  World world;
  auto const sellable = [&] { return sellable_cards(world.state, {"wuhan"}, {"A100"}); };
  EXPECT_EQ(sellable(), 64);
  world.pass(1'000);
  AttemptId const first = world.run(world.submit(job_spec()));
  EXPECT_EQ(sellable(), 56) << "live and not counted by the site yet";
  world.pass(1'000);
  world.ok(seen(world, {a100(60, 64, 0)}));  // somebody else took four; ours not shown yet
  EXPECT_EQ(sellable(), 52);
  world.pass(1'000);
  world.ok(seen(world, {a100(52, 64, 8)}));  // now the site's figure leaves ours out
  EXPECT_EQ(sellable(), 52);
  world.pass(1'000);
  world.end(first, Outcome::succeeded, 8 * ms_per_hour);
  EXPECT_EQ(sellable(), 52) << "ended here, still shown as used there";
  world.pass(1'000);
  world.ok(seen(world, {a100(60, 64, 0)}));
  EXPECT_EQ(sellable(), 60);
  // Allocated after the last look and ended before the next: the site never counted it, so its cards are free again at once.
  world.pass(1'000);
  JobId const job = world.submit(job_spec());
  world.place(job);
  EXPECT_EQ(sellable(), 52);
  world.ok(JobCancelled{by_ann(), job});
  EXPECT_EQ(sellable(), 60);
}

TEST(Offers, ACountedAttemptThatEndsDoesNotHideOneThatWasNotCounted) {
  World world;
  world.pass(1'000);
  AttemptId const counted = world.run(world.submit(job_spec()));
  world.pass(1'000);
  world.ok(seen(world, {a100(56, 64, 8)}));
  world.pass(1'000);
  world.run(world.submit(job_spec()));  // the site's figure does not know of it
  EXPECT_EQ(sellable_cards(world.state, {"wuhan"}, {"A100"}), 48);
  world.end(counted, Outcome::succeeded, 8 * ms_per_hour);
  EXPECT_EQ(sellable_cards(world.state, {"wuhan"}, {"A100"}), 48) << "56 free there, of which the second attempt takes 8";
}

TEST(Offers, WhatCannotBeTrueQuarantinesTheCluster) {
  World world;
  auto const status = [&] { return world.state.catalogue->clusters.at({"wuhan"}).status; };
  world.pass(1'000);
  world.ok(seen(world, {a100(65, 64, 0)}));
  EXPECT_EQ(status(), ClusterStatus::quarantined);
  EXPECT_EQ(world.refused(ClusterStatusSet{by_ann(), {"wuhan"}, false, ClusterStatus::open}), Reason::cluster_quarantined);
  world.ok(seen(world, {a100(64, 64, 0)}));
  EXPECT_EQ(status(), ClusterStatus::quarantined) << "a person lifts it";
  EXPECT_EQ(world.refused(ClusterStatusSet{by("broker", Role::broker), {"wuhan"}, false, ClusterStatus::open}), Reason::not_permitted);
  world.ok(ClusterStatusSet{by_ann(), {"wuhan"}, false, ClusterStatus::open});
  world.run(world.submit(job_spec()));
  world.ok(seen(world, {a100(0, 4, 0)}));
  EXPECT_EQ(status(), ClusterStatus::quarantined) << "eight of ours are live on four cards";
}

TEST(Equivalence, TablesHaveASourceAndGrowInVersion) {
  World world;
  EquivalenceTable table{{"A100"}, {{{"cann"}, 600'000, {"Ascend910B"}}}, "", 1};
  EXPECT_EQ(world.refused(EquivalenceSet{by_ann(), table}), Reason::malformed);
  table.source = "measured by the operator";
  world.ok(EquivalenceSet{by_ann(), table});
  EXPECT_EQ(world.refused(EquivalenceSet{by_ann(), table}), Reason::malformed);
  table.version = 2;
  world.ok(EquivalenceSet{by_ann(), table});
}

}  // namespace
}  // namespace sluice::policy
