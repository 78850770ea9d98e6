// Random lives of a broker: after each entry every invariant holds, the oracle agrees, and the rows rebuild the state.
#include "policy/entry_check.hpp"
#include "policy/invariants.hpp"
#include "policy/limits.hpp"
#include "policy/placing.hpp"
#include "policy/round_problem.hpp"
#include "tests/policy/oracle.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

/// Plays a broker, its people and its clusters from one seed. Many acts are nonsense on purpose: they must be refused without a trace.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {
    for (Event const& event : std::initializer_list<Event>{
             Genesis{"sluice.example/log"}, EngineActivated{1}, key("k-ann", "ann", Role::operator_, by_socket()),
             key("k-bob", "bob", Role::approver, by_socket()), LotDayOpened{shanghai_day(now_), {}},
             ClusterDefined{by_ann(), cluster_definition("wuhan")}, ClusterDefined{by_ann(), cluster_definition("guiyang")}})
      demand(event);
    MarketRules rules;
    rules.fee_bp = 137;
    demand(MarketRulesSet{by_ann(), rules});
    for (auto const* cluster : clusters) {
      AccountOpened account;
      account.by = by_ann();
      account.cluster = {cluster};
      account.credential = {"operator"};
      demand(account);
      accounts_[cluster] = {state_.governance.sequence - 1};
    }
    for (auto const* name : tenants) {
      TenantRegistered tenant;
      tenant.by = by_ann();
      tenant.region = {420'100};
      tenant.tenant = {name};
      demand(tenant);
      demand(DepositReceived{yuan(2'000), by_ann(), {}, {name}});
    }
    auto programme = programme_definition();
    programme.clusters = {{"guiyang"}, {"wuhan"}};
    programme.cap = yuan(1'000);
    demand(ProgrammeDefined{by_ann(), programme});
    for (auto const* cluster : clusters) observe(cluster);
  }

  void act() {
    switch (below(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return submit();
      case 4:
      case 5:
      case 6:
        return round();
      case 7:
        return observe(clusters[below(2)]);
      case 8:
        now_.ms += static_cast<std::int64_t>(below(4) == 0 ? below(2 * ms_per_hour) : below(60'000));
        if (state_.governance.lot_day != shanghai_day(now_)) tried(LotDayOpened{shanghai_day(now_), {}});
        return;
      case 9:
        tried(DepositReceived{{static_cast<std::int64_t>(below(300'000'000)) - 1'000}, by_ann(), {}, {tenants[below(3)]}});
        return;
      case 10:
        return issue();
      case 11:
        return override_money();
      case 12:
        if (!state_.jobs.empty()) tried(JobCancelled{by_ann(), any_job()});
        return;
      case 13:
        tried(ClusterStatusSet{by_ann(), {clusters[below(2)]}, false, static_cast<ClusterStatus>(1 + below(3))});
        return;
      case 14:
        tried(QuotaSet{by_ann(),
                       below(2) == 0 ? std::nullopt : std::optional(static_cast<std::int32_t>(below(64))),
                       {clusters[below(2)]},
                       {tenants[below(3)]}});
        return;
      default:
        return attempt_act();
    }
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  State const& state() const { return state_; }
  int accepted() const { return accepted_; }
  int refused() const { return refused_; }
  std::map<std::string_view, int> const& kinds() const { return kinds_; }

 private:
  static constexpr char const* clusters[] = {"wuhan", "guiyang"};
  static constexpr char const* tenants[] = {"acme", "brook", "cedar"};

  void demand(Event const& event) { ASSERT_TRUE(tried(event)) << type_of(event); }

  bool tried(Event const& event) {
    if (state_.governance.sequence > 1)
      while (auto const forced = next_forced(state_, now_)) {
        if (one(*forced)) continue;
        ADD_FAILURE() << "a forced event was refused: " << type_of(*forced);
        return false;
      }
    return one(event);
  }

  bool one(Event const& event) {
    bool const compare = below(16) == 0;
    Hash const before = compare ? digest(state_) : Hash{};
    std::uint64_t const sequence = state_.governance.sequence;
    auto const transition = apply(state_, now_, event);
    if (!transition) {
      ++refused_;
      EXPECT_TRUE(state_.changed_rows.empty()) << type_of(event);
      if (compare) {
        EXPECT_EQ(digest(state_), before) << type_of(event);
      }
      return false;
    }
    ++accepted_;
    ++kinds_[type_of(event)];
    oracle_.hear(sequence, event);
    auto const rows = take_changed_rows(state_);
    EXPECT_EQ(check_touched(state_, rows), std::nullopt) << type_of(event);
    EXPECT_EQ(check_entry(state_, now_, event), std::nullopt) << type_of(event) << " as entry " << sequence;
    EXPECT_EQ(check_all(state_), std::nullopt) << type_of(event) << " as entry " << sequence;
    EXPECT_EQ(oracle_.differs(state_), std::nullopt) << type_of(event) << " as entry " << sequence;
    for (RowChange const& change : rows) {
      if (change.value) {
        snapshot_[change.key] = *change.value;
      } else {
        snapshot_.erase(change.key);
      }
    }
    take_history_rows(state_);
    if (below(64) == 0) reload();
    return true;
  }

  /// The rows written so far are the state: load them, compare, and go on with what was loaded.
  void reload() {
    std::vector<std::pair<std::string, std::string>> const rows(snapshot_.begin(), snapshot_.end());
    auto again = loaded(rows);
    ASSERT_TRUE(again) << again.error();
    ASSERT_EQ(digest(*again), digest(state_));
    ASSERT_EQ(again->due, state_.due);
    ASSERT_EQ(again->unsettled, state_.unsettled);
    ASSERT_EQ(again->voucher_holds, state_.voucher_holds);
    ASSERT_EQ(again->queue.size(), state_.queue.size());
    if (state_.round.phase == RoundPhase::decided) return;  // a plan is no row
    state_ = std::move(*again);
  }

  void submit() {
    JobAccepted job;
    job.lot = random_();
    job.spec = job_spec();
    job.spec.gang.cards = static_cast<std::int32_t>(1 + below(12));
    job.spec.max_attempts = static_cast<std::int32_t>(1 + below(3));
    job.spec.work_card_ms = static_cast<std::int64_t>(1 + below(20)) * ms_per_hour / 10;
    job.spec.max_runtime_ms = static_cast<std::int64_t>(1 + below(6)) * ms_per_hour / 2;
    if (below(3) == 0) job.spec.max_cost = yuan(static_cast<std::int64_t>(1 + below(200)));
    if (below(4) == 0) job.spec.deadline = Timestamp{now_.ms + static_cast<std::int64_t>(below(5 * ms_per_hour))};
    job.tenant = {tenants[below(3)]};
    tried(job);
  }

  JobId any_job() {
    auto it = state_.jobs.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(state_.jobs.size())));
    return it->first;
  }

  void round() {
    if (!tried(RoundOpened{{state_.round.round.value + below(2) + (below(8) == 0 ? 0 : 1)}})) {
      if (below(2) == 0) tried(RoundAbandoned{Reason::none, state_.round.round});
      return;
    }
    std::vector<Placement> plan;
    for (auto const& [id, job] : state_.jobs) {
      if (job->status != JobStatus::queued || below(3) == 0) continue;
      char const* cluster = clusters[below(2)];
      bool const a100 = below(2) == 0;
      Placement placed = placement(id, accounts_[cluster], cluster, a100 ? "A100" : "Ascend910B");
      if (below(2) == 0)
        for (auto const& [voucher, record] : state_.catalogue->entitlements)
          if (record.holder == job->tenant && !record.closed && below(2) == 0) placed.entitlement = voucher;
      plan.push_back(placed);
    }
    RoundDecided decided;
    decided.jobs = static_cast<std::int32_t>(plan.size());
    decided.placed = decided.jobs;
    decided.plan = SharedBytes::of(encode_plan(plan));
    decided.round = state_.round.round;
    if (!tried(decided)) return;
    for (std::uint64_t stop_after = below(20); stop_after > 0; --stop_after) {
      while (auto const forced = next_forced(state_, now_)) one(*forced);
      auto const next = next_placement(state_, now_);
      if (!next) break;
      EXPECT_TRUE(tried(*next)) << "the plan's own next step";
    }
    if (state_.round.phase == RoundPhase::decided && below(2) == 0) tried(RoundAbandoned{Reason::none, state_.round.round});
  }

  void observe(char const* cluster) {
    OffersObserved observed;
    observed.as_of = {now_.ms - static_cast<std::int64_t>(below(500))};
    observed.cluster = {cluster};
    observed.valid_until = {now_.ms + static_cast<std::int64_t>(below(2 * ms_per_hour))};
    for (auto const& [type, total, price] : {std::tuple{"A100", 64, 12'345'678}, std::tuple{"Ascend910B", 32, 5'000'001}}) {
      if (below(8) == 0) continue;
      auto const use = state_.card_use.find({ClusterName{cluster}, AcceleratorType{type}});
      std::int32_t const ours = use == state_.card_use.end() ? 0 : use->second.live_cards;
      Offer offer;
      offer.counted_cards = below(4) == 0 ? static_cast<std::int32_t>(below(static_cast<std::uint64_t>(ours) + 1)) : ours;
      offer.total_cards = below(30) == 0 ? 4 : total;
      offer.free_cards = static_cast<std::int32_t>(below(static_cast<std::uint64_t>(std::max(1, total - ours + 1))));
      if (below(10) != 0) offer.price_per_card_hour = Money{price + static_cast<std::int64_t>(below(1'000'000))};
      offer.type = {type};
      observed.offers.push_back(offer);
    }
    if (below(2) == 0)
      observed.terms = {
          {.programme = {"wuhan-2026"}, .rate_bp = std::nullopt, .remaining_purse = yuan(static_cast<std::int64_t>(below(200)))}};
    tried(observed);
  }

  void issue() {
    EntitlementIssued issued;
    issued.amount = {static_cast<std::int64_t>(below(400'000'000))};
    issued.by = by_ann();
    issued.holder = {tenants[below(3)]};
    issued.programme = {"wuhan-2026"};
    issued.valid_from = now_;
    issued.valid_until = {now_.ms + static_cast<std::int64_t>(below(10 * ms_per_hour))};
    tried(issued);
  }

  void override_money() {
    OverrideAction action;
    action.kind = static_cast<OverrideKind>(1 + below(4));
    if (action.kind == OverrideKind::refund || action.kind == OverrideKind::correct_deposit) {
      action.amount = Money{static_cast<std::int64_t>(below(50'000'000))};
      action.tenant = TenantName{tenants[below(3)]};
    } else if (action.kind == OverrideKind::revoke_entitlement) {
      if (state_.catalogue->entitlements.empty()) return;
      action.entitlement = state_.catalogue->entitlements.rbegin()->first;
    } else {
      if (state_.attempts.empty()) return;
      for (auto const& [id, attempt] : state_.attempts)
        if (attempt.status == AttemptStatus::lost) action.attempt = id;
      action.card_ms = static_cast<std::int64_t>(below(10 * ms_per_hour));
      action.liability = static_cast<Liability>(1 + below(4));
    }
    if (!tried(OverrideProposed{action, by_ann()})) return;
    OverrideId const id{state_.governance.sequence - 1};
    tried(OverrideDecided{below(4) != 0, by_bob(), id});
  }

  void attempt_act() {
    if (state_.attempts.empty()) return;
    auto it = state_.attempts.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(state_.attempts.size())));
    AttemptId const id = it->first;
    Attempt const& attempt = it->second;
    std::int64_t const use = attempt.card_ms + static_cast<std::int64_t>(below(2'000'000)) * attempt.allocation.cards;
    switch (below(12)) {
      case 0:
        tried(AttemptRefused{id, std::nullopt, Reason::dispatch_refused});
        return;
      case 1:
        tried(AttemptMetered{id, use - static_cast<std::int64_t>(below(2)) * 10'000, std::nullopt});
        return;
      case 2:
        tried(StopIntended{id, Reason::cancelled_by_tenant});
        return;
      case 3:
        tried(AttemptLost{id, below(2) == 0});
        return;
      case 4:
        tried(AttemptStarted{id, now_});
        return;
      case 5:
        tried(AttemptAcknowledged{id, std::nullopt, {}});
        return;
      case 6: {
        AttemptEnded ended;
        ended.attempt = id;
        ended.card_ms = use;
        ended.outcome = static_cast<Outcome>(1 + below(7));
        tried(ended);
        return;
      }
      default:
        break;
    }
    switch (attempt.status) {  // mostly what a sound broker would do next
      case AttemptStatus::allocated:
        tried(DispatchIntended{id});
        return;
      case AttemptStatus::intended:
        tried(AttemptAcknowledged{id, std::nullopt, {}});
        return;
      case AttemptStatus::acknowledged:
        tried(AttemptStarted{id, now_});
        return;
      default:
        tried(AttemptMetered{id, use, std::nullopt});
        return;
    }
  }

  std::mt19937_64 random_;
  Timestamp now_ = world_start;
  State state_;
  Oracle oracle_;
  std::map<std::string, AccountId> accounts_;
  std::map<std::string, std::string> snapshot_;
  std::map<std::string_view, int> kinds_;
  int accepted_ = 0;
  int refused_ = 0;
};

class RandomLife : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomLife, KeepsEveryInvariantAndAgreesWithTheOracle) {
  Life life(GetParam());
  for (int i = 0; i < 1'500 && !HasFailure(); ++i) life.act();
  EXPECT_GT(life.accepted(), 700);
  EXPECT_GT(life.refused(), 50);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLife, ::testing::Range<std::uint64_t>(1, 9));

TEST(RandomLives, ReachEveryKindOfMoneyEvent) {
  std::map<std::string_view, int> kinds;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Life life(seed);
    for (int i = 0; i < 1'500 && !::testing::Test::HasFailure(); ++i) life.act();
    for (auto const& [kind, count] : life.kinds()) kinds[kind] += count;
  }
  for (std::string_view const kind :
       {AttemptSettled::type, AttemptLost::type, AttemptRefused::type, EntitlementIssued::type, EntitlementExpired::type,
        OverrideDecided::type, AllocationMade::type, AllocationSkipped::type, JobExpired::type, JobCancelled::type, OffersExpired::type})
    EXPECT_GT(kinds[kind], 0) << kind;
}

}  // namespace
}  // namespace sluice::policy
