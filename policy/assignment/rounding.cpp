// Greedy rounding along the Lagrangian prices.
#include "policy/assignment/rounding.hpp"

#include "policy/assignment/certificate.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::assignment {

namespace {

/// How much of its tightest row the bid fills, 0 … 1.
double size_of(Core const& core, std::uint32_t bid) {
  double size = 0;
  for (CoreUse const& use : core.uses_of_bundle(core.problem.bid_bundle[bid]))
    if (!core.is_minimum[use.row] && core.capacity[use.row] > 0)
      size = std::max(size, static_cast<double>(core.amount(bid, use)) / static_cast<double>(core.capacity[use.row]));
  return size;
}

struct ClassKey {
  double key;
  std::uint32_t k;
};

/// Classes in the given order; ties by canonical order.
std::vector<std::uint32_t> ordered_classes(Core const& core, Candidates const& candidates, RoundingOrder order) {
  std::vector<ClassKey> keys;
  keys.reserve(core.class_total());
  for (std::uint32_t k = 0; k < core.class_total(); ++k) {
    std::uint32_t const first = candidates.first[k];
    std::uint32_t const count = candidates.first[k + 1] - first;
    if (count == 0) continue;
    Job const& job = core.job_of_class(k);
    double const size = size_of(core, candidates.bid[first]);
    std::int64_t second = job.waiting_allowed ? job.waiting_cost << core.price_shift : priced_limit;
    if (count > 1) second = std::min(second, candidates.priced[first + 1]);
    double const regret = static_cast<double>(second - candidates.priced[first]);
    double const cost = static_cast<double>(std::abs(candidates.priced[first])) + 1;
    double key = 0;
    switch (order) {
      case RoundingOrder::big_first:
        key = size;
        break;
      case RoundingOrder::certain_first:
        key = regret;
        break;
      case RoundingOrder::certain_big:
        key = regret > cost * 0.02 ? 2 + size : size;
        break;
      case RoundingOrder::saving_first:
        key = (static_cast<double>(job.waiting_cost - core.problem.cost(candidates.bid[first]))) / (size + 1e-9);
        break;
    }
    keys.push_back({key, k});
  }
  std::ranges::sort(keys, [](ClassKey const& a, ClassKey const& b) { return a.key != b.key ? a.key > b.key : a.k < b.k; });
  std::vector<std::uint32_t> classes;
  classes.reserve(keys.size());
  for (ClassKey const& key : keys) classes.push_back(key.k);
  return classes;
}

}  // namespace

void round_greedily(Core const& core, Candidates const& candidates, RoundingOrder order, Board& board) {
  for (std::uint32_t const k : ordered_classes(core, candidates, order)) {
    std::uint32_t next = candidates.first[k];
    std::uint32_t const last = candidates.first[k + 1];
    for (std::uint32_t p = core.canonical.class_first[k]; p < core.canonical.class_first[k + 1]; ++p) {
      if (board.choice(p) != waiting) continue;
      // What did not fit one copy does not fit the next.
      while (next < last && (!board.fits(candidates.bid[next]) || board.added_cost(p, candidates.bid[next]) > 0)) ++next;
      if (next == last) break;
      board.place(p, candidates.bid[next]);
    }
  }
}

void fill(Core const& core, Candidates const& candidates, Board& board) {
  for (std::uint32_t k = 0; k < core.class_total(); ++k) {
    Job const& job = core.job_of_class(k);
    bool stuck = false;
    for (std::uint32_t p = core.canonical.class_first[k]; p < core.canonical.class_first[k + 1]; ++p) {
      std::uint32_t const old = board.choice(p);
      if (old == waiting && stuck) continue;
      if (old != waiting) board.remove(p);
      std::uint32_t best = waiting;
      std::int64_t least = 0;
      auto const color = [&](std::uint32_t bid) { return core.canonical.bundle_color[core.problem.bid_bundle[bid]]; };
      auto const look_at = [&](std::uint32_t bid) {
        std::int64_t const added = board.added_cost(p, bid);
        if (added > least || (added == least && best != waiting && color(bid) >= color(best)) || !board.fits(bid)) return;
        least = added;
        best = bid;
      };
      if (old != waiting) look_at(old);
      for (std::uint32_t c = candidates.first[k]; c < candidates.first[k + 1]; ++c) look_at(candidates.bid[c]);
      if (best == waiting)
        for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) look_at(bid);
      if (best != waiting)
        board.place(p, best);
      else
        stuck = true;
    }
  }
}

}  // namespace sluice::assignment
