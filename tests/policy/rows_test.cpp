// The state as rows: read back bit for bit, in key order, and nothing but what was written.
#include "policy/invariants.hpp"
#include "policy/state/row_codec.hpp"
#include "policy/state/row_keys.hpp"
#include "tests/policy/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace sluice::policy {
namespace {

using testing::job_spec;
using testing::loaded;
using testing::rows_of;
using testing::World;

World busy_world() {
  World world;
  world.ok(ProgrammeDefined{testing::by_ann(), testing::programme_definition()});
  world.ok(EntitlementIssued{yuan(500), testing::by_ann(), {}, {"acme"}, {"wuhan-2026"}, 1, world.now, {world.now.ms + 90 * ms_per_day}});
  EntitlementId const voucher{world.last_sequence()};
  world.ok(QuotaSet{testing::by_ann(), 40, {"wuhan"}, {"acme"}});
  JobSpec spec = job_spec();
  spec.deadline = Timestamp{world.now.ms + 20 * ms_per_hour};
  spec.data_regions = {{420'000}};
  world.run(world.submit(spec), "wuhan", "Ascend910B", voucher);
  world.place(world.submit(spec));
  world.submit(spec);
  spec.deadline.reset();
  world.submit(spec);
  OverrideAction refund;
  refund.amount = yuan(5);
  refund.tenant = TenantName{"acme"};
  world.ok(OverrideProposed{refund, testing::by_ann()});
  return world;
}

TEST(Rows, AStateLoadedFromItsRowsIsTheSameState) {
  World const world = busy_world();
  auto const rows = rows_of(world.state);
  auto const again = loaded(rows);
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(rows_of(*again), rows);
  EXPECT_EQ(digest(*again), digest(world.state));
  EXPECT_EQ(check_all(*again), std::nullopt);
  EXPECT_EQ(again->due, world.state.due);
  EXPECT_EQ(again->voucher_holds, world.state.voucher_holds);
  EXPECT_FALSE(again->voucher_holds.empty());
  EXPECT_EQ(again->queue.size(), world.state.queue.size());
  EXPECT_EQ(again->catalogue->programme_in_force, world.state.catalogue->programme_in_force);
}

TEST(Rows, ComeInKeyOrderAndCanBeAskedForOneByOne) {
  World const world = busy_world();
  std::string last;
  std::set<std::uint8_t> tables;
  for (auto const& [key, value] : rows_of(world.state)) {
    EXPECT_LT(last, key);
    EXPECT_EQ(row_value(world.state, key), value);
    tables.insert(static_cast<std::uint8_t>(key.front()));
    last = key;
  }
  EXPECT_EQ(tables.size(), 18u) << "every table but the equivalence table has a row in this world";
  EXPECT_EQ(row_value(world.state, last + "x"), std::nullopt);
}

TEST(Rows, NoRowsAreTheStateBeforeGenesis) {
  auto const empty = loaded({});
  ASSERT_TRUE(empty);
  EXPECT_EQ(digest(*empty), digest(State{}));
}

TEST(Rows, ChangedRowsKeepASnapshotTrueFromTheFirstEntryOn) {
  World world;  // takes its changed rows itself; drive a second state beside it
  State state;
  std::map<std::string, std::string> snapshot;
  auto const step = [&](Event const& event) {
    ASSERT_TRUE(apply(state, world.now, event)) << type_of(event);
    for (RowChange const& change : take_changed_rows(state)) {
      if (change.value) {
        snapshot[change.key] = *change.value;
      } else {
        snapshot.erase(change.key);
      }
    }
    auto const rows = rows_of(state);
    EXPECT_TRUE(
        std::ranges::equal(snapshot, rows, [](auto const& a, auto const& b) { return a.first == b.first && a.second == b.second; }));
  };
  step(Genesis{"sluice.example/log"});
  step(EngineActivated{1});
  step(testing::key("k-ann", "ann", Role::operator_, testing::by_socket()));
  step(ClusterDefined{testing::by_ann(), testing::cluster_definition("wuhan")});
  step(ClusterStatusSet{testing::by_ann(), {"wuhan"}, true, ClusterStatus::draining});
  step(ClusterRemoved{{"wuhan"}});
  EXPECT_TRUE(take_changed_rows(state).empty());
}

TEST(Rows, TruncatedSwappedOrForeignRowsAreErrors) {
  World const world = busy_world();
  auto const rows = rows_of(world.state);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto broken = rows;
    broken[i].second.push_back('\0');
    EXPECT_FALSE(loaded(broken)) << i;
    if (!rows[i].second.empty()) {
      broken = rows;
      broken[i].second.pop_back();
      EXPECT_FALSE(loaded(broken)) << i;
    }
  }
  auto swapped = rows;
  std::swap(swapped[3], swapped[4]);
  EXPECT_FALSE(loaded(swapped));
  auto foreign = rows;
  foreign.emplace_back("\x7f", "");
  EXPECT_FALSE(loaded(foreign));
  auto beheaded = rows;
  beheaded.erase(beheaded.begin());
  EXPECT_FALSE(loaded(beheaded));
}

// Whatever bytes a row holds, loading ends in a state or in an error. Run under the sanitizers this also proves the absence of UB.
TEST(Rows, RandomDamageIsAnErrorOrAnotherValidState) {
  World const world = busy_world();
  auto const rows = rows_of(world.state);
  std::mt19937_64 random(7);
  int errors = 0;
  for (int round = 0; round < 3'000; ++round) {
    auto damaged = rows;
    auto& [key, value] = damaged[random() % damaged.size()];
    std::string& target = random() % 8 == 0 ? key : value;
    if (target.empty()) continue;
    for (std::uint64_t n = random() % 3 + 1; n-- > 0;) target[random() % target.size()] = static_cast<char>(random() & 0xFF);
    auto const state = loaded(damaged);
    if (!state) {
      ++errors;
      EXPECT_FALSE(state.error().empty());
    } else {
      EXPECT_EQ(rows_of(*state), damaged) << "only canonical bytes may be read";
    }
  }
  EXPECT_GT(errors, 500);
}

TEST(RowCodec, IntegersHaveOneForm) {
  for (std::uint64_t const value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX}) {
    std::string bytes;
    row::put_unsigned(bytes, value);
    row::Reader reader(bytes);
    EXPECT_EQ(reader.read_unsigned(), value);
    EXPECT_TRUE(reader.ok() && reader.at_end());
  }
  for (std::string_view const bad :
       {std::string_view("\x80\x00", 2), std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), std::string_view("\x80")}) {
    row::Reader reader(bad);
    reader.read_unsigned();
    EXPECT_FALSE(reader.ok());
    EXPECT_NE(reader.error(), "");
  }
  for (std::int64_t const value : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX})
    EXPECT_EQ(row::un_zig_zag(row::zig_zag(value)), value);
}

