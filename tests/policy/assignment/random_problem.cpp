// Problems drawn at random, permuted at random, and solved by trying everything.
#include "tests/policy/assignment/random_problem.hpp"

#include "policy/assignment/builder.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace sluice::assignment::testing {

namespace {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  std::uint64_t bits() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

template <typename T>
std::vector<std::uint32_t> shuffled(std::size_t count, T& engine) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[engine() % i]);
  return order;
}

/// Depth-first over jobs; costs may be negative, so nothing is pruned but broken limits.
struct Exhaustive {
  Problem const& problem;
  std::vector<Int128> used;
  std::optional<std::int64_t> best;

  void visit(std::size_t j, std::int64_t cost) {
    if (j == problem.jobs.size()) {
      Int128 total = cost;
      for (std::size_t r = 0; r < used.size(); ++r) {
        Row const& row = problem.rows[r];
        if (row.kind == RowKind::minimum_spend && used[r] < row.capacity)
          total += ((row.capacity - used[r]) * row.shortfall_ppm + 999'999) / 1'000'000;
      }
      if (!best || total < *best) best = static_cast<std::int64_t>(total);
      return;
    }
    Job const& job = problem.jobs[j];
    if (job.waiting_allowed) visit(j + 1, cost + job.waiting_cost);
    for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) {
      std::uint32_t const b = problem.bid_bundle[bid];
      bool fits = true;
      for (std::uint32_t u = problem.bundle_first[b]; u < problem.bundle_first[b + 1]; ++u) {
        Use const& use = problem.uses[u];
        used[use.row] += use_amount(problem, bid, use);
        if (problem.rows[use.row].kind != RowKind::minimum_spend && used[use.row] > problem.rows[use.row].capacity) fits = false;
      }
      if (fits) visit(j + 1, cost + problem.cost(bid));
      for (std::uint32_t u = problem.bundle_first[b]; u < problem.bundle_first[b + 1]; ++u)
        used[problem.uses[u].row] -= use_amount(problem, bid, problem.uses[u]);
    }
  }
};

}  // namespace

