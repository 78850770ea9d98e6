// Every invariant is shown a state that breaks it, and says so.
#include "policy/invariants.hpp"

#include "policy/state/row_keys.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

/// A voucher, a running attempt that draws on it, a lost one, and a waiting job with a deadline.
struct Busy {
  World world;
  EntitlementId voucher;
  AttemptId running, lost;
  JobId waiting;

  Busy() {
    auto programme = programme_definition();
    programme.cap_period = CapPeriod::once;
    world.ok(ProgrammeDefined{by_ann(), programme});
    world.ok(EntitlementIssued{yuan(500), by_ann(), {}, {"acme"}, {"wuhan-2026"}, 1, world.now, {world.now.ms + 90 * ms_per_day}});
    voucher = {world.last_sequence()};
    running = world.run(world.submit(job_spec()), "wuhan", "A100", voucher);
    lost = world.run(world.submit(job_spec()));
    world.ok(AttemptLost{lost, false});
    JobSpec spec = job_spec();
    spec.deadline = Timestamp{world.now.ms + ms_per_day};
    waiting = world.submit(spec);
  }
  State& state() { return world.state; }
  Money& book(BookKind kind, std::string const& owner = {}) { return state().books[{kind, owner}]; }
  Money& voucher_book(BookKind kind) { return book(kind, std::to_string(voucher.value)); }
  void change_job(JobId id, auto&& change) {
    auto job = std::make_shared<Job>(*state().jobs.at(id));
    change(*job);
    state().jobs.at(id) = job;
  }
  std::vector<RowChange> every_row() {
    std::vector<RowChange> rows;
    for_each_row(state(), [&](std::string_view key, std::string_view value) { rows.push_back({std::string(key), std::string(value)}); });
    return rows;
  }
};

struct StateBreach {
  char const* name;
  void (*make)(Busy&);
  char const* said;
  bool touched = true;  ///< the row alone shows it: check_touched finds it before anything is appended
};

class Invariants : public ::testing::TestWithParam<StateBreach> {};

TEST_P(Invariants, SayWhatIsBroken) {
  Busy busy;
  ASSERT_EQ(check_all(busy.state()), std::nullopt);
  ASSERT_EQ(check_touched(busy.state(), busy.every_row()), std::nullopt);
  GetParam().make(busy);
  auto const all = check_all(busy.state());
  ASSERT_TRUE(all) << "nobody noticed";
  EXPECT_NE(all->find(GetParam().said), std::string::npos) << *all;
  auto const touched = check_touched(busy.state(), busy.every_row());
  EXPECT_EQ(touched.has_value(), GetParam().touched) << touched.value_or("nothing");
  std::set<std::string> keys;
  for (RowChange const& row : busy.every_row()) keys.insert(row.key);
  EXPECT_EQ(check_touched(busy.state(), keys), touched) << "a replay, which has keys alone, sees the same";
  if (touched) {
    EXPECT_NE(touched->find(GetParam().said), std::string::npos) << *touched;
  }
}

void move(Money& from, Money& to, std::int64_t amount) {
  from.micro_yuan -= amount;
  to.micro_yuan += amount;
}

