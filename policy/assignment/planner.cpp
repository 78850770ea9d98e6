// Lagrangian on "each job once": every contract becomes a knapsack that is signed when its gains exceed what it costs.
#include "policy/assignment/planner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sluice::assignment {

namespace {

constexpr std::uint32_t no_contract = 0xffffffff;

struct ContractBid {
  std::uint32_t job;
  std::uint32_t bid;
  std::int64_t cost;
  std::int64_t weight;
};

/// Bids by contract; the last list holds those of no contract.
struct Market {
  std::vector<std::vector<ContractBid>> bids;

  Market(Problem const& problem, std::vector<Contract> const& contracts) : bids(contracts.size() + 1) {
    std::vector<std::uint32_t> contract_of(problem.rows.size(), no_contract);
    for (std::uint32_t c = 0; c < contracts.size(); ++c) contract_of[contracts[c].capacity_row] = c;
    for (std::uint32_t j = 0; j < problem.jobs.size(); ++j) {
      Job const& job = problem.jobs[j];
      for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) {
        std::uint32_t const bundle = problem.bid_bundle[bid];
        std::size_t list = contracts.size();
        std::int64_t weight = 0;
        bool fits = true;
        for (std::uint32_t u = problem.bundle_first[bundle]; u < problem.bundle_first[bundle + 1]; ++u) {
          Use const& use = problem.uses[u];
          std::int64_t const amount = use_amount(problem, bid, use);
          fits = fits && (problem.rows[use.row].kind == RowKind::minimum_spend || amount <= problem.rows[use.row].capacity);
          if (contract_of[use.row] == no_contract) continue;
          list = contract_of[use.row];
          weight = amount;
        }
        if (fits) bids[list].push_back({j, bid, problem.cost(bid), weight});
      }
    }
  }
};

/// One evaluation of the Lagrangian at integer job prices.
struct Evaluation {
  Int128 bound = 0;
  std::vector<Int128> value;         ///< per contract: opening − gains; negative: worth signing
  std::vector<std::int32_t> chosen;  ///< per job: how many bids take it
};

/// Fractional knapsack, rounded up: an upper bound on what the contract can gain. Marks whole items where the contract is worth signing.
Int128 gains(std::vector<ContractBid> const& bids, std::vector<std::int64_t> const& price, std::int64_t capacity,
             std::vector<ContractBid>& sorted, std::size_t& whole) {
  sorted.clear();
  for (ContractBid const& bid : bids)
    if (price[bid.job] > bid.cost) sorted.push_back(bid);
  auto const gain = [&](ContractBid const& bid) { return price[bid.job] - bid.cost; };
  std::ranges::sort(sorted, [&](ContractBid const& a, ContractBid const& b) {
    Int128 const left = Int128{gain(a)} * b.weight;
    Int128 const right = Int128{gain(b)} * a.weight;
    return left != right ? left > right : a.bid < b.bid;
  });
  Int128 total = 0;
  std::int64_t left = capacity;
  for (whole = 0; whole < sorted.size(); ++whole) {
    ContractBid const& bid = sorted[whole];
    if (bid.weight > left) {
      total += (Int128{gain(bid)} * left + bid.weight - 1) / bid.weight;
      break;
    }
    left -= bid.weight;
    total += gain(bid);
  }
  return total;
}

Evaluation evaluate(Problem const& problem, std::vector<Contract> const& contracts, Market const& market,
                    std::vector<std::int64_t> const& price) {
  Evaluation result;
  result.chosen.assign(problem.jobs.size(), 0);
  std::vector<ContractBid> sorted;
  for (std::size_t j = 0; j < problem.jobs.size(); ++j) {
    Job const& job = problem.jobs[j];
    result.bound += job.waiting_allowed ? std::min(price[j], job.waiting_cost) : price[j];
  }
  for (std::size_t c = 0; c < contracts.size(); ++c) {
    std::size_t whole = 0;
    Int128 const value =
        contracts[c].opening_cost - gains(market.bids[c], price, problem.rows[contracts[c].capacity_row].capacity, sorted, whole);
    result.value.push_back(value);
    if (value >= 0) continue;
    result.bound += value;
    for (std::size_t i = 0; i < whole; ++i) ++result.chosen[sorted[i].job];
  }
  for (ContractBid const& bid : market.bids.back())
    if (price[bid.job] > bid.cost) {
      result.bound -= price[bid.job] - bid.cost;
      ++result.chosen[bid.job];
    }
  return result;
}

class Planner {
 public:
  Planner(Problem const& problem, std::vector<Contract> const& contracts, PlannerOptions const& options)
      : problem_(problem), contracts_(contracts), options_(options), market_(problem, contracts) {}

  CommitmentPlan run() {
    find_bound();
    start();
    improve();
    polish();
    best_.bound = best_.feasible ? std::min(commitment_bound(problem_, contracts_, price_), best_.cost)
                                 : commitment_bound(problem_, contracts_, price_);
    best_.job_price = price_;
    best_.evaluations = evaluations_;
    return best_;
  }

