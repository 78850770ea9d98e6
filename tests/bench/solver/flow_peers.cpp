// LEMON 1.3.1 does not compile as C++20: this file is C++17 and sees the problem as plain arrays only.
#include "tests/bench/solver/flow_model.hpp"

#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <ctime>

namespace sluice::bench {

namespace {

double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Jobs supply their cards, offers and a waiting node take them; costs per card, scaled so that per-card costs stay whole.
struct Flow {
  lemon::SmartDigraph graph;
  lemon::SmartDigraph::NodeMap<long long> supply{graph};
  lemon::SmartDigraph::ArcMap<long long> capacity{graph};
  lemon::SmartDigraph::ArcMap<long long> cost{graph};

  explicit Flow(FlowModel const& model) {
    std::vector<lemon::SmartDigraph::Node> offer;
    auto const sink = graph.addNode();
    long long total = 0;
    for (long long const room : model.offer_capacity) {
      offer.push_back(graph.addNode());
      add(offer.back(), sink, room, 0);
    }
    for (std::size_t j = 0; j < model.cards.size(); ++j) {
      auto const job = graph.addNode();
      supply[job] = model.cards[j];
      total += model.cards[j];
      add(job, sink, model.cards[j], model.waiting_per_card[j]);
      for (std::size_t a = model.first_arc[j]; a < model.first_arc[j + 1]; ++a)
        add(job, offer[model.arc_offer[a]], model.cards[j], model.cost_per_card[a]);
    }
    supply[sink] = -total;
  }
  void add(lemon::SmartDigraph::Node from, lemon::SmartDigraph::Node to, long long most, long long price) {
    auto const arc = graph.addArc(from, to);
    capacity[arc] = most;
    cost[arc] = price;
  }
};

template <typename Algorithm>
FlowResult run(FlowModel const& model) {
  Flow flow(model);
  double const start = now();
  Algorithm algorithm(flow.graph);
  algorithm.upperMap(flow.capacity).costMap(flow.cost).supplyMap(flow.supply);
  bool const optimal = algorithm.run() == Algorithm::OPTIMAL;
  return {static_cast<double>(algorithm.totalCost()), now() - start, optimal};
}

}  // namespace

FlowResult solve_flow(FlowModel const& model, bool network_simplex) {
  if (network_simplex) return run<lemon::NetworkSimplex<lemon::SmartDigraph, long long, long long>>(model);
  return run<lemon::CostScaling<lemon::SmartDigraph, long long, long long>>(model);
}

}  // namespace sluice::bench
