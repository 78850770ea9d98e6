// Jobs from acceptance to history: rounds, attempts, retries, losses.
#include "policy/limits.hpp"
#include "policy/market.hpp"
#include "policy/placing.hpp"
#include "policy/round_problem.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::policy {
namespace {

using namespace testing;  // NOLINT: the acts read as sentences

JobAccepted submission(JobSpec spec) {
  JobAccepted accepted;
  accepted.spec = std::move(spec);
  accepted.tenant = {"acme"};
  return accepted;
}

TEST(Acceptance, RefusesWhatBreaksItsRangeAndNamesTheMember) {
  World world;
  struct Case {
    void (*change)(JobSpec&);
    char const* where;
  };
  for (auto const& [change, where] : {
           Case{[](JobSpec& s) { s.gang.cards = 0; }, "spec.gang.cards"},
           Case{[](JobSpec& s) { s.max_attempts = 0; }, "spec.max_attempts"},
           Case{[](JobSpec& s) { s.max_runtime_ms = 0; }, "spec.max_runtime_ms"},
           Case{[](JobSpec& s) { s.work_card_ms = limits::work_card_ms_max + 1; }, "spec.work_card_ms"},
           Case{[](JobSpec& s) { s.max_cost = Money{0}; }, "spec.max_cost"},
           Case{[](JobSpec& s) { s.variants.clear(); }, "spec.variants"},
           Case{[](JobSpec& s) { s.variants[0].accelerators.push_back(s.variants[0].accelerators[0]); },
                "spec.variants[0].accelerators[0].type"},
           Case{[](JobSpec& s) { s.variants[1].accelerators[0].throughput_ppm = 0; }, "spec.variants[1].accelerators[0].throughput_ppm"},
           Case{[](JobSpec& s) { s.variants[1].framework = {"a b"}; }, "spec.variants[1].framework"},
           Case{[](JobSpec& s) { s.data_regions = {{7}}; }, "spec.data_regions"},
           Case{[](JobSpec& s) { s.work_reference = {}; }, "spec.work_reference"},
       }) {
    JobSpec spec = job_spec();
    change(spec);
    EXPECT_EQ(world.refused(submission(spec)), Reason::malformed) << where;
    EXPECT_TRUE(world.where().starts_with(where)) << world.where();
  }
}

TEST(Acceptance, RefusesWhatCanNeverRunOrComesTooLate) {
  World world;
  JobSpec spec = job_spec();
  spec.gang.cards = 65;
  EXPECT_EQ(world.refused(submission(spec)), Reason::gang_too_large);
  spec = job_spec();
  spec.deadline = world.now;
  EXPECT_EQ(world.refused(submission(spec)), Reason::deadline_passed);
  auto unknown = submission(job_spec());
  unknown.tenant = {"nobody"};
  EXPECT_EQ(world.refused(unknown), Reason::unknown_tenant);
  auto blocked = submission(job_spec());
  blocked.unreachable = {{{"wuhan"}, Reason::image_unreachable, 0}, {{"wuhan"}, Reason::input_unreachable, 1}};
  EXPECT_NE(world.refused(blocked), Reason::none);
  blocked.unreachable = {{{"wuhan"}, Reason::image_unreachable, 1}, {{"wuhan"}, Reason::image_unreachable, 0}};
  EXPECT_EQ(world.refused(blocked), Reason::malformed) << "not sorted";
  blocked.unreachable = {{{"wuhan"}, Reason::image_unreachable, 2}};
  EXPECT_EQ(world.refused(blocked), Reason::malformed) << "no such variant";
}

TEST(Acceptance, KeepsTheTenantsLimits) {
  World world;
  TenantRegistered small;
  small.by = by_ann();
  small.queue_limit = 2;
  small.region = {420'100};
  small.submissions_per_minute = 3;
  small.tenant = {"small"};
  world.ok(small);
  auto job = submission(job_spec());
  job.tenant = {"small"};
  JobId const first = world.submit(job_spec(), "small");
  world.submit(job_spec(), "small");
  EXPECT_EQ(world.refused(job), Reason::queue_limit_reached);
  world.ok(JobCancelled{by_ann(), first});
  world.submit(job_spec(), "small");
  EXPECT_EQ(world.refused(job), Reason::submission_rate_exceeded);
  world.pass(60'000);
  EXPECT_EQ(world.refused(job), Reason::queue_limit_reached) << "a new minute, the same queue";
}

TEST(Acceptance, RefusalsAreKeptButRateCapped) {
  World world;
  for (int i = 0; i < limits::refusals_per_minute; ++i) world.ok(SubmissionRefused{Reason::queue_limit_reached, {"acme"}});
  EXPECT_EQ(world.refused(SubmissionRefused{Reason::queue_limit_reached, {"acme"}}), Reason::submission_rate_exceeded);
  world.pass(60'000);
  world.ok(SubmissionRefused{Reason::queue_limit_reached, {"acme"}});
  EXPECT_EQ(world.refused(SubmissionRefused{Reason::none, {"acme"}}), Reason::malformed);
}

TEST(Acceptance, WritesTheTenantsIndexAtOnce) {
  State state;
  World world;
  JobId const job{world.state.governance.sequence};
  ASSERT_TRUE(apply(world.state, world.now, submission(job_spec())));
  auto const rows = take_history_rows(world.state);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key, tenant_index_key({"acme"}, job));
  EXPECT_EQ(rows[0].value, "");
}

TEST(Rounds, GoInOrderAndAreCarriedOutInThePlansOrder) {
  World world;
  JobId const a = world.submit(job_spec());
  JobId const b = world.submit(job_spec());
  EXPECT_EQ(world.refused(RoundOpened{{2}}), Reason::out_of_order);
  world.ok(RoundOpened{{1}});
  EXPECT_EQ(world.refused(RoundOpened{{2}}), Reason::round_already_open);
  EXPECT_EQ(world.job(a).accepted_round, RoundNumber{0});
  RoundDecided decided;
  decided.round = {1};
  decided.jobs = 2;
  decided.placed = 2;
  decided.plan = SharedBytes::of(encode_plan({placement(b, world.account), placement(a, world.account)}));
  auto wrong = decided;
  wrong.round = {2};
  EXPECT_EQ(world.refused(wrong), Reason::round_not_open);
  wrong = decided;
  wrong.placed = 1;
  EXPECT_EQ(world.refused(wrong), Reason::malformed);
  wrong = decided;
  wrong.bound = {1};
  EXPECT_EQ(world.refused(wrong), Reason::certificate_refused);
  wrong = decided;
  wrong.plan = SharedBytes::of("nonsense\n");
  EXPECT_EQ(world.refused(wrong), Reason::plan_not_canonical);
  wrong.plan = SharedBytes::of(encode_plan({placement(b, world.account), placement(b, world.account)}));
  EXPECT_EQ(world.refused(wrong), Reason::plan_not_canonical);
  wrong.plan = {};
  EXPECT_EQ(world.refused(wrong), Reason::malformed);
  world.ok(decided);

  auto next = next_placement(world.state, world.now);
  ASSERT_TRUE(next);
  auto made = std::get<AllocationMade>(*next);
  EXPECT_EQ(made.attempt, (AttemptId{b, 1}));
  auto other = made;
  other.allocation.price_per_card_hour.micro_yuan -= 1;
  EXPECT_EQ(world.refused(other), Reason::allocation_not_in_plan);
  other = made;
  other.attempt = {a, 1};
  EXPECT_EQ(world.refused(other), Reason::allocation_not_in_plan);
  EXPECT_EQ(world.refused(AllocationSkipped{b, Reason::capacity_short, {1}}), Reason::allocation_not_in_plan);
  world.ok(made);
  EXPECT_EQ(world.job(b).status, JobStatus::allocated);
  EXPECT_EQ(world.state.round.phase, RoundPhase::decided);
  world.place_all();
  EXPECT_EQ(world.job(a).status, JobStatus::allocated);
  EXPECT_EQ(world.state.round.phase, RoundPhase::idle);
  EXPECT_EQ(world.refused(RoundAbandoned{Reason::none, {1}}), Reason::round_not_open);
}

TEST(Rounds, SkipWhatNoLongerHoldsWithTheReasonThatTheStateGives) {
  World world;
  JobId const gone = world.submit(job_spec());
  JobId const poor = world.submit(job_spec());
  world.decide({placement(gone, world.account), placement(poor, world.account)});
  world.ok(JobCancelled{by_ann(), gone});
  world.ok(QuotaSet{by_ann(), 4, {"wuhan"}, {"acme"}});
  EXPECT_EQ(world.refused(AllocationSkipped{gone, Reason::outbid, {1}}), Reason::allocation_not_in_plan);
  world.ok(AllocationSkipped{gone, Reason::job_already_final, {1}});
  AllocationMade made;
  made.attempt = {poor, 1};
  made.round = {1};
  EXPECT_EQ(world.refused(made), Reason::quota_exceeded);
  world.ok(AllocationSkipped{poor, Reason::quota_exceeded, {1}});
  EXPECT_EQ(world.job(poor).status, JobStatus::queued);
  EXPECT_EQ(world.job(poor).reason, Reason::quota_exceeded);
  EXPECT_EQ(world.state.round.phase, RoundPhase::idle);
}

TEST(Rounds, ARestartForgetsThePlanAndTheRoundIsAbandoned) {
  World world;
  JobId const job = world.submit(job_spec());
  world.decide({placement(job, world.account)});
  auto state = loaded(rows_of(world.state));
  ASSERT_TRUE(state);
  EXPECT_FALSE(next_placement(*state, world.now));
  AllocationMade made;
  made.attempt = {job, 1};
  made.round = {1};
  EXPECT_EQ(apply(*state, world.now, made).error().reason, Reason::round_not_open);
  ASSERT_TRUE(apply(*state, world.now, RoundAbandoned{Reason::none, {1}}));
  ASSERT_TRUE(apply(*state, world.now, RoundOpened{{2}}));
}

TEST(Rounds, APinnedViewStaysAsItWasWhileTheStateMovesOn) {
  World world;
  JobId const job = world.submit(job_spec());
  world.submit(job_spec());
  PinnedMarket const view(world.state, world.now);
  Hash const before = build_problem(view).digest;
  Money const free = view.tenant_free({"acme"});
  auto const clusters = view.catalogue().clusters.size();
  world.run(job);
  world.submit(job_spec());
  world.ok(ClusterDefined{by_ann(), cluster_definition("guiyang")});
  world.ok(QuotaSet{by_ann(), 1, {"wuhan"}, {"acme"}});
  world.ok(DepositReceived{yuan(1), by_ann(), {}, {"acme"}});
  world.pass(1'000);
  world.observe();
  EXPECT_EQ(build_problem(view).digest, before);
  EXPECT_EQ(view.queue().size(), 2u);
  EXPECT_EQ(view.tenant_free({"acme"}), free);
  EXPECT_EQ(view.catalogue().clusters.size(), clusters);
  EXPECT_TRUE(view.catalogue().quotas.empty());
  EXPECT_EQ(view.sellable({"wuhan"}, {"A100"}), 64);
}

TEST(Cancellation, EndsAWaitingJobAtOnceAndStopsALiveOne) {
  World world;
  JobId const waiting = world.submit(job_spec());
  world.ok(key("k-carl", "carl", Role::tenant, by_ann(), "acme"));
  TenantRegistered other;
  other.by = by_ann();
  other.region = {420'100};
  other.tenant = {"other"};
  world.ok(other);
  world.ok(key("k-dan", "dan", Role::tenant, by_ann(), "other"));
  EXPECT_EQ(world.refused(JobCancelled{by("dan", Role::tenant), waiting}), Reason::not_permitted);
  world.ok(JobCancelled{by("carl", Role::tenant), waiting});
  EXPECT_EQ(world.finished.back().job.status, JobStatus::cancelled);
  EXPECT_EQ(world.refused(JobCancelled{by_ann(), waiting}), Reason::unknown_job);

  JobId const allocated = world.submit(job_spec());
  world.place(allocated);
  world.ok(JobCancelled{by_ann(), allocated});
  EXPECT_EQ(world.finished.back().attempts.back().status, AttemptStatus::refused);
  EXPECT_EQ(world.book(BookKind::tenant_held, "acme"), Money{0});

  JobId const running = world.submit(job_spec());
  AttemptId const attempt = world.run(running);
  world.ok(JobCancelled{by_ann(), running});
  EXPECT_EQ(world.refused(JobCancelled{by_ann(), running}), Reason::already_exists);
  world.ok(StopIntended{attempt, Reason::cancelled_by_tenant});
  EXPECT_EQ(world.refused(StopIntended{attempt, Reason::cancelled_by_tenant}), Reason::already_exists);
  world.end(attempt, Outcome::cancelled, ms_per_hour);
  EXPECT_EQ(world.finished.back().job.status, JobStatus::cancelled);
  EXPECT_EQ(world.settled.back().net, yuan(12)) << "one card-hour was used and is paid for";
}

TEST(Deadline, EndsAJobThatStillWaits) {
  World world;
  JobSpec spec = job_spec();
  spec.deadline = Timestamp{world.now.ms + 1'000};
  JobId const job = world.submit(spec);
  world.pass(999);
  world.settle();
  EXPECT_TRUE(world.state.jobs.contains(job));
  world.pass(1);
  world.settle();
  EXPECT_EQ(world.finished.back().job.reason, Reason::deadline_passed);
  EXPECT_EQ(world.state.tenants.at({"acme"}).jobs_open, 0);
}

TEST(PayloadMissing, FailsAWaitingJobOnly) {
  World world;
  JobId const job = world.submit(job_spec());
  EXPECT_EQ(world.refused(JobFailed{job, Reason::outbid}), Reason::malformed);
  AttemptId const attempt = world.place(job);
  EXPECT_EQ(world.refused(JobFailed{job, Reason::payload_missing}), Reason::out_of_order);
  world.ok(AttemptRefused{attempt, std::nullopt, Reason::payload_missing});
  world.ok(JobFailed{job, Reason::payload_missing});
  EXPECT_EQ(world.finished.back().job.status, JobStatus::failed);
}

TEST(Attempts, GoThroughTheirStatesInOrder) {
  World world;
  JobId const job = world.submit(job_spec());
  AttemptId const attempt = world.place(job);
  Hash const remote = sha256("remote");
  EXPECT_EQ(world.refused(AttemptAcknowledged{attempt, std::nullopt, remote}), Reason::out_of_order);
  EXPECT_EQ(world.refused(AttemptStarted{attempt, world.now}), Reason::out_of_order);
  EXPECT_EQ(world.refused(StopIntended{attempt, Reason::cancelled_by_tenant}), Reason::out_of_order);
  EXPECT_EQ(world.refused(AttemptLost{attempt, false}), Reason::out_of_order);
  AttemptEnded ended;
  ended.attempt = attempt;
  EXPECT_EQ(world.refused(ended), Reason::out_of_order);
  world.ok(DispatchIntended{attempt});
  EXPECT_EQ(world.refused(DispatchIntended{attempt}), Reason::already_exists);
  EXPECT_EQ(world.refused(AttemptMetered{attempt, 1, std::nullopt}), Reason::out_of_order);
  EXPECT_EQ(world.job(job).status, JobStatus::dispatched);
  world.ok(AttemptAcknowledged{attempt, std::nullopt, remote});
  EXPECT_EQ(world.refused(AttemptAcknowledged{attempt, std::nullopt, remote}), Reason::already_exists);
  EXPECT_EQ(world.refused(AttemptStarted{attempt, {world.now.ms + 1}}), Reason::malformed);
  world.ok(AttemptStarted{attempt, world.now});
  EXPECT_EQ(world.job(job).status, JobStatus::running);
  world.ok(AttemptMetered{attempt, 500, std::nullopt});
  EXPECT_EQ(world.refused(AttemptMetered{attempt, 499, std::nullopt}), Reason::malformed);
  EXPECT_EQ(world.refused(AttemptMetered{attempt, INT64_MAX, std::nullopt}), Reason::amount_overflow);
  EXPECT_EQ(world.refused(AttemptRefused{attempt, std::nullopt, Reason::dispatch_refused}), Reason::out_of_order) << "it has run";
  world.end(attempt, Outcome::succeeded, 1'000);
  EXPECT_EQ(world.refused(AttemptMetered{attempt, 2'000, std::nullopt}), Reason::unknown_attempt) << "its job has left the state";
}

TEST(Retries, FollowFaultsThatAreNotTheJobsOwnWhileAttemptsAreLeft) {
  World world;
  JobSpec spec = job_spec();
  spec.max_attempts = 3;
  JobId const job = world.submit(spec);
  world.end(world.run(job), Outcome::cluster_fault, 1'000);
  EXPECT_EQ(world.job(job).status, JobStatus::queued);
  world.end(world.run(job), Outcome::broker_fault, 1'000);
  EXPECT_EQ(world.job(job).status, JobStatus::queued);
  world.end(world.run(job), Outcome::preempted, 1'000);
  EXPECT_EQ(world.finished.back().job.reason, Reason::attempts_exhausted);
  EXPECT_EQ(world.finished.back().attempts.size(), 3u);

  spec.max_attempts = 20;
  JobId const own = world.submit(spec);
  world.end(world.run(own), Outcome::failed, 1'000);
  EXPECT_EQ(world.finished.back().job.id, own);
  EXPECT_EQ(world.finished.back().job.status, JobStatus::failed) << "an own exit is final";
}

TEST(Retries, RefusalsCostNoAttemptButDoNotGoOnForEver) {
  World world;
  JobId const job = world.submit(job_spec());  // max_attempts 1
  for (int i = 1; i <= limits::dispatch_refusals_max; ++i) {
    AttemptId const attempt = world.place(job);
    EXPECT_EQ(attempt.number, static_cast<std::uint32_t>(i));
    world.ok(DispatchIntended{attempt});
    world.ok(AttemptRefused{attempt, std::nullopt, Reason::dispatch_refused});
    if (i < limits::dispatch_refusals_max) {
      ASSERT_EQ(world.job(job).status, JobStatus::queued) << i;
    }
    world.pass(limits::declined_longest_ms);  // the cluster is asked again only after a while
    world.observe();
  }
  EXPECT_EQ(world.finished.back().job.reason, Reason::dispatch_refused);
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000));
}

TEST(Retries, AClusterThatDeclinedIsLeftAloneTwiceAsLongEachTime) {
  World world;
  JobId const job = world.submit(job_spec());
  std::int64_t expected = limits::declined_first_ms;
  for (int i = 0; i < 8; ++i) {
    AttemptId const attempt = world.place(job);
    world.ok(AttemptRefused{attempt, std::nullopt, Reason::dispatch_refused});
    world.pass(expected - 1);
    world.observe();
    world.decide({placement(job, world.account)});
    world.ok(AllocationSkipped{job, Reason::dispatch_refused, world.state.round.round});
    world.pass(1);
    expected = std::min(expected * 2, limits::declined_longest_ms);
  }
}

TEST(Losses, ASecondRunWaitsUntilTheFirstCannotOverlap) {
  World world;
  JobSpec spec = job_spec();
  spec.max_attempts = 2;
  JobId const job = world.submit(spec);
  AttemptId const first = world.run(job);
  EXPECT_EQ(world.refused(AttemptLost{first, true}), Reason::out_of_order);
  world.pass(world.attempt(first).allocation.limit_ms - 1);
  EXPECT_EQ(world.refused(AttemptLost{first, true}), Reason::out_of_order);
  world.pass(1);
  world.ok(AttemptLost{first, true});
  EXPECT_EQ(world.job(job).status, JobStatus::queued);
  EXPECT_EQ(world.book(BookKind::tenant_disputed, "acme"), yuan(192));
  EXPECT_EQ(world.refused(AttemptLost{first, true}), Reason::already_exists);

  world.observe();
  AttemptId const second = world.run(job);
  EXPECT_EQ(second.number, 2u);
  EXPECT_EQ(world.refused(AttemptStarted{first, world.now}), Reason::allocation_superseded);
  world.ok(AttemptMetered{first, 9 * ms_per_hour, std::nullopt});
  world.ok(StopIntended{first, Reason::allocation_superseded});
  world.end(first, Outcome::succeeded, 9 * ms_per_hour);
  EXPECT_EQ(world.settled.back().liability, Liability::centre) << "no job is paid twice";
  EXPECT_EQ(world.book(BookKind::centre_disputed, "wuhan"), yuan(108));
  EXPECT_EQ(world.job(job).status, JobStatus::running);
  world.end(second, Outcome::succeeded, 8 * ms_per_hour);
  EXPECT_EQ(world.finished.back().job.status, JobStatus::completed);
  EXPECT_EQ(world.finished.back().attempts.size(), 2u);
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000 - 96));
}

TEST(Losses, ASlowClockAtTheSiteDoesNotBringTheSecondRunForward) {
  World world;
  world.pass(ms_per_hour / 2);
  AttemptId const attempt = world.place(world.submit(job_spec()));
  world.ok(DispatchIntended{attempt});
  world.ok(AttemptAcknowledged{attempt, std::nullopt, sha256("remote")});
  world.ok(AttemptStarted{attempt, {world.now.ms - 10 * ms_per_hour}});
  EXPECT_EQ(world.refused(AttemptLost{attempt, true}), Reason::out_of_order);
  world.pass(world.attempt(attempt).allocation.limit_ms - 1);
  EXPECT_EQ(world.refused(AttemptLost{attempt, true}), Reason::out_of_order);
  world.pass(1);
  world.ok(AttemptLost{attempt, true});
}

TEST(Losses, OneThatIsFoundAgainGoesOnWhereItWas) {
  World world;
  JobId const job = world.submit(job_spec());
  AttemptId const attempt = world.run(job);
  world.ok(AttemptLost{attempt, false});
  EXPECT_EQ(world.job(job).status, JobStatus::lost);
  EXPECT_TRUE(world.state.jobs.contains(job)) << "its money is still disputed";
  EXPECT_EQ(world.state.tenants.at({"acme"}).jobs_open, 0);
  world.ok(AttemptAcknowledged{attempt, std::nullopt, sha256("remote")});
  EXPECT_EQ(world.job(job).status, JobStatus::running);
  EXPECT_EQ(world.state.card_use.at({{"wuhan"}, {"A100"}}).live_cards, 8);
  EXPECT_EQ(world.book(BookKind::tenant_disputed, "acme"), Money{0});
  world.end(attempt, Outcome::succeeded, 8 * ms_per_hour);
  EXPECT_EQ(world.finished.back().job.status, JobStatus::completed);
}

TEST(Losses, OneNeverSeenToStartIsFoundMissingAndCostsNothing) {
  World world;
  JobId const job = world.submit(job_spec());
  AttemptId const attempt = world.place(job);
  world.ok(DispatchIntended{attempt});
  world.pass(world.attempt(attempt).allocation.limit_ms);
  EXPECT_EQ(world.refused(AttemptLost{attempt, true}), Reason::out_of_order) << "it may still wait at the centre";
  world.ok(AttemptLost{attempt, false});
  world.ok(AttemptRefused{attempt, std::nullopt, Reason::dispatch_refused});
  EXPECT_EQ(world.job(job).status, JobStatus::queued);
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000));
}

TEST(Losses, OneFoundAfterItsClusterWasRemovedEndsButDoesNotGoOn) {
  World world;
  JobId const job = world.submit(job_spec());
  AttemptId const attempt = world.run(job);
  world.ok(AttemptLost{attempt, false});
  world.ok(ClusterStatusSet{by_ann(), {"wuhan"}, true, ClusterStatus::draining});
  ASSERT_FALSE(world.state.catalogue->clusters.contains({"wuhan"}));
  EXPECT_EQ(world.refused(AttemptAcknowledged{attempt, std::nullopt, sha256("remote")}), Reason::unknown_cluster);
  EXPECT_EQ(world.refused(AttemptStarted{attempt, world.now}), Reason::unknown_cluster);
  world.end(attempt, Outcome::succeeded, 8 * ms_per_hour);
  EXPECT_EQ(world.finished.back().job.status, JobStatus::completed);
  EXPECT_EQ(world.book(BookKind::tenant_free, "acme"), yuan(10'000 - 96));
}

TEST(Losses, ACancelledJobIsNotReopenedByWhatIsHeardLater) {
  World world;
  JobSpec spec = job_spec();
  spec.max_attempts = 5;
  JobId const job = world.submit(spec);
  AttemptId const attempt = world.run(job);
  world.pass(world.attempt(attempt).allocation.limit_ms);
  world.ok(AttemptLost{attempt, true});
  world.ok(JobCancelled{by_ann(), job});
  EXPECT_EQ(world.job(job).status, JobStatus::cancelled);
  EXPECT_EQ(world.refused(AttemptAcknowledged{attempt, std::nullopt, sha256("remote")}), Reason::job_already_final);
  world.end(attempt, Outcome::cluster_fault, 5'000);
  EXPECT_EQ(world.finished.back().job.status, JobStatus::cancelled);
  EXPECT_FALSE(world.state.jobs.contains(job));
}

}  // namespace
}  // namespace sluice::policy
