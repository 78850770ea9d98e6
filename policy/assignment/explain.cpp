// Obstacles from prices and from what the plan leaves free.
#include "policy/assignment/explain.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace sluice::assignment {

namespace {

/// Cost plus the price of everything the bid takes, rounded up to micro-yuan.
std::int64_t priced_cost(Problem const& problem, Certificate const& certificate, std::uint32_t bid) {
  Int128 value = Int128{problem.cost(bid)} << certificate.price_shift;
  std::uint32_t const bundle = problem.bid_bundle[bid];
  for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u) {
    Use const& use = problem.uses[u];
    Int128 const part = Int128{certificate.row_price[use.row]} * use_amount(problem, bid, use);
    value += problem.rows[use.row].kind == RowKind::minimum_spend ? -part : part;
  }
  constexpr Int128 most = std::numeric_limits<std::int64_t>::max() / 2;
  return static_cast<std::int64_t>(std::clamp<Int128>(-(-value >> certificate.price_shift), -most, most));
}

Obstacle obstacle_of(Problem const& problem, Certificate const& certificate, std::vector<std::int64_t> const& row_use, std::uint32_t bid,
                     std::int64_t waiting_cost) {
  Obstacle obstacle;
  obstacle.bid = bid;
  obstacle.fit_ppm = ppm;
  bool blocked = false;
  bool impossible = false;
  std::uint32_t const bundle = problem.bid_bundle[bid];
  for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u) {
    Use const& use = problem.uses[u];
    Row const& row = problem.rows[use.row];
    if (row.kind == RowKind::minimum_spend) continue;
    std::int64_t const needed = use_amount(problem, bid, use);
    bool const too_large = needed > row.capacity;
    std::int64_t const left = too_large ? row.capacity : row.capacity - row_use[use.row];
    if (needed <= left) continue;
    auto const fit = static_cast<std::int64_t>(Int128{left} * ppm / needed);
    if (blocked && std::pair{!too_large, fit} >= std::pair{!impossible, obstacle.fit_ppm}) continue;
    blocked = true;
    impossible = too_large;
    obstacle.row = use.row;
    obstacle.needed = needed;
    obstacle.left = left;
    obstacle.fit_ppm = fit;
  }
  std::int64_t const priced = std::max(priced_cost(problem, certificate, bid), problem.cost(bid));
  obstacle.raise = std::max<std::int64_t>(0, priced - waiting_cost);
  obstacle.limit = waiting_cost + obstacle.raise;
  if (impossible)
    obstacle.kind = ObstacleKind::never_fits;
  else if (problem.cost(bid) > waiting_cost)
    obstacle.kind = ObstacleKind::too_dear;
  else if (obstacle.raise > 0)
    obstacle.kind = ObstacleKind::outbid;
  else
    obstacle.kind = ObstacleKind::full;
  return obstacle;
}

}  // namespace

std::vector<Obstacle> explain_waiting(Problem const& problem, Plan const& plan, Certificate const& certificate,
                                      std::vector<std::int64_t> const& row_use, std::uint32_t job) {
  std::vector<Obstacle> obstacles;
  if (plan.choice[job] != waiting) return obstacles;
  Job const& asked = problem.jobs[job];
  for (std::uint32_t bid = asked.first_bid; bid < asked.first_bid + asked.bid_count; ++bid)
    obstacles.push_back(obstacle_of(problem, certificate, row_use, bid, asked.waiting_cost));
  std::ranges::sort(obstacles, [](Obstacle const& a, Obstacle const& b) {
    bool const a_never = a.kind == ObstacleKind::never_fits;
    bool const b_never = b.kind == ObstacleKind::never_fits;
    return std::tuple{a_never, a.raise, -a.fit_ppm, a.bid} < std::tuple{b_never, b.raise, -b.fit_ppm, b.bid};
  });
  return obstacles;
}

char const* name_of(ObstacleKind kind) {
  switch (kind) {
    case ObstacleKind::never_fits:
      return "never_fits";
    case ObstacleKind::too_dear:
      return "too_dear";
    case ObstacleKind::outbid:
      return "outbid";
    case ObstacleKind::full:
      return "full";
  }
  return "unknown";
}

}  // namespace sluice::assignment