Problem random_problem(std::uint64_t seed, RandomShape const& shape) {
  Draw draw(seed);
  Builder builder;
  std::vector<std::uint32_t> cards, cpu;
  for (std::uint32_t o = 0; o < shape.offers; ++o) {
    cards.push_back(builder.add_row({RowKind::cards, 0, draw.between(0, 12), 0, o}));
    cpu.push_back(builder.add_row({RowKind::cpu, 0, draw.between(10, 90), 0, o}));
  }
  std::uint32_t const quota = builder.add_row({RowKind::tenant_cluster_quota, 0, draw.between(2, 10), 0, 0});
  std::uint32_t const budget = builder.add_row({RowKind::tenant_budget, 0, draw.between(200, 3'000), 0, 0});
  std::uint32_t const purse = builder.add_row({RowKind::purse, 0, draw.between(50, 900), 0, 0});
  std::uint32_t const minimum =
      builder.add_row({RowKind::minimum_spend, static_cast<std::int32_t>(draw.between(0, 1'000'000)), draw.between(0, 2'000), 0, 0});
  std::vector<std::uint32_t> earlier;
  for (std::uint32_t j = 0; j < shape.jobs; ++j) {
    Job job;
    job.waiting_cost = shape.equal_costs ? 500 : draw.between(0, 1'500);
    job.lot = draw.bits();
    job.accepted_round = static_cast<std::uint32_t>(draw.between(0, 3));
    job.tag = j;
    job.waiting_allowed = !(shape.forced && draw.chance(30));
    if (shape.duplicates && !earlier.empty() && draw.chance(30)) {
      std::uint32_t const like = earlier[static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(earlier.size()) - 1))];
      builder.add_job_like(job, like);
      continue;
    }
    earlier.push_back(builder.add_job(job));
    std::int64_t const gang = draw.between(1, 6);
    for (std::uint32_t o = 0; o < shape.offers; ++o) {
      if (draw.chance(25)) continue;
      BidMoney money;
      money.price = shape.equal_costs ? 100 : draw.between(0, 1'000);
      if (!shape.equal_costs && draw.chance(30)) money.fairness = draw.between(-100, 100);
      std::vector<Use> uses{{cards[o], Meter::fixed, gang}, {cpu[o], Meter::fixed, gang * draw.between(1, 8)}};
      if (draw.chance(40)) uses.push_back({quota, Meter::fixed, gang});
      if (shape.money_rows) {
        money.hold = money.price * 3 / 2;
        if (draw.chance(50)) uses.push_back({budget, Meter::hold, 1'000'000});
        if (draw.chance(40)) {
          money.draw = money.price / 3;
          uses.push_back({purse, Meter::draw, draw.between(1, 1'500'000)});
        }
      }
      if (shape.minimums && draw.chance(50)) uses.push_back({minimum, Meter::price, draw.between(0, 1'200'000)});
      builder.add_bid(money, uses, o);
    }
  }
  return builder.finish();
}

std::optional<std::int64_t> exhaustive_optimum(Problem const& problem) {
  Exhaustive search{problem, std::vector<Int128>(problem.rows.size(), 0), std::nullopt};
  search.visit(0, 0);
  return search.best;
}

Permuted permuted(Problem const& problem, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Permuted out;
  Problem& to = out.problem;
  std::vector<std::uint32_t> const rows = shuffled(problem.rows.size(), engine);
  std::vector<std::uint32_t> new_row(rows.size());
  for (std::uint32_t r = 0; r < rows.size(); ++r) {
    to.rows.push_back(problem.rows[rows[r]]);
    to.rows.back().tag = static_cast<std::uint32_t>(engine());
    new_row[rows[r]] = r;
  }
  std::vector<std::uint32_t> const bundles = shuffled(problem.bundle_total(), engine);
  std::vector<std::uint32_t> new_bundle(bundles.size());
  for (std::uint32_t b = 0; b < bundles.size(); ++b) {
    new_bundle[bundles[b]] = b;
    std::vector<Use> uses(problem.uses.begin() + problem.bundle_first[bundles[b]],
                          problem.uses.begin() + problem.bundle_first[bundles[b] + 1]);
    for (Use& use : uses) use.row = new_row[use.row];
    std::ranges::sort(uses, {}, &Use::row);
    to.uses.insert(to.uses.end(), uses.begin(), uses.end());
    to.bundle_first.push_back(static_cast<std::uint32_t>(to.uses.size()));
    to.bundle_tag.push_back(problem.bundle_tag[bundles[b]]);
  }
  auto const copy = [](std::vector<std::int64_t> const& from, std::vector<std::int64_t>& into, std::uint32_t bid) {
    if (!from.empty()) into.push_back(from[bid]);
  };
  for (std::uint32_t const j : shuffled(problem.jobs.size(), engine)) {
    Job job = problem.jobs[j];
    std::uint32_t const old_first = job.first_bid;
    job.first_bid = static_cast<std::uint32_t>(to.bid_total());
    job.tag = static_cast<std::uint32_t>(engine());
    for (std::uint32_t const offset : shuffled(job.bid_count, engine)) {
      std::uint32_t const bid = old_first + offset;
      to.bid_bundle.push_back(new_bundle[problem.bid_bundle[bid]]);
      to.bid_price.push_back(problem.bid_price[bid]);
      copy(problem.bid_fairness, to.bid_fairness, bid);
      copy(problem.bid_hold, to.bid_hold, bid);
      copy(problem.bid_draw, to.bid_draw, bid);
      out.bid_of.push_back(bid);
    }
    to.jobs.push_back(job);
    out.job_of.push_back(j);
  }
  return out;
}

}  // namespace sluice::assignment::testing
