// The queue: pins that hold still, and tables that grow without holding anyone up.
#include "policy/state/job_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <utility>

namespace sluice::policy {
namespace {

// Ids that follow each other fill all shards alike: were all to grow at once, one submission would wait for all of them.
TEST(JobQueueTest, ShardsGrowOneAfterTheOther) {
  JobQueue queue;
  std::size_t buckets = queue.table_buckets();
  for (std::uint64_t id = 1; id <= 200'000; ++id) {
    auto job = std::make_shared<Job>();
    job->id = {id};
    queue.insert(std::move(job));
    if (id % 64 != 0) continue;
    std::size_t const grown = queue.table_buckets() - std::exchange(buckets, queue.table_buckets());
    if (id < 20'000) continue;  // small tables grow fast, and cost nothing
    EXPECT_LE(grown, buckets / 10) << id;
  }
}

TEST(JobQueueTest, PinsKeepTheirJobsThroughAnyChange) {
  JobQueue queue;
  auto const with_id = [](std::uint64_t id) {
    auto job = std::make_shared<Job>();
    job->id = {id};
    return job;
  };
  for (std::uint64_t id = 0; id < 1'500; ++id) queue.insert(with_id(id));
  PinnedQueue const pinned = queue.pin();
  for (std::uint64_t id = 0; id < 1'500; id += 2) queue.erase({id});
  for (std::uint64_t id = 1; id < 1'500; id += 4) {
    auto job = with_id(id);
    job->attempts = 9;
    queue.replace(job);
  }
  queue.insert(with_id(9'000));
  std::set<std::uint64_t> seen;
  pinned.for_each([&](std::shared_ptr<Job const> const& job) {
    seen.insert(job->id.value);
    EXPECT_EQ(job->attempts, 0);
  });
  EXPECT_EQ(seen.size(), 1'500u);
  EXPECT_EQ(pinned.size(), 1'500u);
  std::set<std::uint64_t> now;
  queue.pin().for_each([&](std::shared_ptr<Job const> const& job) { now.insert(job->id.value); });
  EXPECT_EQ(now.size(), 751u);
  EXPECT_EQ(queue.size(), 751u);
  EXPECT_TRUE(now.contains(9'000) && !now.contains(0) && now.contains(1'499));
}

}  // namespace
}  // namespace sluice::policy
