// Integer passes over all bids, in chunks; sums are exact, so their order does not matter.
#include "policy/assignment/lagrangian.hpp"

#include "policy/assignment/parallel.hpp"

#include <algorithm>
#include <limits>

namespace sluice::assignment {

namespace {

constexpr std::uint32_t chunks = 64;
constexpr std::int64_t useless = std::numeric_limits<std::int64_t>::max();

std::int64_t saturate(Int128 value) { return static_cast<std::int64_t>(std::clamp<Int128>(value, -priced_limit, priced_limit)); }

std::int64_t waiting_priced(Core const& core, Job const& job) { return job.waiting_cost << core.price_shift; }

std::int64_t least_of(Core const& core, Pricing const& pricing, Job const& job) {
  std::int64_t least = job.waiting_allowed ? waiting_priced(core, job) : priced_limit;
  bool any = job.waiting_allowed;
  for (std::size_t bid = job.first_bid; bid < std::size_t{job.first_bid} + job.bid_count; ++bid) {
    std::int64_t const value = pricing.priced(bid);
    if (value < least && core.fits(bid)) {
      least = value;
      any = true;
    }
  }
  return any ? least : waiting_priced(core, job);
}

}  // namespace

Pricing::Pricing(Core const& core, Prices const& prices) : core_(core), prices_(prices), fixed_(core.problem.bundle_total()) {
  for (std::uint32_t b = 0; b < fixed_.size(); ++b) {
    Int128 sum = 0;
    for (CoreUse const& use : core.uses_of_bundle(b)) {
      if (use.meter != Meter::fixed) continue;
      Int128 const part = Int128{prices[use.row]} * use.amount;
      sum += core.is_minimum[use.row] ? -part : part;
    }
    fixed_[b] = saturate(sum);
  }
}

std::int64_t Pricing::metered(std::size_t bid, std::uint32_t bundle, std::int64_t value) const {
  Int128 sum = value;
  for (CoreUse const& use : core_.uses_of_bundle(bundle)) {
    if (use.meter == Meter::fixed || prices_[use.row] == 0) continue;
    Int128 const part = Int128{prices_[use.row]} * core_.amount(bid, use);
    sum += core_.is_minimum[use.row] ? -part : part;
  }
  return saturate(sum);
}

std::int64_t bound_of(Core const& core, Prices const& prices, std::uint32_t threads) {
  Pricing const pricing(core, prices);
  std::vector<Int128> part(chunks, 0);
  for_each_chunk(threads, chunks, [&](std::uint32_t chunk) {
    Range const range = chunk_range(core.class_total(), chunk, chunks);
    Int128 sum = 0;
    for (std::size_t k = range.first; k < range.last; ++k) sum += Int128{least_of(core, pricing, core.job_of_class(k))} * core.copies(k);
    part[chunk] = sum;
  });
  Int128 sum = 0;
  for (Int128 const value : part) sum += value;
  for (std::size_t r = 0; r < core.row_total(); ++r) {
    Int128 const value = Int128{prices[r]} * core.capacity[r];
    sum += core.is_minimum[r] ? value : -value;
  }
  return saturate(-(-sum >> core.price_shift));  // rounded up: costs are whole numbers
}

Candidates candidates_of(Core const& core, Prices const& prices, std::uint32_t most, std::int64_t slack, std::uint32_t threads) {
  struct Found {
    std::int64_t priced;
    std::int64_t cost;
    std::uint64_t color;
    std::uint32_t bid;
    auto operator<=>(Found const&) const = default;
  };
  struct Part {
    std::vector<std::uint32_t> count;
    std::vector<std::uint32_t> bid;
    std::vector<std::int64_t> priced;
    std::vector<std::int64_t> least;
  };
  Pricing const pricing(core, prices);
  std::vector<Part> parts(chunks);
  for_each_chunk(threads, chunks, [&](std::uint32_t chunk) {
    Range const range = chunk_range(core.class_total(), chunk, chunks);
    Part& part = parts[chunk];
    std::vector<Found> found;
    std::vector<std::int64_t> value;
    std::vector<std::int64_t> ranked;
    for (std::size_t k = range.first; k < range.last; ++k) {
      Job const& job = core.job_of_class(k);
      value.resize(job.bid_count);
      std::int64_t least = job.waiting_allowed ? waiting_priced(core, job) : priced_limit;
      std::size_t useful = 0;
      ranked.clear();
      for (std::uint32_t i = 0; i < job.bid_count; ++i) {
        std::size_t const bid = std::size_t{job.first_bid} + i;
        value[i] = useless;
        if (!core.fits(bid) || loses_to_waiting(core, job, bid)) continue;
        value[i] = pricing.priced(bid);
        least = std::min(least, value[i]);
        ranked.push_back(value[i]);
        ++useful;
      }
      // A saturated sum keeps "no slack limit" from overflowing.
      std::int64_t limit = saturate(Int128{least} + slack);
      if (useful > most) {
        std::nth_element(ranked.begin(), ranked.begin() + (most - 1), ranked.end());
        limit = std::min(limit, ranked[most - 1]);
      }
      found.clear();
      for (std::uint32_t i = 0; i < job.bid_count; ++i) {
        if (value[i] > limit) continue;
        std::uint32_t const bid = job.first_bid + i;
        found.push_back({value[i], core.problem.cost(bid), core.canonical.bundle_color[core.problem.bid_bundle[bid]], bid});
      }
      std::ranges::sort(found);
      std::size_t const kept = std::min<std::size_t>(found.size(), most);
      for (std::size_t i = 0; i < kept; ++i) {
        part.bid.push_back(found[i].bid);
        part.priced.push_back(found[i].priced);
      }
      part.count.push_back(static_cast<std::uint32_t>(kept));
      part.least.push_back(least);
    }
  });
  Candidates all;
  all.first.reserve(core.class_total() + 1);
  all.first.push_back(0);
  std::size_t total = 0;
  for (Part const& part : parts) total += part.bid.size();
  all.bid.reserve(total);
  all.priced.reserve(total);
  all.least.reserve(core.class_total());
  for (Part& part : parts) {
    for (std::uint32_t const count : part.count) all.first.push_back(all.first.back() + count);
    all.bid.insert(all.bid.end(), part.bid.begin(), part.bid.end());
    all.priced.insert(all.priced.end(), part.priced.begin(), part.priced.end());
    all.least.insert(all.least.end(), part.least.begin(), part.least.end());
    part = Part{};
  }
  return all;
}

}  // namespace sluice::assignment
