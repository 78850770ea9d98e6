// Models of the peers: the flow network, and the linear and integer programs for CLP and CBC.
#include "tests/bench/solver/peers.hpp"

#include "tests/bench/solver/flow_model.hpp"

#include <coin/Cbc_C_Interface.h>
#include <coin/Clp_C_Interface.h>

#include <ctime>
#include <string>
#include <vector>

namespace sluice::bench {

namespace {

using assignment::Job;
using assignment::Problem;
using assignment::Row;
using assignment::RowKind;

constexpr double yuan = 1e-6;  // the peers' doubles like costs near one
constexpr double boundless = 1e50;

/// Bids that alone break a limit, or cost more than waiting, are left out for the peers as for us.
bool useful(Problem const& problem, Job const& job, std::uint32_t bid) {
  if (job.waiting_allowed && problem.cost(bid) > job.waiting_cost) return false;
  std::uint32_t const bundle = problem.bid_bundle[bid];
  for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u)
    if (use_amount(problem, bid, problem.uses[u]) > problem.rows[problem.uses[u].row].capacity) return false;
  return true;
}

FlowModel flow_of(Problem const& problem) {
  // Per-card costs are rounded down to milli-micro-yuan, so the optimum is below the true one by less than 10^-9 of it.
  constexpr long long fine = 1'000;
  FlowModel model;
  for (Row const& row : problem.rows) model.offer_capacity.push_back(row.capacity);
  for (Job const& job : problem.jobs) {
    model.first_arc.push_back(model.arc_offer.size());
    std::int64_t cards = 1;
    for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) {
      auto const& use = problem.uses[problem.bundle_first[problem.bid_bundle[bid]]];
      cards = use.amount;
      if (!useful(problem, job, bid)) continue;
      model.arc_offer.push_back(use.row);
      model.cost_per_card.push_back(problem.cost(bid) * fine / cards);
    }
    model.cards.push_back(cards);
    model.waiting_per_card.push_back(job.waiting_cost * fine / cards);
  }
  model.first_arc.push_back(model.arc_offer.size());
  return model;
}

PeerResult flow(Problem const& problem, bool network_simplex) {
  FlowResult const result = solve_flow(flow_of(problem), network_simplex);
  return {result.cost / 1'000, result.cost / 1'000, result.seconds, result.optimal};
}

/// Columns by job: waiting first, then its bids. Rows: one per job, then the limits.
struct Program {
  std::vector<int> start{0};
  std::vector<int> index;
  std::vector<double> value;
  std::vector<double> objective;
  std::vector<double> upper;
  std::vector<double> row_low;
  std::vector<double> row_high;

  explicit Program(Problem const& problem) {
    auto const jobs = static_cast<int>(problem.jobs.size());
    row_low.assign(problem.jobs.size(), 1);
    row_high.assign(problem.jobs.size(), 1);
    std::vector<double> scale;
    for (Row const& row : problem.rows) {
      scale.push_back(row.capacity > 1'000'000 ? yuan : 1.0);
      row_low.push_back(-boundless);
      row_high.push_back(static_cast<double>(row.capacity) * scale.back());
    }
    for (int j = 0; j < jobs; ++j) {
      Job const& job = problem.jobs[static_cast<std::size_t>(j)];
      column(job.waiting_allowed ? static_cast<double>(job.waiting_cost) * yuan : 0, job.waiting_allowed ? 1 : 0, j);
      start.push_back(static_cast<int>(index.size()));
      for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) {
        if (!useful(problem, job, bid)) continue;
        column(static_cast<double>(problem.cost(bid)) * yuan, 1, j);
        std::uint32_t const bundle = problem.bid_bundle[bid];
        for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u) {
          auto const& use = problem.uses[u];
          index.push_back(jobs + static_cast<int>(use.row));
          value.push_back(static_cast<double>(use_amount(problem, bid, use)) * scale[use.row]);
        }
        start.push_back(static_cast<int>(index.size()));
      }
    }
  }

  void column(double cost, double most, int job) {
    objective.push_back(cost);
    upper.push_back(most);
    index.push_back(job);
    value.push_back(1);
  }
  int columns() const { return static_cast<int>(objective.size()); }
  int rows() const { return static_cast<int>(row_low.size()); }
};

}  // namespace

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

PeerResult lemon_network_simplex(Problem const& problem) { return flow(problem, true); }
PeerResult lemon_cost_scaling(Problem const& problem) { return flow(problem, false); }

PeerResult clp_dual(Problem const& problem) {
  Program const program(problem);
  std::vector<double> const low(program.objective.size(), 0.0);
  Clp_Simplex* model = Clp_newModel();
  Clp_setLogLevel(model, 0);
  Clp_loadProblem(model, program.columns(), program.rows(), program.start.data(), program.index.data(), program.value.data(), low.data(),
                  program.upper.data(), program.objective.data(), program.row_low.data(), program.row_high.data());
  double const start = cpu_seconds();
  Clp_dual(model, 0);
  PeerResult const result{Clp_objectiveValue(model) / yuan, Clp_objectiveValue(model) / yuan, cpu_seconds() - start,
                          Clp_status(model) == 0};
  Clp_deleteModel(model);
  return result;
}

PeerResult cbc(Problem const& problem, double seconds) {
  Program const program(problem);
  std::vector<double> const low(program.objective.size(), 0.0);
  Cbc_Model* model = Cbc_newModel();
  Cbc_loadProblem(model, program.columns(), program.rows(), program.start.data(), program.index.data(), program.value.data(), low.data(),
                  program.upper.data(), program.objective.data(), program.row_low.data(), program.row_high.data());
  for (int c = 0; c < program.columns(); ++c) Cbc_setInteger(model, c);
  Cbc_setParameter(model, "sec", std::to_string(seconds).c_str());
  Cbc_setParameter(model, "timeMode", "cpu");
  Cbc_setParameter(model, "ratio", "0.000001");
  Cbc_setParameter(model, "log", "0");
  double const start = cpu_seconds();
  Cbc_solve(model);
  PeerResult const result{Cbc_getObjValue(model) / yuan, Cbc_getBestPossibleObjValue(model) / yuan, cpu_seconds() - start,
                          Cbc_isProvenOptimal(model) != 0};
  Cbc_deleteModel(model);
  return result;
}

}  // namespace sluice::bench
