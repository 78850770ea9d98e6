// Colour refinement: a row's colour takes up the jobs and bids that use it, a job's colour the rows its bids use, all by sums, which no
// order changes. Lots make jobs distinct, so rows soon are; classes of equal jobs are then compared in full, never by colour alone.
#include "policy/assignment/canonical.hpp"

#include "policy/assignment/mixing.hpp"
#include "policy/assignment/solver.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

namespace sluice::assignment {

namespace {

constexpr int refinements_max = 3;

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

class Refinement {
 public:
  explicit Refinement(Problem const& problem)
      : problem_(problem), row_color_(problem.rows.size()), bundle_color_(problem.bundle_total()), job_color_(problem.jobs.size()) {
    for (std::size_t r = 0; r < row_color_.size(); ++r) {
      Row const& row = problem.rows[r];
      std::uint64_t const kind = std::to_underlying(row.kind) * 4'000'000'007ULL + static_cast<std::uint32_t>(row.shortfall_ppm);
      row_color_[r] = mix(mix(mix(kind) ^ bits(row.capacity)) ^ row.lot);
    }
  }

  Canonical run() {
    color_bundles();
    color_jobs();
    for (int i = 0; i < refinements_max && has_ties(); ++i) {
      color_rows();
      color_bundles();
      color_jobs();
    }
    Canonical canonical;
    canonical.row_at_rank.resize(row_color_.size());
    std::iota(canonical.row_at_rank.begin(), canonical.row_at_rank.end(), 0U);
    std::ranges::sort(canonical.row_at_rank, {}, [&](std::uint32_t row) { return std::pair{row_color_[row], row}; });
    canonical.rank_of_row.resize(row_color_.size());
    for (std::uint32_t rank = 0; rank < canonical.row_at_rank.size(); ++rank) canonical.rank_of_row[canonical.row_at_rank[rank]] = rank;
    canonical.bundle_color = std::move(bundle_color_);
    canonical.job_color = std::move(job_color_);
    return canonical;
  }

 private:
  std::uint64_t bid_color(std::size_t bid) const {
    std::uint64_t color = mix(bundle_color_[problem_.bid_bundle[bid]] + bits(problem_.bid_price[bid]) * 0xd1342543de82ef95ULL);
    if (!problem_.bid_fairness.empty()) color = mix(color + bits(problem_.bid_fairness[bid]));
    if (!problem_.bid_hold.empty()) color = mix(color + bits(problem_.bid_hold[bid]));
    if (!problem_.bid_draw.empty()) color = mix(color + bits(problem_.bid_draw[bid]));
    return color;
  }

  static std::uint64_t use_color(Use const& use) { return mix(bits(use.amount) * 4 + std::to_underlying(use.meter)); }

  void color_bundles() {
    for (std::size_t b = 0; b < bundle_color_.size(); ++b) {
      std::uint64_t color = 0x2545f4914f6cdd1dULL;
      for (std::uint32_t u = problem_.bundle_first[b]; u < problem_.bundle_first[b + 1]; ++u)
        color += mix(row_color_[problem_.uses[u].row] ^ use_color(problem_.uses[u]));
      bundle_color_[b] = mix(color);
    }
  }

  void color_jobs() {
    Job const* last = nullptr;
    std::uint64_t sum = 0;
    for (std::size_t j = 0; j < job_color_.size(); ++j) {
      Job const& job = problem_.jobs[j];
      if (!last || last->first_bid != job.first_bid || last->bid_count != job.bid_count) {
        sum = 0;
        for (std::size_t bid = job.first_bid; bid < std::size_t{job.first_bid} + job.bid_count; ++bid) sum += bid_color(bid);
      }
      job_color_[j] = mix(mix(sum ^ mix(bits(job.waiting_cost))) + (job.waiting_allowed ? 1 : 0));
      last = &job;
    }
  }

  /// Linear in the jobs, so that jobs that share a range may be summed first or not, with the same result.
  void color_rows() {
    std::vector<std::uint64_t> bundle_sum(bundle_color_.size(), 0);
    for (std::size_t j = 0; j < job_color_.size(); ++j) {
      Job const& job = problem_.jobs[j];
      std::uint64_t weight = job_weight(j);
      while (j + 1 < job_color_.size() && problem_.jobs[j + 1].first_bid == job.first_bid &&
             problem_.jobs[j + 1].bid_count == job.bid_count)
        weight += job_weight(++j);
      for (std::size_t bid = job.first_bid; bid < std::size_t{job.first_bid} + job.bid_count; ++bid)
        bundle_sum[problem_.bid_bundle[bid]] += bid_color(bid) * weight;
    }
    std::vector<std::uint64_t> row_sum(row_color_.size(), 0);
    for (std::size_t b = 0; b < bundle_sum.size(); ++b)
      for (std::uint32_t u = problem_.bundle_first[b]; u < problem_.bundle_first[b + 1]; ++u)
        row_sum[problem_.uses[u].row] += bundle_sum[b] * (use_color(problem_.uses[u]) | 1);
    for (std::size_t r = 0; r < row_color_.size(); ++r) row_color_[r] = mix(row_color_[r] ^ mix(row_sum[r]));
  }

  std::uint64_t job_weight(std::size_t j) const {
    return mix(job_color_[j] ^ mix(problem_.jobs[j].lot ^ (std::uint64_t{problem_.jobs[j].accepted_round} << 20)));
  }