 private:
  void find_bound() {
    price_.resize(problem_.jobs.size());
    Int128 reach = 0;
    for (std::size_t j = 0; j < problem_.jobs.size(); ++j) {
      // The second-cheapest bid is a fair first price.
      Job const& job = problem_.jobs[j];
      std::vector<std::int64_t> costs;
      for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) costs.push_back(problem_.cost(bid));
      std::ranges::sort(costs);
      price_[j] = costs.empty() ? job.waiting_cost : costs[std::min<std::size_t>(1, costs.size() - 1)];
      reach += price_[j];
    }
    for (Contract const& contract : contracts_) reach += contract.opening_cost;
    std::vector<std::int64_t> price = price_;
    std::vector<double> direction(price.size(), 0.0);
    Evaluation current = evaluate(problem_, contracts_, market_, price);
    Int128 best = current.bound;
    value_ = current.value;
    popularity_.assign(contracts_.size(), 0.0);
    double size = 1.0;
    std::uint32_t idle = 0;
    for (std::uint32_t s = 0; s < options_.bound_steps; ++s) {
      double norm = 0;
      for (std::size_t j = 0; j < price.size(); ++j) {
        direction[j] = 0.6 * direction[j] + (1 - current.chosen[j]);
        norm += direction[j] * direction[j];
      }
      if (norm == 0) break;
      double const length = size * std::max(1.0, static_cast<double>(reach) * 0.02) / norm;
      for (std::size_t j = 0; j < price.size(); ++j) {
        price[j] += static_cast<std::int64_t>(std::clamp(length * direction[j], -1e16, 1e16));
        price[j] = std::clamp<std::int64_t>(price[j], 0, problem_.jobs[j].waiting_allowed ? problem_.jobs[j].waiting_cost : sum_limit / 4);
      }
      current = evaluate(problem_, contracts_, market_, price);
      for (std::size_t c = 0; c < contracts_.size(); ++c) popularity_[c] = 0.95 * popularity_[c] + (current.value[c] < 0 ? 0.05 : 0.0);
      if (current.bound > best) {
        best = current.bound;
        price_ = price;
        value_ = current.value;
        idle = 0;
      } else if (++idle >= 8) {
        size *= 0.7;
        idle = 0;
        price = price_;
        std::ranges::fill(direction, 0.0);
        current = evaluate(problem_, contracts_, market_, price);
      }
    }
  }

  /// The contracts the Lagrangian likes, and more of them until the demand that must be placed fits.
  void start() {
    std::vector<std::uint32_t> order(contracts_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return popularity_[a] > popularity_[b]; });
    std::size_t liked = 0;
    while (liked < order.size() && popularity_[order[liked]] > 0.5) ++liked;
    for (std::size_t count = liked; count <= order.size(); ++count) {
      std::vector<std::uint8_t> sign(contracts_.size(), 0);
      for (std::size_t i = 0; i < count; ++i) sign[order[i]] = 1;
      if (!could_fit(sign)) continue;
      price_set(sign, options_.solve_iterations);
      if (best_.feasible || evaluations_ >= options_.evaluations) break;
    }
  }

  /// Whether capacity alone rules the set out: the forced jobs' least weights against all signed capacity.
  bool could_fit(std::vector<std::uint8_t> const& sign) const {
    if (!market_.bids.back().empty()) return true;
    std::vector<std::int64_t> least(problem_.jobs.size(), -1);
    Int128 capacity = 0;
    for (std::size_t c = 0; c < contracts_.size(); ++c) {
      if (!sign[c]) continue;
      capacity += problem_.rows[contracts_[c].capacity_row].capacity;
      for (ContractBid const& bid : market_.bids[c])
        if (least[bid.job] < 0 || bid.weight < least[bid.job]) least[bid.job] = bid.weight;
    }
    Int128 demand = 0;
    for (std::size_t j = 0; j < least.size(); ++j) {
      if (problem_.jobs[j].waiting_allowed) continue;
      if (least[j] < 0) return false;
      demand += least[j];
    }
    return demand <= capacity;
  }

  /// Solves the assignment under a set; keeps it when better. Returns whether it was.
  bool price_set(std::vector<std::uint8_t> const& sign, std::uint32_t iterations) {
    ++evaluations_;
    Problem const trial = signed_problem(problem_, contracts_, sign);
    WarmStart const warm{warm_price_, warm_shift_, best_.plan.choice};
    auto const solution = solve(trial, {.iterations = iterations, .threads = 1, .seed = options_.seed}, warm);
    if (!solution) return false;
    warm_price_ = solution->certificate.row_price;
    warm_shift_ = solution->certificate.price_shift;
    if (solution->status == SolveStatus::unplaced) return false;
    std::int64_t cost = solution->certificate.cost;
    for (std::size_t c = 0; c < contracts_.size(); ++c) cost += sign[c] ? contracts_[c].opening_cost : 0;
    if (best_.feasible && cost >= best_.cost) return false;
    best_.feasible = true;
    best_.sign = sign;
    best_.plan = solution->plan;
    best_.cost = cost;
    return true;
  }

  /// Drops, adds and swaps, the ones the Lagrangian finds most promising first, until a round brings nothing or the effort is spent.
  void improve() {
    if (!best_.feasible) return;
    for (bool better = true; better && evaluations_ < options_.evaluations;) {
      better = false;
      for (auto const& sign : neighbours()) {
        if (evaluations_ >= options_.evaluations) break;
        if (!could_fit(sign) || !price_set(sign, options_.solve_iterations)) continue;
        better = true;
        break;
      }
    }
  }

  std::vector<std::vector<std::uint8_t>> neighbours() {
    struct Move {
      double promise;
      std::vector<std::uint8_t> sign;
    };
    std::vector<Move> moves;
    auto const worth = [&](std::size_t c) { return static_cast<double>(value_[c]); };
    for (std::size_t c = 0; c < contracts_.size(); ++c) {
      std::vector<std::uint8_t> sign = best_.sign;
      sign[c] ^= 1;
      moves.push_back({best_.sign[c] ? -worth(c) : worth(c), sign});
      if (!best_.sign[c]) continue;
      for (std::size_t d = 0; d < contracts_.size(); ++d) {
        if (best_.sign[d]) continue;
        sign[d] = 1;
        moves.push_back({worth(d) - worth(c), sign});
        sign[d] = 0;
      }
    }
    std::ranges::stable_sort(moves, [](Move const& a, Move const& b) { return a.promise < b.promise; });
    std::vector<std::vector<std::uint8_t>> sets;
    for (Move& move : moves) sets.push_back(std::move(move.sign));
    return sets;
  }

  void polish() {
    if (!best_.feasible) return;
    std::vector<std::uint8_t> const sign = best_.sign;
    price_set(sign, 10 * options_.solve_iterations);
  }

  Problem const& problem_;
  std::vector<Contract> const& contracts_;
  PlannerOptions const& options_;
  Market market_;
  std::vector<std::int64_t> price_;
  std::vector<Int128> value_;
  std::vector<double> popularity_;
  std::vector<std::int64_t> warm_price_;
  std::uint8_t warm_shift_ = 16;
  CommitmentPlan best_;
  std::uint32_t evaluations_ = 0;
};

}  // namespace

