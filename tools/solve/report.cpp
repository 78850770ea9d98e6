// HTML and SVG by hand: everything shown is a number of our own, so nothing needs escaping.
#include "tools/solve/report.hpp"

#include "policy/assignment/explain.hpp"
#include "tools/solve/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::solve {

namespace {

using assignment::Certificate;
using assignment::Problem;
using assignment::RowKind;
using assignment::Solution;

constexpr std::size_t rows_shown = 400;
constexpr std::size_t jobs_explained = 200;
constexpr std::size_t obstacles_shown = 5;

char const* kind_name(RowKind kind) {
  switch (kind) {
    case RowKind::cards:
      return "cards";
    case RowKind::cpu:
      return "cpu";
    case RowKind::memory:
      return "memory";
    case RowKind::tenant_cluster_quota:
      return "tenant quota";
    case RowKind::tenant_budget:
      return "tenant budget";
    case RowKind::purse:
      return "purse";
    case RowKind::entity_cap:
      return "entity cap";
    case RowKind::entitlement:
      return "entitlement";
    case RowKind::other:
      return "other";
    case RowKind::minimum_spend:
      return "minimum spend";
  }
  return "?";
}

/// Distance of bound and plan from the final plan, on a logarithmic scale of ppm.
std::string convergence(Solution const& solution) {
  std::string out =
      "<h2>Convergence</h2><svg viewBox='0 0 640 220' width='640' height='220' role='img'><rect width='640' height='220' fill='#f6f6f4'/>";
  double const final = static_cast<double>(std::max<std::int64_t>(1, std::abs(solution.certificate.cost)));
  auto const last = static_cast<double>(std::max<std::uint64_t>(1, solution.progress.empty() ? 1 : solution.progress.back().iteration));
  auto const height = [&](double distance) { return 200 - 30 * std::log10(1 + std::max(0.0, distance) / final * 1e6); };
  std::string bound, plan;
  for (auto const& point : solution.progress) {
    double const x = 10 + 620 * static_cast<double>(point.iteration) / last;
    bound += fmt::format("{:.1f},{:.1f} ", x, height(static_cast<double>(solution.certificate.cost - point.bound)));
    plan += fmt::format("{:.1f},{:.1f} ", x, height(static_cast<double>(point.cost - solution.certificate.cost)));
  }
  out += fmt::format(
      "<polyline fill='none' stroke='#2a6' stroke-width='2' points='{}'/><polyline fill='none' stroke='#b33' stroke-width='2' "
      "points='{}'/></svg>",
      bound, plan);
  return out + "<p>Green: final plan minus bound. Red: plan minus final plan. Parts per million on a logarithmic scale, by iteration.</p>";
}

std::string row_table(Problem const& problem, Certificate const& certificate, std::vector<std::int64_t> const& row_use) {
  std::vector<std::uint32_t> order(problem.rows.size());
  for (std::uint32_t r = 0; r < order.size(); ++r) order[r] = r;
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return certificate.row_price[a] > certificate.row_price[b]; });
  std::string out = fmt::format(
      "<h2>Rows</h2><p>{} of {} rows, the dearest first.</p><table><tr><th>row<th>kind<th>tag<th>used<th>capacity<th>full<th>price "
      "(micro-yuan per unit)",
      std::min(rows_shown, order.size()), order.size());
  double const unit = std::ldexp(1.0, -certificate.price_shift);
  for (std::size_t i = 0; i < std::min(rows_shown, order.size()); ++i) {
    auto const& row = problem.rows[order[i]];
    double const full = row.capacity == 0 ? 0.0 : 100.0 * static_cast<double>(row_use[order[i]]) / static_cast<double>(row.capacity);
    out += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td><meter min='0' max='100' value='{:.1f}'></meter> {:.1f} %<td>{:.6g}",
                       order[i], kind_name(row.kind), row.tag, row_use[order[i]], row.capacity, std::min(full, 100.0), full,
                       static_cast<double>(certificate.row_price[order[i]]) * unit);
  }
  return out + "</table>";
}

std::string waiting_table(Problem const& problem, Solution const& solution, std::vector<std::int64_t> const& row_use) {
  std::string out =
      "<h2>Jobs that wait</h2><table><tr><th>job<th>offer<th>why<th>row<th>needed<th>left<th>would be placed at a waiting cost of<th>or at "
      "this part of its need";
  std::size_t shown = 0;
  for (std::uint32_t j = 0; j < problem.jobs.size() && shown < jobs_explained; ++j) {
    auto const obstacles = explain_waiting(problem, solution.plan, solution.certificate, row_use, j);
    if (obstacles.empty()) continue;
    ++shown;
    for (std::size_t i = 0; i < std::min(obstacles_shown, obstacles.size()); ++i) {
      auto const& obstacle = obstacles[i];
      out += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{:.1f} %", j, problem.tag(obstacle.bid), name_of(obstacle.kind),
                         obstacle.row, obstacle.needed, obstacle.left, obstacle.limit, static_cast<double>(obstacle.fit_ppm) / 1e4);
    }
  }
  return out + "</table>";
}

}  // namespace

std::string write_report(Problem const& problem, Solution const& solution, assignment::CertificateReport const& report) {
  std::size_t const waits = static_cast<std::size_t>(std::ranges::count(solution.plan.choice, assignment::waiting));
  std::string out =
      "<!doctype html><html lang='en'><meta charset='utf-8'><title>sluice-solve</title><style>body{font:15px/1.5 "
      "sans-serif;max-width:1000px;margin:2em auto}"
      "table{border-collapse:collapse}td,th{padding:.1em .7em;text-align:right;border-bottom:1px solid #ddd}</style><h1>Round</h1>";
  out += fmt::format(
      "<p>{} jobs in {} classes, {} bids, {} rows. {} placed, {} wait.<br>Cost {} = price {} + waiting {} + fairness {} + shortfall {} "
      "micro-yuan.<br>"
      "Proven bound {}, gap {}, after {} iterations; the search itself proved {}.</p>",
      problem.jobs.size(), solution.classes, problem.bid_total(), problem.rows.size(), problem.jobs.size() - waits, waits, report.cost,
      report.split.price, report.split.waiting, report.split.fairness, report.split.shortfall, report.bound,
      format_gap(report.cost, report.bound), solution.iterations, solution.search_bound);
  out += convergence(solution);
  out += row_table(problem, solution.certificate, report.row_use);
  out += waiting_table(problem, solution, report.row_use);
  return out + "</html>\n";
}

}  // namespace sluice::solve
