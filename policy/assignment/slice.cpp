// Gathers slices; bids that no plan could use, or that lose to waiting at any price, are left out.
#include "policy/assignment/slice.hpp"

#include <cmath>

namespace sluice::assignment {

namespace {

constexpr double never = 1e300;

/// Closes an item whose arcs have been appended; drops it when it has none.
void close_item(Core const& core, Slice& slice, std::size_t k) {
  Job const& job = core.job_of_class(k);
  std::size_t const first = slice.first.back();
  if (slice.bid.size() == first) return;
  Int128 sum = 0;
  for (std::size_t a = first; a < slice.bid.size(); ++a) sum += std::abs(core.problem.cost(slice.bid[a]));
  auto scale = static_cast<std::int64_t>(sum / static_cast<Int128>(slice.bid.size() - first));
  if (scale == 0 && job.waiting_allowed) scale = std::abs(job.waiting_cost);
  slice.scale.push_back(scale > 0 ? static_cast<double>(scale) : 1.0);
  slice.waiting.push_back(job.waiting_allowed ? static_cast<double>(job.waiting_cost) : never);
  slice.copies.push_back(core.copies(k));
  slice.first.push_back(static_cast<std::uint32_t>(slice.bid.size()));
}

void append_arc(Core const& core, Slice& slice, std::size_t bid) {
  slice.bid.push_back(static_cast<std::uint32_t>(bid));
  slice.kind.push_back(core.kind_of_bundle[core.problem.bid_bundle[bid]]);
  slice.cost.push_back(static_cast<double>(core.problem.cost(bid)));
  if (!core.any_metered) return;
  Problem const& problem = core.problem;
  if (!problem.bid_fairness.empty()) slice.price.push_back(static_cast<double>(problem.bid_price[bid]));
  if (!problem.bid_hold.empty()) slice.hold.push_back(static_cast<double>(problem.bid_hold[bid]));
  if (!problem.bid_draw.empty()) slice.draw.push_back(static_cast<double>(problem.bid_draw[bid]));
}

}  // namespace

Slice sample_slice(Core const& core, std::size_t arcs_max) {
  Slice slice;
  std::uint64_t jobs = 0;
  std::size_t arcs = 0;
  for (std::size_t k = 0; k < core.class_total() && arcs < arcs_max; ++k) arcs += core.job_of_class(k).bid_count;
  slice.bid.reserve(arcs);
  slice.kind.reserve(arcs);
  slice.cost.reserve(arcs);
  for (std::size_t k = 0; k < core.class_total() && slice.bid.size() < arcs_max; ++k) {
    Job const& job = core.job_of_class(k);
    for (std::size_t bid = job.first_bid; bid < std::size_t{job.first_bid} + job.bid_count; ++bid)
      if (core.fits(bid) && !loses_to_waiting(core, job, bid)) append_arc(core, slice, bid);
    close_item(core, slice, k);
    jobs += core.copies(k);
  }
  if (!core.problem.jobs.empty()) slice.fraction = static_cast<double>(jobs) / static_cast<double>(core.problem.jobs.size());
  return slice;
}

Slice candidate_slice(Core const& core, Candidates const& candidates) {
  Slice slice;
  slice.bid.reserve(candidates.bid.size());
  slice.kind.reserve(candidates.bid.size());
  slice.cost.reserve(candidates.bid.size());
  for (std::size_t k = 0; k < core.class_total(); ++k) {
    for (std::uint32_t a = candidates.first[k]; a < candidates.first[k + 1]; ++a) append_arc(core, slice, candidates.bid[a]);
    close_item(core, slice, k);
  }
  return slice;
}

}  // namespace sluice::assignment
