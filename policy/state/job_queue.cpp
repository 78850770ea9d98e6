// Waiting jobs in chunks that a view may share.
#include "policy/state/job_queue.hpp"

#include <atomic>
#include <cassert>
#include <numeric>

namespace sluice::policy {

JobQueue::JobQueue() {
  for (std::size_t i = 0; i < shards; ++i) places_[i].max_load_factor(0.5F + 0.5F * static_cast<float>(i) / static_cast<float>(shards));
}

JobQueue::Chunk& JobQueue::writable(std::size_t chunk) {
  std::shared_ptr<Chunk>& held = chunks_[chunk];
  if (held.use_count() > 1) {
    auto copy = std::make_shared<Chunk>();
    copy->reserve(chunk_jobs);
    *copy = *held;
    held = std::move(copy);
  } else {
    // A view that has just let go may have read this chunk on another thread: its reads come before our writes.
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  return *held;
}

JobQueue::Place& JobQueue::place_of(JobId id) {
  auto& shard = places_[shard_of(id)];
  auto const it = shard.find(id.value);
  assert(it != shard.end());
  return it->second;
}

void JobQueue::insert(std::shared_ptr<Job const> job) {
  assert(!contains(job->id));
  if (chunks_.empty() || chunks_.back()->size() == chunk_jobs) {
    chunks_.push_back(std::make_shared<Chunk>());
    chunks_.back()->reserve(chunk_jobs);
  }
  Chunk& last = writable(chunks_.size() - 1);
  Place const place{static_cast<std::uint32_t>(chunks_.size() - 1), static_cast<std::uint32_t>(last.size())};
  places_[shard_of(job->id)].emplace(job->id.value, place);
  ++size_;
  last.push_back(std::move(job));
}

void JobQueue::replace(std::shared_ptr<Job const> job) {
  Place const place = place_of(job->id);
  writable(place.chunk)[place.slot] = std::move(job);
}

void JobQueue::erase(JobId id) {
  Place const hole = place_of(id);
  places_[shard_of(id)].erase(id.value);
  --size_;
  Chunk& last = writable(chunks_.size() - 1);
  if (hole.chunk != chunks_.size() - 1 || hole.slot != last.size() - 1) {
    std::shared_ptr<Job const> moved = last.back();
    place_of(moved->id) = hole;
    writable(hole.chunk)[hole.slot] = std::move(moved);
  }
  last.pop_back();
  if (last.empty()) chunks_.pop_back();
}

std::size_t JobQueue::table_buckets() const {
  return std::accumulate(places_.begin(), places_.end(), std::size_t{0},
                         [](std::size_t sum, auto const& shard) { return sum + shard.bucket_count(); });
}

PinnedQueue JobQueue::pin() const { return PinnedQueue({chunks_.begin(), chunks_.end()}, size_); }

}  // namespace sluice::policy
