// One act after another; the world underneath applies, checks and writes down.
#include "tests/golden/story.hpp"

#include "policy/lot.hpp"
#include "policy/placing.hpp"
#include "tests/policy/world.hpp"

#include <array>

namespace sluice::golden {
namespace {

using namespace policy;           // NOLINT: the acts read as sentences
using namespace policy::testing;  // NOLINT

constexpr std::int64_t minute = 60'000;

class Story {
 public:
  std::vector<Stamped> tell() {
    set_up();
    first_morning();
    an_afternoon_of_trouble();
    second_day();
    last_day();
    return std::move(world_.entries);
  }

 private:
  void set_up() {
    MarketRules rules;
    rules.fee_bp = 137;
    world_.ok(MarketRulesSet{by_ann(), rules});
    world_.ok(DisclosureDelaySet{by_ann(), 30});
    world_.ok(EquivalenceSet{by_ann(), {{"A100"}, {{{"cann"}, 600'000, {"Ascend910B"}}}, "measured by the operator", 1}});
    world_.ok(ClusterDefined{by("broker", Role::broker), cluster_definition("guiyang")});
    open_account("guiyang");
    world_.ok(AccountClosed{open_account("wuhan"), by_ann()});
    for (auto const* name : {"brook", "cedar"}) {
      TenantRegistered tenant;
      tenant.applicant = ApplicantClass::sme;
      tenant.by = by_ann();
      tenant.identity = sha256(name);
      tenant.region = {520'100};
      tenant.tenant = {name};
      world_.ok(tenant);
      world_.ok(DepositReceived{yuan(3'000), by_ann(), sha256("bank reference"), {name}});
    }
    world_.ok(key("k-brook", "bea", Role::tenant, by_ann(), "brook"));
    world_.ok(key("k-spare", "eve", Role::auditor, by_socket()));
    world_.ok(KeyRevoked{by_socket(), {"k-spare"}});
    world_.ok(QuotaSet{by_ann(), 16, {"wuhan"}, {"cedar"}});

    auto programme = programme_definition();
    world_.ok(ProgrammeDefined{by_ann(), programme});
    issue("acme", "wuhan-2026", yuan(200), 90 * ms_per_day);
    issue("cedar", "wuhan-2026", yuan(50), 2 * ms_per_hour);
    programme.programme = {"guiyang-tag"};
    programme.clusters = {{"guiyang"}};
    programme.flow = Flow::billing_tag;
    programme.rates = {{.applicant = ApplicantClass::sme, .origin = std::nullopt, .rate_bp = 5'000}};
    world_.ok(ProgrammeDefined{by_ann(), programme});
    issue("brook", "guiyang-tag", yuan(300), 90 * ms_per_day);
  }

  /// Two dozen jobs of three tenants, placed by the solver and run to ends of every kind.
  void first_morning() {
    world_.pass(minute);
    observe_all();
    for (int i = 0; i < 24; ++i) submit(i);
    JobAccepted picky;
    picky.idempotency = sha256("an image that guiyang cannot reach");
    picky.lot = lot_of(day_secret(), {"brook"}, picky.idempotency);
    picky.payload = sha256("payload");
    picky.spec = job_spec();
    picky.tenant = {"brook"};
    picky.unreachable = {{{"guiyang"}, Reason::image_unreachable, 0}};
    world_.ok(picky);
    world_.ok(SubmissionRefused{Reason::queue_limit_reached, {"cedar"}});
    world_.pass(minute);
    world_.decide_well();
    world_.place_all();
    run_all();
    world_.pass(20 * minute);
    for (AttemptId const id : all(AttemptStatus::running))
      world_.ok(AttemptMetered{id, 20 * minute * world_.attempt(id).allocation.cards, sha256("meter")});
    world_.pass(30 * minute);
    end_all();
    digest_now();
  }

  void an_afternoon_of_trouble() {
    observe_all();
    world_.ok(RoundsPaused{by("broker", Role::broker)});
    world_.ok(RoundsResumed{by_ann()});
    world_.ok(RoundOpened{{world_.state.round.round.value + 1}});
    world_.ok(RoundAbandoned{Reason::none, world_.state.round.round});

    // One is cancelled while it waits, one lost its payload, one misses its deadline.
    world_.ok(JobCancelled{by("bea", Role::tenant), submit(25)});
    world_.ok(JobFailed{submit(26), Reason::payload_missing});
    JobSpec hurried = job_spec();
    hurried.deadline = Timestamp{world_.now.ms + 10 * minute};
    hurried.gang.cards = 64;
    hurried.work_card_ms = 64 * minute;
    world_.submit(hurried);
    world_.pass(11 * minute);

    // A plan that the state overtakes: what no longer holds is skipped with the reason.
    submit(29);
    world_.decide_well();
    for (auto const* cluster : clusters) world_.ok(QuotaSet{by_ann(), 0, {cluster}, {"cedar"}});
    world_.place_all();
    for (auto const* cluster : clusters) world_.ok(QuotaSet{by_ann(), std::nullopt, {cluster}, {"cedar"}});

    world_.ok(DispatchFrozen{by("broker", Role::broker)});
    world_.ok(ClockStepAccepted{by_ann(), -70'000});
    world_.ok(DispatchResumed{by_ann()});
    run_all();
    auto const running = all(AttemptStatus::running);
    stop(running.at(0));
    lose_and_decide(running.at(1));
    refund();
    world_.pass(40 * minute);
    observe_all();
    world_.pass(30 * minute);
    end_all();
    world_.pass(2 * ms_per_hour);  // offers grow stale, cedar's voucher ends
    world_.settle();
  }

  void second_day() {
    turn_the_day();
    observe_all();
    for (int i = 30; i < 38; ++i) submit(i);
    world_.decide_well();
    world_.place_all();
    run_all();
    world_.pass(45 * minute);
    end_all();
    world_.ok(TenantStatusSet{by_ann(), TenantStatus::suspended, {"cedar"}});
    digest_now();
  }

  /// The third day is not over: its secret is not told, and attempts are still running.
  void last_day() {
    turn_the_day();
    world_.ok(ClusterStatusSet{by("broker", Role::broker), {"guiyang"}, true, ClusterStatus::draining});
    world_.observe("wuhan");
    for (int const i : {39, 40, 42}) submit(i);
    world_.decide_well();
    world_.place_all();
    run_all();
  }

  AccountId open_account(char const* cluster) {
    AccountOpened account;
    account.by = by_ann();
    account.by.reason = sha256("reason");
    account.cluster = {cluster};
    account.contract = sha256("contract");
    account.credential = {"operator"};
    world_.ok(account);
    return {world_.last_sequence()};
  }

  void issue(char const* tenant, char const* programme, Money amount, std::int64_t for_ms) {
    world_.ok(EntitlementIssued{amount, by_ann(), sha256("decision"), {tenant}, {programme}, 1, world_.now, {world_.now.ms + for_ms}});
  }

  void observe_all() {
    for (auto const* cluster : clusters) world_.observe(cluster);
  }

  /// The i-th job: 1 to 8 cards for 10 to 50 minutes, of one tenant after another.
  JobId submit(int i) {
    JobSpec spec = job_spec();
    spec.gang.cards = 1 << (i % 4);
    spec.work_card_ms = spec.gang.cards * (10 + i) * minute;
    spec.max_attempts = 1 + i % 3;
    return world_.submit(spec, tenants[static_cast<std::size_t>(i % 3)]);
  }

  std::vector<AttemptId> all(AttemptStatus status) const {
    std::vector<AttemptId> found;
    for (auto const& [id, attempt] : world_.state.attempts)
      if (attempt.status == status) found.push_back(id);
    return found;
  }

  /// Sends what is allocated; every seventh is declined by its cluster.
  void run_all() {
    for (AttemptId const id : all(AttemptStatus::allocated)) {
      world_.ok(DispatchIntended{id});
      if (++sent_ % 7 == 0) {
        world_.ok(AttemptRefused{id, sha256("answer"), Reason::dispatch_refused});
        continue;
      }
      world_.ok(AttemptAcknowledged{id, sha256("answer"), sha256("remote id")});
      world_.ok(AttemptStarted{id, world_.now});
    }
  }

  /// Ends what is running, in one way after another; a limit is overrun by five seconds.
  void end_all() {
    static constexpr std::array outcomes = {Outcome::succeeded,     Outcome::failed,    Outcome::limit_reached, Outcome::succeeded,
                                            Outcome::cluster_fault, Outcome::preempted, Outcome::broker_fault,  Outcome::succeeded};
    for (AttemptId const id : all(AttemptStatus::running)) {
      Outcome const outcome = outcomes[ended_++ % outcomes.size()];
      Allocation const& granted = world_.attempt(id).allocation;
      std::int64_t const run_ms = outcome == Outcome::limit_reached ? granted.limit_ms + 5'000 : 45 * minute + 1'500;
      world_.end(id, outcome, run_ms * granted.cards);
    }
  }

  void stop(AttemptId id) {
    world_.ok(JobCancelled{by_ann(), id.job});
    world_.ok(StopIntended{id, Reason::cancelled_by_tenant});
    world_.end(id, Outcome::cancelled, 30'000);
  }

  /// Nobody knows what became of it, so two people decide.
  void lose_and_decide(AttemptId id) {
    world_.ok(AttemptLost{id, false});
    OverrideAction action;
    action.kind = OverrideKind::settle_disputed;
    action.attempt = id;
    action.card_ms = 5 * minute;
    action.liability = Liability::centre;
    decide(action, true);
  }

  void refund() {
    OverrideAction action;
    action.kind = OverrideKind::refund;
    action.amount = yuan(100);
    action.tenant = TenantName{"brook"};
    decide(action, false);
    decide(action, true);
  }

  void decide(OverrideAction const& action, bool approved) {
    world_.ok(OverrideProposed{action, by_ann()});
    OverrideId const id{world_.last_sequence()};
    world_.ok(OverrideDecided{approved, by_bob(), id});
  }

  void turn_the_day() {
    world_.pass(ms_per_day);
    world_.settle();
    world_.ok(LotDayClosed{*world_.state.governance.lot_day, day_secret()});
    world_.ok(LotDayOpened{shanghai_day(world_.now), lot_secret_hash(day_secret())});
  }

  void digest_now() { world_.ok(StateDigested{digest(world_.state), world_.last_sequence()}); }

  static constexpr std::array clusters = {"guiyang", "wuhan"};
  static constexpr std::array tenants = {"acme", "brook", "cedar"};
  World world_;
  int sent_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace

std::vector<policy::Stamped> story() { return Story().tell(); }

}  // namespace sluice::golden
