// The limits of one moment: each is shown an entry that breaks it.
#include "policy/entry_check.hpp"

#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

/// A world whose last placement draws on a voucher, with the entry that made it.
struct Placed {
  World world;
  EntitlementId voucher;
  AllocationMade made;

  Placed() {
    world.ok(ProgrammeDefined{by_ann(), programme_definition()});
    world.ok(EntitlementIssued{yuan(500), by_ann(), {}, {"acme"}, {"wuhan-2026"}, 1, world.now, {world.now.ms + 90 * ms_per_day}});
    voucher = {world.last_sequence()};
    world.ok(QuotaSet{by_ann(), 8, {"wuhan"}, {"acme"}});
    JobSpec spec = job_spec();
    spec.max_cost = yuan(160);
    world.place(world.submit(spec), "wuhan", "A100", voucher);
    for (Stamped const& entry : world.entries)
      if (auto const* event = std::get_if<AllocationMade>(&entry.event)) made = *event;
  }
  Catalogue& catalogue() { return *world.state.catalogue; }
  /// The allocation changed in entry and state alike.
  void change(auto&& change) {
    change(made.allocation);
    world.state.attempts.at(made.attempt).allocation = made.allocation;
  }
};

struct EntryBreach {
  char const* name;
  void (*make)(Placed&);
  char const* said;
};
class EntryCheck : public ::testing::TestWithParam<EntryBreach> {};

TEST_P(EntryCheck, FindsWhatAnAllocationMayNotDo) {
  Placed placed;
  ASSERT_EQ(check_entry(placed.world.state, placed.world.now, placed.made), std::nullopt);
  GetParam().make(placed);
  auto const broken = check_entry(placed.world.state, placed.world.now, placed.made);
  ASSERT_TRUE(broken) << "nobody noticed";
  EXPECT_NE(broken->find(GetParam().said), std::string::npos) << *broken;
}

