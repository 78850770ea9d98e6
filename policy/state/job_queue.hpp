// The waiting jobs as immutable shared chunks: a round pins them for the price of copying one pointer per chunk.
#pragma once

#include "policy/state/records.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

/// A pinned view of all waiting jobs; stays as it was while the queue moves on. Order is of no meaning.
class PinnedQueue {
 public:
  using Chunk = std::vector<std::shared_ptr<Job const>>;
  explicit PinnedQueue(std::vector<std::shared_ptr<Chunk const>> chunks, std::size_t size) : chunks_(std::move(chunks)), size_(size) {}
  PinnedQueue() = default;
  std::size_t size() const { return size_; }
  /// Calls visit(std::shared_ptr<const Job> const&) for each waiting job.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto const& chunk : chunks_)
      for (auto const& job : *chunk) visit(job);
  }

 private:
  std::vector<std::shared_ptr<Chunk const>> chunks_;
  std::size_t size_ = 0;
};

/// Holds the waiting jobs. A change copies one chunk if a view pins it, and none otherwise. Not thread-safe; views are.
class JobQueue {
 public:
  static constexpr std::size_t chunk_jobs = 512;

  JobQueue();
  void insert(std::shared_ptr<Job const> job);   ///< REQUIRES: not present
  void replace(std::shared_ptr<Job const> job);  ///< REQUIRES: present
  void erase(JobId id);                          ///< REQUIRES: present
  bool contains(JobId id) const { return places_[shard_of(id)].contains(id.value); }
  std::size_t size() const { return size_; }
  PinnedQueue pin() const;
  std::size_t table_buckets() const;  ///< of all shards: what a growing one costs its writer shows here

 private:
  using Chunk = PinnedQueue::Chunk;
  struct Place {
    std::uint32_t chunk;
    std::uint32_t slot;
  };
  Chunk& writable(std::size_t chunk);
  static constexpr std::size_t shards = 64;
  static constexpr std::size_t shard_of(JobId id) { return id.value % shards; }
  Place& place_of(JobId id);

  std::vector<std::shared_ptr<Chunk>> chunks_;  // all full but the last: an erased job is replaced by the last one
  std::size_t size_ = 0;
  // In shards, because a table of a million holds its writer up for tens of milliseconds whenever it grows; each grows at a load of its
  // own, because ids that follow each other would make all of them grow at once.
  std::array<std::unordered_map<std::uint64_t, Place>, shards> places_;
};

}  // namespace sluice::policy
