// Sharing of bundles while a problem is built.
#include "policy/assignment/builder.hpp"

#include "policy/assignment/mixing.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::assignment {

std::uint32_t Builder::add_row(Row const& row) {
  problem_.rows.push_back(row);
  return static_cast<std::uint32_t>(problem_.rows.size() - 1);
}

std::uint32_t Builder::add_job(Job const& job) {
  problem_.jobs.push_back(job);
  problem_.jobs.back().first_bid = static_cast<std::uint32_t>(problem_.bid_total());
  problem_.jobs.back().bid_count = 0;
  return static_cast<std::uint32_t>(problem_.jobs.size() - 1);
}

std::uint32_t Builder::add_job_like(Job const& job, std::uint32_t earlier) {
  Job added = job;
  added.first_bid = problem_.jobs[earlier].first_bid;
  added.bid_count = problem_.jobs[earlier].bid_count;
  problem_.jobs.push_back(added);
  return static_cast<std::uint32_t>(problem_.jobs.size() - 1);
}

std::uint32_t Builder::add_bid(BidMoney const& money, std::span<Use const> uses, std::uint32_t tag) {
  assert(!problem_.jobs.empty() && "add_job comes first");
  Job& job = problem_.jobs.back();
  std::size_t const bid = problem_.bid_total();
  assert(job.first_bid + job.bid_count == bid && "bids follow their own job");
  problem_.bid_bundle.push_back(bundle_of(uses, tag));
  problem_.bid_price.push_back(money.price);
  // A money array starts when its first non-zero value comes.
  auto const append = [bid](std::vector<std::int64_t>& array, std::int64_t value) {
    if (array.empty() && value == 0) return;
    array.resize(bid, 0);
    array.push_back(value);
  };
  append(problem_.bid_fairness, money.fairness);
  append(problem_.bid_hold, money.hold);
  append(problem_.bid_draw, money.draw);
  ++job.bid_count;
  return static_cast<std::uint32_t>(bid);
}

std::uint32_t Builder::bundle_of(std::span<Use const> uses, std::uint32_t tag) {
  sorted_.assign(uses.begin(), uses.end());
  std::ranges::stable_sort(sorted_, {}, &Use::row);
  std::size_t kept = 0;
  for (Use const& use : sorted_) {
    if (use.amount == 0) continue;
    if (kept > 0 && sorted_[kept - 1].row == use.row) {
      assert(sorted_[kept - 1].meter == use.meter && "one meter per row");
      sorted_[kept - 1].amount += use.amount;
    } else {
      sorted_[kept++] = use;
    }
  }
  sorted_.resize(kept);
  std::uint64_t hash = mix(tag);
  for (Use const& use : sorted_)
    hash = mix(hash ^ mix(use.row * 4ULL + std::to_underlying(use.meter)) ^ static_cast<std::uint64_t>(use.amount));
  auto const [first, last] = bundle_by_hash_.equal_range(hash);
  auto const same_use = [](Use const& a, Use const& b) { return a.row == b.row && a.meter == b.meter && a.amount == b.amount; };
  for (auto it = first; it != last; ++it) {
    std::uint32_t const bundle = it->second;
    std::span<Use const> const known{problem_.uses.data() + problem_.bundle_first[bundle],
                                     problem_.uses.data() + problem_.bundle_first[bundle + 1]};
    if (problem_.bundle_tag[bundle] == tag && std::ranges::equal(known, sorted_, same_use)) return bundle;
  }
  auto const bundle = static_cast<std::uint32_t>(problem_.bundle_total());
  problem_.uses.insert(problem_.uses.end(), sorted_.begin(), sorted_.end());
  problem_.bundle_first.push_back(static_cast<std::uint32_t>(problem_.uses.size()));
  problem_.bundle_tag.push_back(tag);
  bundle_by_hash_.emplace(hash, bundle);
  return bundle;
}

Problem Builder::finish() {
  for (auto* array : {&problem_.bid_fairness, &problem_.bid_hold, &problem_.bid_draw})
    if (!array->empty()) array->resize(problem_.bid_total(), 0);
  bundle_by_hash_.clear();
  return std::exchange(problem_, Problem{});
}

}  // namespace sluice::assignment