INSTANTIATE_TEST_SUITE_P(
    Breaches, EntryCheck,
    ::testing::Values(
        EntryBreach{"Quota", [](Placed& p) { p.catalogue().quotas.at({{"acme"}, {"wuhan"}}) = 7; }, "quota"},
        EntryBreach{"FreeCards", [](Placed& p) { p.world.state.offers.at({"wuhan"}).offers[0].free_cards = 7; }, "sold twice"},
        EntryBreach{"StaleOffer", [](Placed& p) { p.world.state.offers.at({"wuhan"}).stale = true; }, "stale"},
        EntryBreach{"OfferThatHasEnded", [](Placed& p) { p.world.state.offers.at({"wuhan"}).valid_until = p.world.now; }, "stale"},
        EntryBreach{"ClosedCluster", [](Placed& p) { p.catalogue().clusters.at({"wuhan"}).status = ClusterStatus::cordoned; }, "not open"},
        EntryBreach{"AnothersAccount", [](Placed& p) { p.catalogue().accounts.at(p.world.account).holder = TenantName{"other"}; },
                    "account"},
        EntryBreach{"AccountNotApproved",
                    [](Placed& p) { p.catalogue().accounts.at(p.world.account).approved_from.ms = p.world.now.ms + 1; }, "account"},
        EntryBreach{"AnothersVoucher", [](Placed& p) { p.catalogue().entitlements.at(p.voucher).holder = {"other"}; }, "somebody else"},
        EntryBreach{"EndedVoucher", [](Placed& p) { p.catalogue().entitlements.at(p.voucher).valid_until = p.world.now; }, "not valid now"},
        EntryBreach{"VoucherOfAnotherPlace", [](Placed& p) { p.catalogue().programmes.at({{"wuhan-2026"}, 1}).clusters = {{"guiyang"}}; },
                    "not spendable"},
        EntryBreach{"RateNobodyStated", [](Placed& p) { p.change([](Allocation& a) { a.rate_bp = 3'001; }); }, "above every rate"},
        EntryBreach{"Floor", [](Placed& p) { p.catalogue().programmes.at({{"wuhan-2026"}, 1}).floor = yuan(97); }, "floor"},
        EntryBreach{"SubsidyWithoutAVoucher", [](Placed& p) { p.change([](Allocation& a) { a.entitlement.reset(); }); },
                    "without a voucher"},
        EntryBreach{"NoPrice", [](Placed& p) { p.change([](Allocation& a) { a.price_per_card_hour = {}; }); }, "without a price"},
        EntryBreach{"LimitRaised", [](Placed& p) { p.change([](Allocation& a) { a.limit_ms = 2 * ms_per_hour + 1; }); }, "more run time"},
        EntryBreach{"LimitBeyondTheHold", [](Placed& p) { p.change([](Allocation& a) { a.hold_net.micro_yuan -= 30'000; }); },
                    "beyond its hold"},
        EntryBreach{"PriceLimit", [](Placed& p) { p.change([](Allocation& a) { a.hold_net = {yuan(160).micro_yuan + 1}; }); },
                    "price limit"},
        EntryBreach{"EntryBesideTheState", [](Placed& p) { ++p.made.allocation.fee_bp; }, "not what the entry says"}),
    [](auto const& breach) { return breach.param.name; });

TEST(EntryCheckOfVouchers, FindsACapExceededInItsPeriodOnly) {
  World world;
  auto programme = programme_definition();
  for (auto const period : {CapPeriod::natural_year, CapPeriod::rolling_365_days, CapPeriod::validity, CapPeriod::once}) {
    programme.cap_period = period;
    if (world.state.catalogue->programmes.contains({{"wuhan-2026"}, programme.version})) ++programme.version;
    world.ok(ProgrammeDefined{by_ann(), programme});
    EntitlementIssued issued{yuan(100), by_ann(), {}, {"acme"}, {"wuhan-2026"}, programme.version, world.now, {world.now.ms + ms_per_day}};
    world.ok(issued);
    auto& cap = *world.state.catalogue->programmes.at({{"wuhan-2026"}, programme.version}).cap;
    Money const all{yuan(100).micro_yuan * programme.version};  // every version's vouchers count
    cap = {all.micro_yuan - 1};
    auto const broken = check_entry(world.state, world.now, issued);
    ASSERT_TRUE(broken) << static_cast<int>(period);
    EXPECT_NE(broken->find("cap"), std::string::npos) << *broken;
    cap = all;
    EXPECT_EQ(check_entry(world.state, world.now, issued), std::nullopt);
  }
  // A year later only what still counts counts.
  Timestamp const later{world.now.ms + 400 * ms_per_day};
  for (auto const& [version, counts] : {std::pair{1, false}, std::pair{2, false}, std::pair{3, false}, std::pair{4, true}}) {
    world.state.catalogue->programmes.at({{"wuhan-2026"}, version}).cap = Money{1};
    EntitlementIssued const issued{yuan(1), by_ann(), {}, {"acme"}, {"wuhan-2026"}, version, later, {later.ms + 1}};
    EXPECT_EQ(check_entry(world.state, later, issued).has_value(), counts) << version;
  }
}

TEST(EntryCheckOfVouchers, KnowsTheCalendarOfShanghai) {
  World world;
  world.ok(ProgrammeDefined{by_ann(), programme_definition()});
  for (auto const& [issued_at, at, same_year] : {std::tuple{"2026-12-31T23:59:59.999+08:00", "2027-01-01T00:00:00+08:00", false},
                                                 std::tuple{"2027-01-01T00:00:00+08:00", "2027-12-31T23:59:59.999+08:00", true},
                                                 std::tuple{"2028-02-29T12:00:00+08:00", "2028-12-31T23:00:00+08:00", true},
                                                 std::tuple{"2099-12-31T23:59:59+08:00", "2100-01-01T00:00:00+08:00", false},
                                                 std::tuple{"2100-12-31T23:59:59+08:00", "2101-01-01T00:00:00+08:00", false}}) {
    Catalogue& catalogue = *world.state.catalogue;
    catalogue.programmes.at({{"wuhan-2026"}, 1}).cap = Money{1};
    Timestamp const now = *parse_rfc3339(at);
    Entitlement earlier;
    earlier.amount = yuan(2);
    earlier.holder = {"acme"};
    earlier.issued_at = *parse_rfc3339(issued_at);
    earlier.programme = {"wuhan-2026"};
    catalogue.entitlements = {{EntitlementId{1}, earlier}};
    EntitlementIssued const issued{yuan(2), by_ann(), {}, {"acme"}, {"wuhan-2026"}, 1, now, {now.ms + 1}};
    EXPECT_EQ(check_entry(world.state, now, issued).has_value(), same_year) << issued_at << ' ' << at;
  }
}

}  // namespace
}  // namespace sluice::policy
