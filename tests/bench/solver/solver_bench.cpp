// Measures the solver against its peers in one process: CPU seconds, gaps, ratios; one line a measurement.
#include "policy/assignment/solver.hpp"
#include "tests/bench/solver/peers.hpp"
#include "tools/solve/generate.hpp"
#include "tools/solve/text_formats.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using assignment::Problem;

struct Measured {
  assignment::Solution solution;
  double seconds = 0;
};

Measured measure(Problem const& problem, std::uint32_t budget, assignment::WarmStart const& warm = {}) {
  double const start = bench::cpu_seconds();
  auto solution = assignment::solve(problem, {.iterations = budget}, warm);
  double const seconds = bench::cpu_seconds() - start;
  if (!solution) {
    fmt::print(stderr, "{}\n", solution.error());
    std::exit(1);
  }
  return {std::move(*solution), seconds};
}

void print_ours(std::string const& name, Problem const& problem, Measured const& ours) {
  double const start = bench::cpu_seconds();
  bool const holds = check_certificate(problem, ours.solution.plan, ours.solution.certificate).has_value();
  double const checked = bench::cpu_seconds() - start;
  auto const& certificate = ours.solution.certificate;
  fmt::print("{:<28} {:8.3f} s  cost {} bound {} search bound {} gap {:.4f} %  classes {}  {}  check {:.3f} s {}\n", name, ours.seconds,
             certificate.cost, certificate.bound, ours.solution.search_bound,
             100.0 * static_cast<double>(certificate.cost - certificate.bound) / static_cast<double>(certificate.bound),
             ours.solution.classes, ours.solution.status == assignment::SolveStatus::optimal ? "optimal" : "feasible", checked,
             holds ? "holds" : "REFUSED");
}

void print_peer(std::string const& name, bench::PeerResult const& peer, Measured const& ours) {
  auto const& certificate = ours.solution.certificate;
  fmt::print(
      "  {:<26} {:8.3f} s  objective {:.0f} bound {:.0f}  {:.1f} x our time; our bound {:+.5f} %, our plan {:+.4f} % of its objective{}\n",
      name, peer.seconds, peer.objective, peer.bound, peer.seconds / ours.seconds,
      100 * (static_cast<double>(certificate.bound) / peer.objective - 1),
      100 * (static_cast<double>(certificate.cost) / peer.objective - 1), peer.finished ? "" : "  (not finished)");
}

Problem read(std::string const& what) {
  if (what.find(',') != std::string::npos) {
    auto const options = solve::parse_generate(what);
    if (options) return solve::generate(*options);
    fmt::print(stderr, "{}\n", options.error());
    std::exit(2);
  }
  std::ifstream in(what, std::ios::binary);
  auto problem = solve::read_gap(std::string(std::istreambuf_iterator<char>(in), {}));
  if (problem) return std::move(*problem);
  fmt::print(stderr, "{}: {}\n", what, problem.error());
  std::exit(2);
}

/// The next round: the plan and prices of this one as the start.
void measure_warm(std::string const& instance, std::uint32_t budget, Measured const& last) {
  Problem const next = read(instance + ",changed=5");
  assignment::WarmStart warm{last.solution.certificate.row_price, last.solution.certificate.price_shift, {}};
  print_ours("  next round, warm", next, measure(next, budget, warm));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> const arguments(argv + 1, argv + argc);
  if (arguments.size() < 2) {
    fmt::print(stderr,
               "usage: bench_solver INSTANCE BUDGET [network_simplex|cost_scaling|clp|cbc=SECONDS|warm]…\n"
               "INSTANCE: jobs,offers,seed[,plain] or a GAP file\n");
    return 2;
  }
  Problem const problem = read(arguments[0]);
  auto const budget = static_cast<std::uint32_t>(std::strtoul(arguments[1].c_str(), nullptr, 10));
  Measured const ours = measure(problem, budget);
  print_ours(arguments[0] + " budget " + arguments[1], problem, ours);
  std::fflush(stdout);  // a peer may be stopped from outside
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    std::string const& peer = arguments[i];
    if (peer == "network_simplex")
      print_peer(peer, bench::lemon_network_simplex(problem), ours);
    else if (peer == "cost_scaling")
      print_peer(peer, bench::lemon_cost_scaling(problem), ours);
    else if (peer == "clp")
      print_peer(peer, bench::clp_dual(problem), ours);
    else if (peer.starts_with("cbc="))
      print_peer(peer, bench::cbc(problem, std::strtod(peer.c_str() + 4, nullptr)), ours);
    else if (peer == "warm")
      measure_warm(arguments[0], budget, ours);
    else
      return 2;
    std::fflush(stdout);
  }
  return 0;
}
