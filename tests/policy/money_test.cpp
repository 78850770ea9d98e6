// Every yuan: deposits, vouchers, holds, settlements and overrides, with figures computed by hand.
#include "policy/limits.hpp"
#include "policy/placing.hpp"
#include "policy/settlement.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

constexpr std::int64_t hour = ms_per_hour;
Money fen(std::int64_t amount) { return {amount * micro_yuan_per_fen}; }

EntitlementIssued voucher(World const& world, Money amount) {
  return {amount, by_ann(), {}, {"acme"}, {"wuhan-2026"}, 1, world.now, {world.now.ms + 90 * ms_per_day}};
}

EntitlementId issue(World& world, Money amount) {
  world.ok(voucher(world, amount));
  return {world.last_sequence()};
}

World with_programme() {
  World world;
  world.ok(ProgrammeDefined{by_ann(), programme_definition()});
  return world;
}

TEST(Deposits, ComeFromTheBankAndStayWithinTheBooks) {
  World world;
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000));
  EXPECT_EQ(world.book(BookKind::bank), yuan(-10'000));
  EXPECT_EQ(world.refused(DepositReceived{{0}, by_ann(), {}, {"acme"}}), Reason::amount_not_positive);
  EXPECT_EQ(world.refused(DepositReceived{money_max, by_ann(), {}, {"acme"}}), Reason::amount_overflow);
  EXPECT_EQ(world.refused(DepositReceived{yuan(1), by_ann(), {}, {"nobody"}}), Reason::unknown_tenant);
  EXPECT_EQ(world.refused(DepositReceived{yuan(1), by("eve", Role::auditor), {}, {"acme"}}), Reason::not_permitted);
}

TEST(Settlement, WithoutAVoucherTheTenantPaysMeteredUseAndTheFee) {
  World world;
  MarketRules rules;
  rules.fee_bp = 250;
  world.ok(MarketRulesSet{by_ann(), rules});
  AttemptId const attempt = world.run(world.submit(job_spec()));
  // Held for two hours on eight cards at 12 yuan: 192 and a fee of 4.80.
  EXPECT_EQ(world.attempt(attempt).allocation.hold_net, fen(19'680));
  EXPECT_EQ(world.book(BookKind::tenant_held, "acme"), fen(19'680));
  // 3,000.5 seconds per card are billed as 3,001: 8 × 3,001 s × 12 / 3,600 = 80.02666… → 80.03; fee 2.00075 → 2.00.
  world.end(attempt, Outcome::failed, 8 * 3'000'500);
  AttemptSettled const& line = world.settled.back();
  EXPECT_EQ(line.billed_card_ms, 8 * 3'001'000);
  EXPECT_EQ(line.gross, fen(8'003));
  EXPECT_EQ(line.net, fen(8'003));
  EXPECT_EQ(line.fee, fen(200));
  EXPECT_EQ(line.released, fen(19'680 - 8'003 - 200));
  EXPECT_EQ(line.liability, Liability::tenant);
  EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), fen(8'003));
  EXPECT_EQ(world.book(BookKind::operator_fee), fen(200));
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), fen(1'000'000 - 8'203));
  EXPECT_EQ(world.book(BookKind::tenant_held, "acme"), Money{0});
}

TEST(Settlement, AVoucherPaysItsShareFlooredToFen) {
  World world = with_programme();
  EntitlementId const id = issue(world, yuan(500));
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), yuan(4'500));
  AttemptId const attempt = world.run(world.submit(job_spec()), "wuhan", "A100", id);
  EXPECT_EQ(world.attempt(attempt).allocation.rate_bp, 2'000);
  EXPECT_EQ(world.attempt(attempt).allocation.hold_subsidy, fen(3'840));
  EXPECT_EQ(world.book(BookKind::entitlement_held, std::to_string(id.value)), fen(3'840));
  // 8 cards × 1,001 s × 12 / 3,600 = 26.69333… → 26.69; 20 % of it is 5.338 → 5.33.
  world.end(attempt, Outcome::succeeded, 8 * 1'001'000);
  AttemptSettled const& line = world.settled.back();
  EXPECT_EQ(line.gross, fen(2'669));
  EXPECT_EQ(line.subsidy, fen(533));
  EXPECT_EQ(line.net, fen(2'136));
  EXPECT_EQ(world.book(BookKind::centre_claim, "wuhan"), fen(533));
  EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), fen(2'136));
  EXPECT_EQ(world.book(BookKind::entitlement_free, std::to_string(id.value)), fen(50'000 - 533));
}

TEST(Settlement, HardwareOriginAndALowerQuoteSetTheRate) {
  World world = with_programme();
  EntitlementId const id = issue(world, yuan(500));
  world.run(world.submit(job_spec()), "wuhan", "Ascend910B", id);
  EXPECT_EQ(world.state.attempts.begin()->second.allocation.rate_bp, 3'000) << "domestic cards";
}

TEST(Settlement, ALastRemainderSubsidisesWhatItCan) {
  World world = with_programme();
  EntitlementId const id = issue(world, fen(1'000));
  AttemptId const attempt = world.run(world.submit(job_spec()), "wuhan", "A100", id);
  EXPECT_EQ(world.attempt(attempt).allocation.hold_subsidy, fen(1'000));
  world.end(attempt, Outcome::succeeded, 8 * hour);
  EXPECT_EQ(world.settled.back().subsidy, fen(1'000));
  EXPECT_EQ(world.settled.back().net, fen(9'600 - 1'000));
  EXPECT_EQ(world.book(BookKind::entitlement_free, std::to_string(id.value)), Money{0});
}

TEST(Settlement, UseBeyondTheLimitIsTheOperatorsLoss) {
  World world;
  AttemptId const attempt = world.run(world.submit(job_spec()));
  ASSERT_EQ(world.attempt(attempt).allocation.limit_ms, 2 * hour);
  world.end(attempt, Outcome::limit_reached, 8 * 3 * hour);
  AttemptSettled const& line = world.settled.back();
  EXPECT_EQ(line.gross, yuan(288));
  EXPECT_EQ(line.net, yuan(192));
  EXPECT_EQ(line.loss, yuan(96));
  EXPECT_EQ(line.billed_card_ms, 8 * 2 * hour);
  EXPECT_EQ(line.released, Money{0});
  EXPECT_EQ(world.book(BookKind::operator_loss), yuan(-96));
  EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), yuan(288));
  EXPECT_EQ(world.finished.back().job.reason, Reason::run_limit_reached);
}

TEST(Settlement, ACentresFaultIsNobodysToPayAndOpensAClaim) {
  for (Outcome const outcome : {Outcome::cluster_fault, Outcome::preempted}) {
    World world = with_programme();
    EntitlementId const id = issue(world, yuan(500));
    world.end(world.run(world.submit(job_spec()), "wuhan", "A100", id), outcome, 8 * hour);
    EXPECT_EQ(world.settled.back().gross, yuan(96));
    EXPECT_EQ(world.book(BookKind::centre_disputed, "wuhan"), yuan(96));
    EXPECT_EQ(world.book(BookKind::claim_against_centre, "wuhan"), yuan(-96));
    EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), Money{0});
    EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000));
    EXPECT_EQ(world.book(BookKind::entitlement_free, std::to_string(id.value)), yuan(500));
  }
}

TEST(Settlement, TheBrokersFaultIsItsOwnLoss) {
  World world;
  world.end(world.run(world.submit(job_spec())), Outcome::broker_fault, 8 * hour);
  EXPECT_EQ(world.book(BookKind::operator_loss), yuan(-96));
  EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), yuan(96));
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000));
}

TEST(Settlement, AChargeThatNoBookCanHoldIsRefusedBeforeItIsBooked) {
  World world;
  AttemptId const attempt = world.run(world.submit(job_spec()));
  // Years of losses, as only a hostile log can tell of.
  Money const most{limits::book_max.micro_yuan - yuan(96).micro_yuan};
  world.state.books[{BookKind::operator_loss, {}}] = {-most.micro_yuan};
  world.state.books[{BookKind::centre_payable, "wuhan"}] = most;
  AttemptEnded ended;
  ended.attempt = attempt;
  ended.card_ms = 8 * hour + 8 * 1'000;
  ended.outcome = Outcome::broker_fault;
  EXPECT_EQ(world.refused(ended), Reason::amount_overflow);
  ended.card_ms = 8 * hour;
  world.ok(ended);
  EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), limits::book_max);
}

TEST(Settlement, AnAttemptThatNeverRanCostsNothingAMinimumIsForThoseThatDid) {
  World world;
  auto definition = cluster_definition("wuhan");
  definition.tariffs[0].minimum_ms = 600'000;
  definition.tariffs[0].version = 2;
  world.ok(ClusterDefined{by_ann(), definition});
  world.end(world.run(world.submit(job_spec())), Outcome::failed, 0);
  EXPECT_EQ(world.settled.back().gross, Money{0});
  world.end(world.run(world.submit(job_spec())), Outcome::failed, 1);
  EXPECT_EQ(world.settled.back().gross, yuan(16)) << "ten minutes on eight cards";
}

TEST(Settlement, KeepsTheTariffOfItsAllocation) {
  World world;
  AttemptId const attempt = world.run(world.submit(job_spec()));
  auto definition = cluster_definition("wuhan");
  definition.tariffs[0].increment_ms = 3'600'000;
  definition.tariffs[0].version = 2;
  world.ok(ClusterDefined{by_ann(), definition});
  world.end(attempt, Outcome::succeeded, 8 * 1'000);
  EXPECT_EQ(world.settled.back().billed_card_ms, 8 * 1'000);
}

TEST(Settlement, IsComputedAgainAndComparedByWhoeverApplies) {
  World world;
  AttemptId const attempt = world.run(world.submit(job_spec()));
  AttemptEnded ended;
  ended.attempt = attempt;
  ended.card_ms = 8 * hour;
  ASSERT_TRUE(apply(world.state, world.now, ended));
  auto const forced = next_forced(world.state, world.now);
  ASSERT_TRUE(forced);
  auto line = std::get<AttemptSettled>(*forced);
  Hash const before = digest(world.state);
  line.net.micro_yuan -= 1;
  EXPECT_EQ(apply(world.state, world.now, line).error().reason, Reason::settlement_mismatch);
  EXPECT_EQ(apply(world.state, world.now, RoundOpened{{2}}).error().reason, Reason::forced_event_pending);
  EXPECT_EQ(digest(world.state), before);
  ASSERT_TRUE(apply(world.state, world.now, *forced));
  EXPECT_EQ(apply(world.state, world.now, *forced).error().reason, Reason::out_of_order);
}

TEST(Settlement, ExtraIsTheMoversByTheShareOfTheEstimateUsed) {
  World world;
  JobId const job = world.submit(job_spec());
  Placement placed = placement(job, world.account);
  placed.extra = yuan(10);
  world.decide({placed});
  world.place_all();
  AttemptId const attempt{job, 1};
  EXPECT_EQ(world.attempt(attempt).allocation.extra, yuan(10));
  world.ok(DispatchIntended{attempt});
  world.end(attempt, Outcome::succeeded, 4 * hour);  // half of the estimate of 96 yuan
  EXPECT_EQ(world.settled.back().net, yuan(43));
  EXPECT_EQ(world.settled.back().loss, yuan(5));
}

TEST(Vouchers, AreIssuedByTheProgrammesRulesOnly) {
  World world = with_programme();
  EXPECT_EQ(world.refused(voucher(world, {0})), Reason::amount_not_positive);
  EXPECT_EQ(world.refused(voucher(world, yuan(2'001))), Reason::programme_cap_reached);
  auto wrong = voucher(world, yuan(1));
  wrong.programme_version = 2;
  EXPECT_EQ(world.refused(wrong), Reason::unknown_programme);
  wrong = voucher(world, yuan(1));
  wrong.valid_until = {wrong.valid_from.ms + 366 * ms_per_day};
  EXPECT_EQ(world.refused(wrong), Reason::malformed);
  wrong = voucher(world, yuan(1));
  wrong.valid_from = {0};
  wrong.valid_until = world.now;
  EXPECT_EQ(world.refused(wrong), Reason::entitlement_expired);
  wrong = voucher(world, yuan(1));
  wrong.holder = {"nobody"};
  EXPECT_EQ(world.refused(wrong), Reason::unknown_tenant);
  wrong = voucher(world, yuan(1));
  wrong.by = by("eve", Role::auditor);
  EXPECT_EQ(world.refused(wrong), Reason::not_permitted);

  auto next = programme_definition();
  next.version = 2;
  next.eligible = {ApplicantClass::large};
  world.ok(ProgrammeDefined{by_ann(), next});
  auto later = voucher(world, yuan(1));
  later.programme_version = 2;
  EXPECT_EQ(world.refused(later), Reason::class_not_eligible);
  next.version = 3;
  next.eligible = {};
  next.regions = {{620'000}};
  world.ok(ProgrammeDefined{by_ann(), next});
  later.programme_version = 3;
  EXPECT_EQ(world.refused(later), Reason::programme_region_excluded);
  next.version = 4;
  next.regions = {};
  next.flow = Flow::reimburse;
  world.ok(ProgrammeDefined{by_ann(), next});
  later.programme_version = 4;
  EXPECT_EQ(world.refused(later), Reason::programme_inactive);
  next.version = 5;
  next.flow = Flow::deduct_at_use;
  next.active = false;
  world.ok(ProgrammeDefined{by_ann(), next});
  later.programme_version = 5;
  EXPECT_EQ(world.refused(later), Reason::programme_inactive);
}

TEST(Vouchers, CountAgainstTheCapOfTheirPeriodUnlessReturned) {
  World world = with_programme();
  issue(world, yuan(1'500));
  EXPECT_EQ(world.refused(voucher(world, yuan(501))), Reason::programme_cap_reached);
  issue(world, yuan(500));
  EXPECT_EQ(world.refused(voucher(world, {1})), Reason::programme_cap_reached);
  // Expired unspent, the money is back in the purse and does not count any more.
  world.pass(90 * ms_per_day);
  world.settle();
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), yuan(5'000));
  issue(world, yuan(2'000));
  // A new natural year begins at midnight in Shanghai.
  world.now = *parse_rfc3339("2026-12-31T23:59:59.999+08:00");
  world.settle();
  issue(world, yuan(2'000));
  EXPECT_EQ(world.refused(voucher(world, {1})), Reason::programme_cap_reached) << "one millisecond early";
  world.now = *parse_rfc3339("2027-01-01T00:00:00+08:00");
  issue(world, yuan(2'000));
}

TEST(Vouchers, ThatExpireUnderALiveAttemptReturnTheirRestTwice) {
  World world = with_programme();
  auto issued = voucher(world, yuan(500));
  issued.valid_until = {world.now.ms + 30 * 60'000};
  world.ok(issued);
  EntitlementId const id{world.last_sequence()};
  AttemptId const attempt = world.run(world.submit(job_spec()), "wuhan", "A100", id);
  world.pass(30 * 60'000);
  world.settle();
  EXPECT_TRUE(world.state.catalogue->entitlements.at(id).closed);
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), fen(500'000 - 3'840)) << "all but the hold";
  world.end(attempt, Outcome::succeeded, 8 * hour);
  EXPECT_EQ(world.settled.back().subsidy, fen(1'920)) << "granted at allocation";
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), fen(500'000 - 1'920));
  EXPECT_EQ(world.state.catalogue->entitlements.at(id).returned, fen(50'000 - 1'920));
}

TEST(Programmes, ANewVersionPostsTheDifferenceOfThePurse) {
  World world = with_programme();
  EXPECT_EQ(world.book(BookKind::treasury), yuan(-5'000));
  issue(world, yuan(2'000));
  auto next = programme_definition();
  EXPECT_EQ(world.refused(ProgrammeDefined{by_ann(), next}), Reason::malformed) << "the version must rise";
  next.version = 2;
  next.purse = yuan(1'999);
  EXPECT_EQ(world.refused(ProgrammeDefined{by_ann(), next}), Reason::insufficient_purse);
  next.purse = yuan(2'000);
  world.ok(ProgrammeDefined{by_ann(), next});
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), Money{0});
  EXPECT_EQ(world.book(BookKind::treasury), yuan(-2'000));
  next.version = 3;
  next.purse = yuan(6'000);
  world.ok(ProgrammeDefined{by_ann(), next});
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), yuan(4'000));
  next.version = 4;
  next.rates.clear();
  EXPECT_EQ(world.refused(ProgrammeDefined{by_ann(), next}), Reason::malformed) << "active without a rate";
}

OverrideAction refund(Money amount) {
  OverrideAction action;
  action.amount = amount;
  action.kind = OverrideKind::refund;
  action.tenant = TenantName{"acme"};
  return action;
}

OverrideId propose(World& world, OverrideAction const& action) {
  world.ok(OverrideProposed{action, by_ann()});
  return {world.last_sequence()};
}

TEST(Overrides, NeedTwoIndependentPeopleWithKeys) {
  World world;
  EXPECT_EQ(world.refused(OverrideProposed{refund(yuan(1)), by_socket()}), Reason::not_permitted);
  OverrideId const id = propose(world, refund(yuan(100)));
  EXPECT_EQ(world.refused(OverrideDecided{true, by_socket(), id}), Reason::not_permitted);
  EXPECT_EQ(world.refused(OverrideDecided{true, by_ann(), id}), Reason::not_permitted);
  world.ok(key("k-ann-2", "ann", Role::approver, by_socket()));
  EXPECT_EQ(world.refused(OverrideDecided{true, by("ann", Role::approver), id}), Reason::approval_by_same_principal);
  world.ok(key("k-carl", "carl", Role::approver, by_ann()));
  EXPECT_EQ(world.refused(OverrideDecided{true, by("carl", Role::approver), id}), Reason::approval_by_creator);
  world.ok(key("k-carl-2", "carl", Role::operator_, by_ann()));
  world.ok(key("k-dora", "dora", Role::approver, by("carl", Role::operator_)));
  EXPECT_EQ(world.refused(OverrideDecided{true, by("dora", Role::approver), id}), Reason::approval_by_creator) << "at one remove";
  world.ok(OverrideDecided{true, by_bob(), id});
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(9'900));
  EXPECT_EQ(world.book(BookKind::bank), yuan(-9'900));
  EXPECT_EQ(world.refused(OverrideDecided{true, by_bob(), id}), Reason::unknown_override);
}

TEST(Overrides, TwoNamesOfOneMakerAreNotTwoPeople) {
  World world;
  world.ok(key("k-x", "xia", Role::operator_, by_ann()));
  world.ok(key("k-y", "yan", Role::approver, by_ann()));
  world.ok(OverrideProposed{refund(yuan(1)), by("xia", Role::operator_)});
  EXPECT_EQ(world.refused(OverrideDecided{true, by("yan", Role::approver), {world.last_sequence()}}), Reason::approval_by_creator);
}

TEST(Overrides, AreCheckedWhenProposedAndAgainWhenApproved) {
  World world;
  EXPECT_EQ(world.refused(OverrideProposed{refund(yuan(10'001)), by_ann()}), Reason::insufficient_balance);
  EXPECT_EQ(world.refused(OverrideProposed{refund({0}), by_ann()}), Reason::amount_not_positive);
  auto crooked = refund(yuan(1));
  crooked.liability = Liability::centre;
  EXPECT_EQ(world.refused(OverrideProposed{crooked, by_ann()}), Reason::malformed);
  OverrideId const id = propose(world, refund(yuan(9'900)));
  world.place(world.submit(job_spec()));  // holds 192
  EXPECT_EQ(world.refused(OverrideDecided{true, by_bob(), id}), Reason::insufficient_balance);
  world.ok(OverrideDecided{false, by_ann(), id});
  EXPECT_TRUE(world.state.overrides.empty());
  OverrideAction correction = refund(yuan(50));
  correction.kind = OverrideKind::correct_deposit;
  world.ok(OverrideDecided{true, by_bob(), propose(world, correction)});
  EXPECT_EQ(world.book(BookKind::bank), yuan(-9'950));
}

TEST(Overrides, ARevokedVoucherReturnsItsRest) {
  World world = with_programme();
  OverrideAction action;
  action.kind = OverrideKind::revoke_entitlement;
  action.entitlement = issue(world, yuan(300));
  world.ok(OverrideDecided{true, by_bob(), propose(world, action)});
  EXPECT_EQ(world.book(BookKind::purse, "wuhan-2026"), yuan(5'000));
  EXPECT_EQ(world.refused(OverrideProposed{action, by_ann()}), Reason::entitlement_expired);
  world.pass(90 * ms_per_day);
  world.settle();  // its expiry is not due any more
}

TEST(Overrides, DecideWhoPaysForWhatWasLost) {
  struct Case {
    Liability liability;
    Money free, payable, disputed, loss;
  };
  for (auto const& [liability, free, payable, disputed, loss] :
       {Case{Liability::tenant, yuan(10'000 - 48), yuan(48), {}, {}}, Case{Liability::centre, yuan(10'000), {}, yuan(48), {}},
        Case{Liability::operator_, yuan(10'000), yuan(48), {}, yuan(-48)}}) {
    World world;
    JobId const job = world.submit(job_spec());
    AttemptId const attempt = world.run(job);
    OverrideAction action;
    action.kind = OverrideKind::settle_disputed;
    action.attempt = attempt;
    action.card_ms = 4 * hour;
    action.liability = liability;
    EXPECT_EQ(world.refused(OverrideProposed{action, by_ann()}), Reason::out_of_order) << "not lost";
    world.ok(AttemptLost{attempt, false});
    EXPECT_EQ(world.book(BookKind::tenant_disputed, "acme"), yuan(192));
    auto undecided = action;
    undecided.liability = Liability::unknown;
    EXPECT_EQ(world.refused(OverrideProposed{undecided, by_ann()}), Reason::malformed);
    world.ok(OverrideDecided{true, by_bob(), propose(world, action)});
    EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), free);
    EXPECT_EQ(world.book(BookKind::centre_payable, "wuhan"), payable);
    EXPECT_EQ(world.book(BookKind::centre_disputed, "wuhan"), disputed);
    EXPECT_EQ(world.book(BookKind::operator_loss), loss);
    EXPECT_EQ(world.finished.back().job.status, JobStatus::lost);
    EXPECT_FALSE(world.state.jobs.contains(job));
  }
}

}  // namespace
}  // namespace sluice::policy