INSTANTIATE_TEST_SUITE_P(
    Breaches, Invariants,
    ::testing::Values(
        StateBreach{"TenantBelowZero", [](Busy& b) { move(b.book(BookKind::tenant_free, "acme"), b.book(BookKind::bank), 10'000'000'001); },
                    "below zero"},
        StateBreach{"ZeroBalanceKept", [](Busy& b) { b.book(BookKind::operator_fee) = {}; }, "a balance of zero has no row"},
        StateBreach{"PostingWithoutItsOther", [](Busy& b) { b.state().books_total = 1; }, "do not sum to zero"},
        StateBreach{"MoneyFromNowhere", [](Busy& b) { b.book(BookKind::bank).micro_yuan += 1; }, "do not sum to zero", false},
        StateBreach{"HoldOfNoAttempt",
                    [](Busy& b) { move(b.book(BookKind::tenant_free, "acme"), b.book(BookKind::tenant_held, "acme"), 1); },
                    "is not the sum over attempts", false},
        StateBreach{"DisputeOfNoAttempt",
                    [](Busy& b) { move(b.book(BookKind::tenant_free, "acme"), b.book(BookKind::tenant_disputed, "acme"), 1); },
                    "is not the sum over attempts", false},
        StateBreach{"VoucherAboveItsAmount",
                    [](Busy& b) { move(b.book(BookKind::purse, "wuhan-2026"), b.voucher_book(BookKind::entitlement_free), 1); },
                    "holds more than was issued"},
        StateBreach{"PublicMoneyToATenant",
                    [](Busy& b) { move(b.voucher_book(BookKind::entitlement_free), b.book(BookKind::tenant_free, "acme"), 1); },
                    "public money leaked", false},
        StateBreach{"TreasuryGaveMore", [](Busy& b) { move(b.book(BookKind::treasury), b.book(BookKind::purse, "wuhan-2026"), 1); },
                    "the treasury did not give", false},
        StateBreach{"ClaimWithoutDispute",
                    [](Busy& b) { move(b.book(BookKind::claim_against_centre, "wuhan"), b.book(BookKind::centre_payable, "wuhan"), 1); },
                    "leaked", false},
        StateBreach{"CapExceeded",
                    [](Busy& b) {
                      Money const more = yuan(2'000);
                      b.state().catalogue->entitlements.at(b.voucher).amount.micro_yuan += more.micro_yuan;
                      move(b.book(BookKind::purse, "wuhan-2026"), b.voucher_book(BookKind::entitlement_free), more.micro_yuan);
                    },
                    "cap of acme exceeded", false},
        StateBreach{"HoldsOfAProgrammeMiscounted", [](Busy& b) { ++b.state().voucher_holds.at({"wuhan-2026"}).micro_yuan; },
                    "are not those of its vouchers", false},
        StateBreach{"CardSoldTwice", [](Busy& b) { b.state().offers.at({"wuhan"}).offers[0].total_cards = 7; }, "sold, the cluster has"},
        StateBreach{"CardsMiscounted", [](Busy& b) { ++b.state().card_use.at({{"wuhan"}, {"A100"}}).live_cards; },
                    "are not those of live attempts", false},
        StateBreach{"TenantsCardsMiscounted", [](Busy& b) { ++b.state().tenant_cards.at({{"acme"}, {"wuhan"}}); }, "cards of acme", false},
        StateBreach{"OfferNeverStale",
                    [](Busy& b) { std::erase_if(b.state().due, [](Due const& d) { return d.kind == Due::Kind::offers; }); },
                    "due exactly while in use"},
        StateBreach{"VoucherNeverEnds",
                    [](Busy& b) { std::erase_if(b.state().due, [](Due const& d) { return d.kind == Due::Kind::entitlement; }); },
                    "due exactly while open"},
        StateBreach{"DeadlineForgotten",
                    [](Busy& b) { std::erase_if(b.state().due, [](Due const& d) { return d.kind == Due::Kind::job; }); },
                    "due exactly while it waits"},
        StateBreach{"WaitsOutsideTheQueue", [](Busy& b) { b.state().queue.erase(b.waiting); }, "in the queue exactly while it waits"},
        StateBreach{"JobBesideItsAttempt",
                    [](Busy& b) { b.change_job(b.running.job, [](Job& job) { job.status = JobStatus::dispatched; }); },
                    "does not agree with its current attempt"},
        StateBreach{"RanTooOften", [](Busy& b) { b.change_job(b.waiting, [](Job& job) { job.attempts = 5; }); },
                    "ran more often than it may"},
        StateBreach{"TenantsJobsMiscounted", [](Busy& b) { b.state().tenants.at({"acme"}).jobs_open = 0; }, "counters of jobs"},
        StateBreach{"SettledWithoutALine", [](Busy& b) { b.state().attempts.at(b.lost).status = AttemptStatus::settled; },
                    "settled without its line"},
        StateBreach{"EndedAndForgotten",
                    [](Busy& b) {
                      b.change_job(b.running.job, [](Job& job) { job.status = JobStatus::completed; });
                      b.state().attempts.at(b.running).status = AttemptStatus::ended;
                    },
                    "nobody will settle it"},
        StateBreach{"SubsidyOfNoVoucher", [](Busy& b) { b.state().attempts.at(b.running).allocation.entitlement.reset(); },
                    "holds a subsidy of no voucher"},
        StateBreach{"PlanOutsideARound", [](Busy& b) { b.state().plan.emplace_back(); }, "no round is decided"},
        StateBreach{"NoRules", [](Busy& b) { b.state().governance.rules_version = 0; }, "no rules are in force"}),
    [](auto const& breach) { return breach.param.name; });

/// A settlement's line, changed after the fact.
struct Line {
  char const* name;
  void (*change)(AttemptSettled&);
  char const* said;
};
class SettledLines : public ::testing::TestWithParam<Line> {};

TEST_P(SettledLines, AddUpOrAreFoundOut) {
  Busy busy;
  Attempt& attempt = busy.state().attempts.at(busy.running);
  attempt.status = AttemptStatus::settled;
  AttemptSettled line;
  line.attempt = attempt.id;
  line.gross = yuan(96);
  line.subsidy = yuan(19);
  line.net = yuan(77);
  line.released = {attempt.allocation.hold_net.micro_yuan - yuan(77).micro_yuan};
  GetParam().change(line);
  attempt.settlement = line;
  auto const touched = check_touched(busy.state(), std::set<std::string>{row::key_of(row::Table::attempts, busy.running)});
  EXPECT_EQ(touched.has_value(), GetParam().said[0] != '\0') << touched.value_or("nothing");
  if (touched) {
    EXPECT_NE(touched->find(GetParam().said), std::string::npos) << *touched;
  }
}

INSTANTIATE_TEST_SUITE_P(Lines, SettledLines,
                         ::testing::Values(Line{"Sound", [](AttemptSettled&) {}, ""},
                                           Line{"NegativePart", [](AttemptSettled& l) { l.loss = {-1}; }, "below zero"},
                                           Line{"PaysMoreThanHeld", [](AttemptSettled& l) { l.fee = {1}; }, "not what was held"},
                                           Line{"SubsidyAboveItsHold",
                                                [](AttemptSettled& l) {
                                                  l.subsidy = yuan(90);
                                                  l.gross = yuan(167);
                                                },
                                                "more than was held of the voucher"},
                                           Line{"SharesDoNotAddUp", [](AttemptSettled& l) { l.gross = yuan(97); }, "do not add up"},
                                           Line{"PaysForAnothersFault", [](AttemptSettled& l) { l.liability = Liability::operator_; },
                                                "not theirs"}),
                         [](auto const& line) { return line.param.name; });

}  // namespace
}  // namespace sluice::policy