Problem signed_problem(Problem const& problem, std::vector<Contract> const& contracts, std::vector<std::uint8_t> const& sign) {
  Problem trial = problem;
  for (std::size_t c = 0; c < contracts.size(); ++c) {
    if (sign[c]) continue;
    trial.rows[contracts[c].capacity_row].capacity = 0;
    if (contracts[c].minimum_row < trial.rows.size()) trial.rows[contracts[c].minimum_row].capacity = 0;
  }
  return trial;
}

std::int64_t commitment_bound(Problem const& problem, std::vector<Contract> const& contracts, std::vector<std::int64_t> const& job_price) {
  Int128 const bound = evaluate(problem, contracts, Market(problem, contracts), job_price).bound;
  return static_cast<std::int64_t>(std::clamp<Int128>(bound, INT64_MIN, INT64_MAX));
}

std::expected<CommitmentPlan, std::string> plan_commitments(Problem const& problem, std::vector<Contract> const& contracts,
                                                            PlannerOptions const& options) {
  if (auto const valid = validate(problem); !valid) return std::unexpected(valid.error());
  Int128 openings = 0;
  std::vector<std::uint8_t> seen(problem.rows.size(), 0);
  for (std::size_t c = 0; c < contracts.size(); ++c) {
    std::string const where = "contracts[" + std::to_string(c) + "]: ";
    Contract const& contract = contracts[c];
    if (contract.capacity_row >= problem.rows.size() || problem.rows[contract.capacity_row].kind == RowKind::minimum_spend)
      return std::unexpected(where + "capacity_row is not a limit of the problem");
    if (seen[contract.capacity_row]++) return std::unexpected(where + "another contract has the same capacity_row");
    if (contract.minimum_row != no_contract &&
        (contract.minimum_row >= problem.rows.size() || problem.rows[contract.minimum_row].kind != RowKind::minimum_spend))
      return std::unexpected(where + "minimum_row is not a minimum_spend row");
    if (contract.opening_cost < 0 || contract.opening_cost > sum_limit) return std::unexpected(where + "opening_cost outside 0 … 2^58");
    openings += contract.opening_cost;
  }
  if (openings > sum_limit) return std::unexpected("contracts: opening costs together exceed 2^58");
  return Planner(problem, contracts, options).run();
}

}  // namespace sluice::assignment