  bool has_ties() const {
    std::vector<std::uint64_t> sorted = row_color_;
    std::ranges::sort(sorted);
    return std::ranges::adjacent_find(sorted) != sorted.end();
  }

  Problem const& problem_;
  std::vector<std::uint64_t> row_color_;
  std::vector<std::uint64_t> bundle_color_;
  std::vector<std::uint64_t> job_color_;
};

bool same_bundle(Problem const& problem, std::uint32_t a, std::uint32_t b) {
  if (a == b) return true;
  std::span<Use const> const left{problem.uses.data() + problem.bundle_first[a], problem.uses.data() + problem.bundle_first[a + 1]};
  std::span<Use const> const right{problem.uses.data() + problem.bundle_first[b], problem.uses.data() + problem.bundle_first[b + 1]};
  return std::ranges::equal(left, right,
                            [](Use const& x, Use const& y) { return x.row == y.row && x.meter == y.meter && x.amount == y.amount; });
}

bool same_bid(Problem const& problem, std::size_t a, std::size_t b) {
  auto const same = [a, b](std::vector<std::int64_t> const& array) { return array.empty() || array[a] == array[b]; };
  return problem.bid_price[a] == problem.bid_price[b] && same(problem.bid_fairness) && same(problem.bid_hold) && same(problem.bid_draw) &&
         same_bundle(problem, problem.bid_bundle[a], problem.bid_bundle[b]);
}

bool same_content(Problem const& problem, Canonical const& canonical, Job const& a, Job const& b) {
  if (a.waiting_cost != b.waiting_cost || a.waiting_allowed != b.waiting_allowed || a.bid_count != b.bid_count) return false;
  if (a.first_bid == b.first_bid) return true;
  bool equal = true;
  for (std::uint32_t i = 0; i < a.bid_count && equal; ++i)
    equal = same_bid(problem, std::size_t{a.first_bid} + i, std::size_t{b.first_bid} + i);
  if (equal) return true;
  return std::ranges::equal(ordered_bids(problem, canonical, a), ordered_bids(problem, canonical, b),
                            [&](std::uint32_t x, std::uint32_t y) { return same_bid(problem, x, y); });
}

struct JobKey {
  std::uint64_t color;
  std::uint64_t lot;
  std::uint32_t round;
  std::uint32_t job;
};

}  // namespace

std::vector<std::uint32_t> ordered_bids(Problem const& problem, Canonical const& canonical, Job const& job) {
  std::vector<std::uint32_t> bids(job.bid_count);
  std::iota(bids.begin(), bids.end(), job.first_bid);
  auto const money = [](std::vector<std::int64_t> const& array, std::uint32_t bid) { return array.empty() ? 0 : array[bid]; };
  std::ranges::sort(bids, {}, [&](std::uint32_t bid) {
    return std::tuple{problem.cost(bid),
                      problem.bid_price[bid],
                      money(problem.bid_hold, bid),
                      money(problem.bid_draw, bid),
                      canonical.bundle_color[problem.bid_bundle[bid]],
                      bid};
  });
  return bids;
}

std::uint32_t bid_of_copy(Problem const& problem, Canonical const& canonical, Job const& like, std::uint32_t bid, Job const& job) {
  std::uint32_t const offset = bid - like.first_bid;
  if (like.first_bid == job.first_bid || same_bid(problem, bid, job.first_bid + offset)) return job.first_bid + offset;
  std::vector<std::uint32_t> const from = ordered_bids(problem, canonical, like);
  auto const place = std::ranges::find(from, bid) - from.begin();
  return ordered_bids(problem, canonical, job)[static_cast<std::size_t>(place)];
}

Canonical canonicalise(Problem const& problem) {
  Canonical canonical = Refinement(problem).run();
  std::vector<JobKey> keys;
  keys.reserve(problem.jobs.size());
  for (std::uint32_t j = 0; j < problem.jobs.size(); ++j)
    keys.push_back({canonical.job_color[j], problem.jobs[j].lot, problem.jobs[j].accepted_round, j});
  std::ranges::sort(keys, [](JobKey const& a, JobKey const& b) {
    if (a.color != b.color) return a.color < b.color;
    return std::tie(a.round, a.lot, a.job) < std::tie(b.round, b.lot, b.job);
  });
  canonical.job_order.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    bool const merged = i > 0 && keys[i].color == keys[i - 1].color &&
                        same_content(problem, canonical, problem.jobs[keys[i - 1].job], problem.jobs[keys[i].job]);
    if (!merged) canonical.class_first.push_back(static_cast<std::uint32_t>(i));
    canonical.job_order.push_back(keys[i].job);
  }
  canonical.class_first.push_back(static_cast<std::uint32_t>(keys.size()));
  return canonical;
}

std::vector<std::uint32_t> canonical_order(Problem const& problem) {
  Canonical const canonical = canonicalise(problem);
  std::vector<std::uint32_t> order = canonical.job_order;
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple{problem.jobs[a].accepted_round, canonical.job_color[a], problem.jobs[a].lot} <
           std::tuple{problem.jobs[b].accepted_round, canonical.job_color[b], problem.jobs[b].lot};
  });
  return order;
}

}  // namespace sluice::assignment
