// Work in a fixed number of chunks on any number of threads, so that the result never depends on how many there are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace sluice::assignment {

/// Calls work(chunk) for 0 ≤ chunk < chunks; chunk i runs on thread i mod threads. Returns when all are done.
template <typename Work>
void for_each_chunk(std::uint32_t threads, std::uint32_t chunks, Work const& work) {
  std::uint32_t const used = std::clamp<std::uint32_t>(threads, 1, std::max<std::uint32_t>(chunks, 1));
  auto const run = [&](std::uint32_t thread) {
    for (std::uint32_t chunk = thread; chunk < chunks; chunk += used) work(chunk);
  };
  std::vector<std::jthread> others;
  others.reserve(used - 1);
  for (std::uint32_t thread = 1; thread < used; ++thread) others.emplace_back(run, thread);
  run(0);
}

struct Range {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// The part of 0 … total that belongs to a chunk.
inline Range chunk_range(std::size_t total, std::uint32_t chunk, std::uint32_t chunks) {
  return {total * chunk / chunks, total * (chunk + 1) / chunks};
}

}  // namespace sluice::assignment