TEST(Rows, AFinishedJobReadsBackFromHistory) {
  World world;
  JobId const job = world.submit(job_spec());
  world.end(world.run(job), Outcome::succeeded, 8 * ms_per_hour);
  ASSERT_EQ(world.finished.size(), 1u);
  FinishedJob const& finished = world.finished.front();
  EXPECT_EQ(finished.job.id, job);
  EXPECT_EQ(finished.job.status, JobStatus::completed);
  ASSERT_EQ(finished.attempts.size(), 1u);
  EXPECT_EQ(finished.attempts.front().settlement->net, yuan(96));
  EXPECT_FALSE(world.state.jobs.contains(job));
  std::string const bytes = encode_finished_job(finished);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_finished_job(std::string_view(bytes).substr(0, size)));
  EXPECT_LT(history_key({255}), history_key({256}));
  EXPECT_LT(tenant_index_key({"ab"}, {9}), tenant_index_key({"abc"}, {1}));
}

// A million jobs: what they cost in memory is for the bench to say; here that loading is linear and quick enough to restart with.
TEST(Rows, ManyJobsLoadQuickly) {
  World world;
  JobId const one = world.submit(job_spec());
  auto rows = rows_of(world.state);
  auto const first = std::ranges::find_if(rows, [](auto const& row) { return row.first.front() == 18; });
  ASSERT_NE(first, rows.end());
  Job job = world.job(one);
  std::size_t const at = static_cast<std::size_t>(first - rows.begin());
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    job.id.value = one.value + n;
    std::string key(1, '\x12');
    row::put_be64(key, job.id.value);
    std::string value;
    row::put(value, job);
    rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(at + n), {std::move(key), std::move(value)});
  }
  auto const state = loaded(rows);
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(state->queue.size(), 20'001u);
  EXPECT_EQ(state->jobs.rbegin()->second->id.value, one.value + 20'000);
}

}  // namespace
}  // namespace sluice::policy
