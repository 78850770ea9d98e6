// Branch and bound over knapsack relaxations.
//
// Variables: job j on bid b, or waiting. Dualised: one choice per job (v_j, at most its waiting cost) and every limit but the knapsack rows
// (λ). What remains falls apart into one 0-1 knapsack per knapsack row, solved by a table. All multipliers carry price_shift.
#include "policy/assignment/exact.hpp"

#include "policy/assignment/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sluice::assignment {

namespace {

constexpr std::size_t positions_max = 4'000;
constexpr std::size_t bids_per_problem_max = 200'000;
constexpr std::int64_t table_width_max = 4'096;  // wider knapsacks are solved on coarser weights, which only weakens the bound
constexpr std::uint32_t no_knapsack = 0xffffffff;
constexpr std::uint32_t not_nested = 0xfffffffe;
constexpr std::uint32_t undecided_knapsack = 0xfffffffd;
constexpr std::size_t group_max = 7;  // jobs under one nested row whose subsets are listed
constexpr std::int64_t far = std::int64_t{1} << 59;

struct Item {
  std::uint32_t position;
  std::uint32_t bid;
  std::uint32_t knapsack;  ///< rank of its knapsack row, or none
  std::uint32_t nested;    ///< rank of a row inside that knapsack (a tenant's quota of an offer), or none
  std::int32_t weight;     ///< in the knapsack's unit, rounded down
};

/// Everything a node of the tree owns.
struct Node {
  std::vector<std::uint8_t> alive;     ///< per item: may still be chosen
  std::vector<std::uint8_t> may_wait;  ///< per position
  std::vector<std::uint8_t> decided;   ///< per position
  std::vector<std::int64_t> value;     ///< v_j
  std::vector<std::int64_t> price;     ///< λ per rank; zero for knapsack rows
  std::vector<std::int64_t> left;      ///< per rank
  std::vector<std::uint32_t> choice;   ///< of decided positions
  std::int64_t cost = 0;               ///< of decided positions
};

class Exact {
 public:
  Exact(Core const& core, Prices const& prices, std::vector<std::uint32_t> const& choice, std::int64_t cost, ExactOptions const& options)
      : core_(core), options_(options), best_(choice), best_cost_(cost) {
    choose_knapsacks();
    find_nested_rows();
    list_items();
    root_ = make_root(prices);
  }

  ExactResult run() {
    ExactResult result;
    std::int64_t bound = INT64_MIN;
    bool const closed = solve_node(root_, options_.root_steps, &bound, 0);
    result.proven = closed;
    result.bound = closed ? best_cost_ : std::min(bound, best_cost_);
    result.choice = best_;
    result.work = work_;
    result.nodes = nodes_;
    return result;
  }

 private:
  Job const& job_at(std::uint32_t position) const { return *jobs_[position]; }
  std::int64_t scaled(std::int64_t cost) const { return cost << core_.price_shift; }

  /// A knapsack row is a limit used in fixed amounts only, of kind cards or, where there are none, any; no bid uses two of them.
  void choose_knapsacks() {
    std::vector<std::uint8_t> metered(core_.row_total(), 0);
    std::vector<std::uint64_t> users(core_.row_total(), 0);
    for (std::uint32_t b = 0; b < core_.problem.bundle_total(); ++b)
      for (CoreUse const& use : core_.uses_of_bundle(b)) {
        if (use.meter != Meter::fixed) metered[use.row] = 1;
        ++users[use.row];
      }
    is_knapsack_.assign(core_.row_total(), 0);
    std::vector<std::uint8_t> taken(core_.problem.bundle_total(), 0);
    for (bool const cards_only : {true, false})
      for (std::uint32_t r = 0; r < core_.row_total(); ++r) {
        bool const cards = core_.problem.rows[core_.canonical.row_at_rank[r]].kind == RowKind::cards;
        is_knapsack_[r] =
            is_knapsack_[r] || (!core_.is_minimum[r] && !metered[r] && users[r] > 0 && (cards || !cards_only) && !shares_bundle(r, taken));
      }
  }

  /// A row is nested in a knapsack when all its users use that knapsack, in the same amounts: then the table can obey both.
  void find_nested_rows() {
    nested_in_.assign(core_.row_total(), undecided_knapsack);
    for (std::uint32_t b = 0; b < core_.problem.bundle_total(); ++b) {
      auto const uses = core_.uses_of_bundle(b);
      auto const sack = std::ranges::find_if(uses, [&](CoreUse const& use) { return is_knapsack_[use.row] != 0; });
      for (CoreUse const& use : uses) {
        std::uint32_t& nest = nested_in_[use.row];
        bool const alike = sack != uses.end() && !is_knapsack_[use.row] && !core_.is_minimum[use.row] && use.meter == Meter::fixed &&
                           use.amount == sack->amount;
        if (!alike || (nest != undecided_knapsack && nest != sack->row))
          nest = not_nested;
        else
          nest = sack->row;
      }
    }
  }

  /// Whether some bundle of the row has a knapsack already; if not, claims the row's bundles.
  bool shares_bundle(std::uint32_t row, std::vector<std::uint8_t>& taken) const {
    if (by_row_.empty()) {
      by_row_.resize(core_.row_total());
      for (std::uint32_t b = 0; b < core_.problem.bundle_total(); ++b)
        for (CoreUse const& use : core_.uses_of_bundle(b)) by_row_[use.row].push_back(b);
    }
    for (std::uint32_t const b : by_row_[row])
      if (taken[b]) return true;
    for (std::uint32_t const b : by_row_[row]) taken[b] = 1;
    return false;
  }

  void list_items() {
    unit_.assign(core_.row_total(), 1);
    for (std::uint32_t r = 0; r < core_.row_total(); ++r)
      if (is_knapsack_[r] && core_.capacity[r] > table_width_max) unit_[r] = (core_.capacity[r] + table_width_max - 1) / table_width_max;
    by_knapsack_.resize(core_.row_total());
    for (std::uint32_t k = 0; k < core_.class_total(); ++k) {
      Job const& job = core_.job_of_class(k);
      std::vector<std::uint32_t> const bids = ordered_bids(core_.problem, core_.canonical, job);
      for (std::uint32_t copy = 0; copy < core_.copies(k); ++copy) {
        auto const position = static_cast<std::uint32_t>(jobs_.size());
        jobs_.push_back(&job);
        first_item_.push_back(static_cast<std::uint32_t>(items_.size()));
        for (std::uint32_t const bid : bids) {
          if (!core_.fits(bid) || loses_to_waiting(core_, job, bid)) continue;
          Item item{position, bid, no_knapsack, no_knapsack, 0};
          for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid]))
            if (is_knapsack_[use.row]) {
              item.knapsack = use.row;
              item.weight = static_cast<std::int32_t>(use.amount / unit_[use.row]);
            }
          for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid]))
            if (item.nested == no_knapsack && nested_in_[use.row] == item.knapsack) item.nested = use.row;
          if (item.knapsack != no_knapsack) by_knapsack_[item.knapsack].push_back(static_cast<std::uint32_t>(items_.size()));
          items_.push_back(item);
        }
      }
    }
    first_item_.push_back(static_cast<std::uint32_t>(items_.size()));
    share_.assign(items_.size(), 0.0);
    // Typical money per unit of a row scales its steps.
    step_unit_.assign(core_.row_total(), 0.0);
    std::vector<Int128> cost(core_.row_total(), 0);
    std::vector<Int128> amount(core_.row_total(), 0);
    for (Item const& item : items_)
      for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[item.bid])) {
        cost[use.row] += std::abs(core_.problem.cost(item.bid));
        amount[use.row] += core_.amount(item.bid, use);
      }
    for (std::uint32_t r = 0; r < core_.row_total(); ++r)
      if (amount[r] > 0) step_unit_[r] = static_cast<double>(cost[r]) / static_cast<double>(amount[r]);
  }

  Node make_root(Prices const& prices) const {
    Node node;
    node.alive.assign(items_.size(), 1);
    node.decided.assign(jobs_.size(), 0);
    node.choice.assign(jobs_.size(), waiting);
    node.left = core_.capacity;
    node.price.assign(core_.row_total(), 0);
    for (std::uint32_t r = 0; r < core_.row_total(); ++r)
      if (!is_knapsack_[r] && !is_nested(r)) node.price[r] = prices[r];
    for (std::uint32_t p = 0; p < jobs_.size(); ++p) {
      Job const& job = job_at(p);
      node.may_wait.push_back(job.waiting_allowed ? 1 : 0);
      std::int64_t least = job.waiting_allowed ? scaled(job.waiting_cost) : far;
      for (std::uint32_t i = first_item_[p]; i < first_item_[p + 1]; ++i) least = std::min(least, priced(items_[i], prices));
      node.value.push_back(least == far ? scaled(job.waiting_cost) : least);
    }
    return node;
  }

  bool is_nested(std::uint32_t row) const { return nested_in_[row] < undecided_knapsack; }

  std::int64_t priced(Item const& item, std::vector<std::int64_t> const& price) const {
    Int128 sum = scaled(core_.problem.cost(item.bid));
    for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[item.bid])) {
      if (price[use.row] == 0) continue;
      Int128 const part = Int128{price[use.row]} * core_.amount(item.bid, use);
      sum += core_.is_minimum[use.row] ? -part : part;
    }
    return static_cast<std::int64_t>(std::clamp<Int128>(sum, -far, far));
  }

  /// A set of items that is chosen as one: at most group_max of them.
  struct Option {
    std::int64_t profit;
    std::int32_t weight;
    std::uint32_t members;  ///< bit set over the stage's items
  };
  /// Items among which the table chooses one option: usually a single item, or the items of a nested row that binds.
  struct Stage {
    std::uint32_t first_item;
    std::uint32_t first_option;
  };
  /// One knapsack with all its alive items of positive profit, solved forwards and backwards. Stages end with a sentinel.
  struct Knapsack {
    std::vector<std::uint32_t> items;
    std::vector<Option> options;
    std::vector<Stage> stages;
    std::int64_t best = 0;
    std::int64_t width = 0;
    std::vector<std::int64_t> forward;  // stages × (width + 1)
    std::vector<std::int64_t> backward;

    std::size_t cells() const { return static_cast<std::size_t>(width) + 1; }
    std::size_t stage_total() const { return stages.size() - 1; }
  };

  void fill_sack(Node const& node, std::uint32_t row, Knapsack& sack) {
    sack.items.clear();
    sack.options.clear();
    sack.stages.clear();
    sack.width = node.left[row] / unit_[row];
    group_.clear();
    for (std::uint32_t const i : by_knapsack_[row])
      if (profit_[i] > 0 && node.alive[i] && !node.decided[items_[i].position] && items_[i].weight <= sack.width) group_.push_back(i);
    // Items of one nested row side by side.
    std::ranges::stable_sort(group_, {}, [&](std::uint32_t i) { return items_[i].nested; });
    for (std::size_t begin = 0; begin < group_.size();) {
      std::size_t end = begin + 1;
      std::uint32_t const nested = items_[group_[begin]].nested;
      std::int64_t total = items_[group_[begin]].weight;
      if (nested != no_knapsack)
        for (; end < group_.size() && items_[group_[end]].nested == nested; ++end) total += items_[group_[end]].weight;
      std::int64_t const space = nested == no_knapsack ? sack.width : std::min(sack.width, node.left[nested] / unit_[row]);
      if (total > space && end - begin <= group_max) {
        add_stage(sack, begin, end, space);
      } else {
        for (std::size_t i = begin; i < end; ++i) add_stage(sack, i, i + 1, sack.width);
      }
      begin = end;
    }
    sack.stages.push_back({static_cast<std::uint32_t>(sack.items.size()), static_cast<std::uint32_t>(sack.options.size())});
  }

  void add_stage(Knapsack& sack, std::size_t begin, std::size_t end, std::int64_t space) const {
    sack.stages.push_back({static_cast<std::uint32_t>(sack.items.size()), static_cast<std::uint32_t>(sack.options.size())});
    for (std::size_t i = begin; i < end; ++i) sack.items.push_back(group_[i]);
    for (std::uint32_t members = 1; members < 1U << (end - begin); ++members) {
      Option option{0, 0, members};
      for (std::size_t i = begin; i < end; ++i)
        if ((members >> (i - begin) & 1U) != 0) {
          option.profit += profit_[group_[i]];
          option.weight += items_[group_[i]].weight;
        }
      if (option.weight <= space) sack.options.push_back(option);
    }
  }

  void solve_forward(Knapsack& sack) {
    std::size_t const cells = sack.cells();
    std::size_t const n = sack.stage_total();
    sack.forward.resize((n + 1) * cells);
    std::fill(sack.forward.begin(), sack.forward.begin() + static_cast<std::ptrdiff_t>(cells), 0);
    for (std::size_t i = 0; i < n; ++i) extend(sack, i, sack.forward.data() + i * cells, sack.forward.data() + (i + 1) * cells);
    sack.best = sack.forward[n * cells + cells - 1];
  }

  void solve_backward(Knapsack& sack) {
    std::size_t const cells = sack.cells();
    std::size_t const n = sack.stage_total();
    sack.backward.resize((n + 1) * cells);
    std::fill(sack.backward.begin() + static_cast<std::ptrdiff_t>(n * cells), sack.backward.end(), 0);
    for (std::size_t i = n; i-- > 0;) extend(sack, i, sack.backward.data() + (i + 1) * cells, sack.backward.data() + i * cells);
  }

  void extend(Knapsack const& sack, std::size_t stage, std::int64_t const* from, std::int64_t* to) {
    std::size_t const cells = sack.cells();
    std::copy_n(from, cells, to);
    for (std::uint32_t o = sack.stages[stage].first_option; o < sack.stages[stage + 1].first_option; ++o) {
      Option const option = sack.options[o];
      for (auto c = static_cast<std::size_t>(option.weight); c < cells; ++c)
        to[c] = std::max(to[c], from[c - static_cast<std::size_t>(option.weight)] + option.profit);
      work_ += cells;
    }
  }

  /// One evaluation of the Lagrangian at the node's multipliers.
  struct Evaluation {
    std::int64_t bound = INT64_MIN;  ///< scaled
    std::vector<std::uint8_t> chosen;
  };

  void evaluate(Node const& node, bool with_tables) {
    work_ += 4 * items_.size() + 2 * jobs_.size() + 2 * core_.row_total();
    profit_.assign(items_.size(), 0);
    evaluation_.chosen.assign(items_.size(), 0);
    Int128 bound = scaled(node.cost);
    for (std::uint32_t p = 0; p < jobs_.size(); ++p)
      if (!node.decided[p]) bound += node.value[p];
    for (std::uint32_t r = 0; r < core_.row_total(); ++r) {
      if (node.price[r] == 0) continue;
      Int128 const part = Int128{node.price[r]} * node.left[r];
      bound += core_.is_minimum[r] ? part : -part;
    }
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      if (!node.alive[i] || node.decided[items_[i].position]) continue;
      profit_[i] = node.value[items_[i].position] - priced(items_[i], node.price);
      if (items_[i].knapsack == no_knapsack && profit_[i] > 0) {
        bound -= profit_[i];
        evaluation_.chosen[i] = 1;
      }
    }
    sacks_.resize(core_.row_total());
    for (std::uint32_t r = 0; r < core_.row_total(); ++r) {
      if (!is_knapsack_[r]) continue;
      Knapsack& sack = sacks_[r];
      fill_sack(node, r, sack);
      solve_forward(sack);
      if (with_tables) solve_backward(sack);
      bound -= sack.best;
      std::size_t const cells = sack.cells();
      std::size_t c = cells - 1;
      for (std::size_t i = sack.stage_total(); i-- > 0;) {
        std::int64_t const here = sack.forward[(i + 1) * cells + c];
        std::int64_t const* before = sack.forward.data() + i * cells;
        if (here == before[c]) continue;
        std::uint32_t o = sack.stages[i].first_option;
        while (c < static_cast<std::size_t>(sack.options[o].weight) ||
               before[c - static_cast<std::size_t>(sack.options[o].weight)] + sack.options[o].profit != here)
          ++o;
        for (std::uint32_t m = sack.stages[i].first_item; m < sack.stages[i + 1].first_item; ++m)
          if ((sack.options[o].members >> (m - sack.stages[i].first_item) & 1U) != 0) evaluation_.chosen[sack.items[m]] = 1;
        c -= static_cast<std::size_t>(sack.options[o].weight);
      }
    }
    evaluation_.bound = static_cast<std::int64_t>(std::clamp<Int128>(bound, -far, far));
  }

  /// The smallest scaled bound that proves "no plan here is cheaper than the best": every cost is a whole number.
  std::int64_t target() const { return scaled(best_cost_ - 1) + 1; }

  /// Drops items and waiting options that no better plan contains, from the tables of the last evaluation. False when the node is empty.
  bool fix(Node& node) {
    std::int64_t const room = target() - evaluation_.bound;  // an option that raises the bound by this much is out
    for (std::uint32_t p = 0; p < jobs_.size(); ++p)
      if (!node.decided[p] && node.may_wait[p] && scaled(job_at(p).waiting_cost) - node.value[p] >= room) node.may_wait[p] = 0;
    for (std::uint32_t i = 0; i < items_.size(); ++i)
      if (node.alive[i] && !node.decided[items_[i].position] && items_[i].knapsack == no_knapsack && -profit_[i] >= room) node.alive[i] = 0;
    for (std::uint32_t r = 0; r < core_.row_total(); ++r) {
      if (!is_knapsack_[r]) continue;
      Knapsack const& sack = sacks_[r];
      std::size_t const cells = sack.cells();
      std::size_t const n = sack.stage_total();
      for (std::size_t i = 0; i < n; ++i) {
        std::int64_t const* before = sack.forward.data() + i * cells;
        std::int64_t const* after = sack.backward.data() + (i + 1) * cells;
        Stage const stage = sack.stages[i];
        with_.assign(sack.stages[i + 1].first_item - stage.first_item, INT64_MIN);
        for (std::uint32_t o = stage.first_option; o < sack.stages[i + 1].first_option; ++o) {
          auto const weight = static_cast<std::size_t>(sack.options[o].weight);
          std::int64_t most = INT64_MIN;
          for (std::size_t c = 0; c + weight < cells; ++c) most = std::max(most, before[c] + after[cells - 1 - weight - c]);
          for (std::size_t m = 0; m < with_.size(); ++m)
            if ((sack.options[o].members >> m & 1U) != 0) with_[m] = std::max(with_[m], most + sack.options[o].profit);
          work_ += cells;
        }
        for (std::size_t m = 0; m < with_.size(); ++m)
          if (with_[m] == INT64_MIN || sack.best - with_[m] >= room) node.alive[sack.items[stage.first_item + m]] = 0;
      }
      for (std::uint32_t const i : by_knapsack_[r]) {
        if (!node.alive[i] || node.decided[items_[i].position] || profit_[i] > 0) continue;
        std::int64_t const space = sack.width - items_[i].weight;
        if (space < 0 || sack.best - (sack.forward[n * cells + static_cast<std::size_t>(space)] + profit_[i]) >= room) node.alive[i] = 0;
      }
    }
    return settle(node);
  }

  /// Decides positions with one option left and drops what no longer fits, until nothing changes. False when some position has no option.
  bool settle(Node& node) {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::uint32_t p = 0; p < jobs_.size(); ++p) {
        if (node.decided[p]) continue;
        std::uint32_t options = node.may_wait[p] ? 1 : 0;
        std::uint32_t last = waiting;
        for (std::uint32_t i = first_item_[p]; i < first_item_[p + 1]; ++i) {
          if (!node.alive[i]) continue;
          if (!still_fits(node, items_[i].bid)) {
            node.alive[i] = 0;
            continue;
          }
          ++options;
          last = i;
        }
        if (options == 0) return false;
        if (options > 1) continue;
        decide(node, p, node.may_wait[p] ? waiting : last);
        changed = true;
      }
    }
    return true;
  }

  bool still_fits(Node const& node, std::uint32_t bid) const {
    for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid]))
      if (!core_.is_minimum[use.row] && core_.amount(bid, use) > node.left[use.row]) return false;
    return true;
  }

  /// item: index of an item, or waiting.
  void decide(Node& node, std::uint32_t position, std::uint32_t item) const {
    node.decided[position] = 1;
    if (item == waiting) {
      node.choice[position] = waiting;
      node.cost += job_at(position).waiting_cost;
      return;
    }
    std::uint32_t const bid = items_[item].bid;
    node.choice[position] = bid;
    node.cost += core_.problem.cost(bid);
    for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid])) {
      node.left[use.row] -= core_.amount(bid, use);
      // A minimum that is met has no price any more: a negative rest would weaken the bound.
      if (core_.is_minimum[use.row] && node.left[use.row] <= 0) node.price[use.row] = 0;
    }
  }

  /// The plan the last evaluation suggests, completed greedily; kept when it is better than the best.
  void try_plan(Node const& node) {
    Node plan = node;
    for (bool const only_chosen : {true, false})
      for (std::uint32_t p = 0; p < jobs_.size(); ++p) {
        if (plan.decided[p]) continue;
        std::uint32_t best = waiting;
        std::int64_t least = INT64_MAX;
        for (std::uint32_t i = first_item_[p]; i < first_item_[p + 1]; ++i) {
          if (!plan.alive[i] || (only_chosen && !evaluation_.chosen[i]) || !still_fits(plan, items_[i].bid)) continue;
          std::int64_t const value = -profit_[i];
          if (value < least) {
            least = value;
            best = i;
          }
        }
        if (best == waiting && (only_chosen || !job_at(p).waiting_allowed)) {
          if (only_chosen) continue;
          return;
        }
        if (best != waiting && !only_chosen && job_at(p).waiting_allowed && core_.problem.cost(items_[best].bid) >= job_at(p).waiting_cost)
          best = waiting;
        decide(plan, p, best);
      }
    keep(plan);
  }

  void keep(Node const& plan) {
    std::int64_t cost = plan.cost;
    for (std::uint32_t r = 0; r < core_.row_total(); ++r)
      if (core_.is_minimum[r]) cost += core_.shortfall_cost(r, core_.capacity[r] - plan.left[r]);
    if (cost >= best_cost_) return;
    best_cost_ = cost;
    best_ = plan.choice;
  }

  /// One subgradient step from the last evaluation. `size` relates to the distance still to go.
  void step(Node& node, double size) {
    double norm = 0;
    slope_job_.assign(jobs_.size(), 0);
    slope_row_.assign(core_.row_total(), 0);
    for (std::uint32_t r = 0; r < core_.row_total(); ++r) slope_row_[r] = static_cast<double>(-node.left[r]);
    for (std::uint32_t p = 0; p < jobs_.size(); ++p)
      if (!node.decided[p]) slope_job_[p] = 1;
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      share_[i] = 0.85 * share_[i] + (evaluation_.chosen[i] ? 0.15 : 0.0);
      if (!evaluation_.chosen[i]) continue;
      slope_job_[items_[i].position] -= 1;
      for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[items_[i].bid]))
        slope_row_[use.row] += static_cast<double>(core_.amount(items_[i].bid, use));
    }
    for (std::uint32_t p = 0; p < jobs_.size(); ++p) {
      if (node.decided[p]) continue;
      // Waiting at no loss takes up the slack of a job nobody chose.
      if (slope_job_[p] > 0 && node.may_wait[p] && node.value[p] >= scaled(job_at(p).waiting_cost)) slope_job_[p] = 0;
      norm += slope_job_[p] * slope_job_[p];
    }
    for (std::uint32_t r = 0; r < core_.row_total(); ++r) {
      double& slope = slope_row_[r];
      if (core_.is_minimum[r]) slope = -slope;
      if (is_knapsack_[r] || step_unit_[r] == 0 || (node.price[r] == 0 && slope < 0) || (core_.is_minimum[r] && node.left[r] <= 0))
        slope = 0;
      double const moved = slope * step_unit_[r] / typical();
      norm += moved * moved;
    }
    if (norm == 0) return;
    double const distance = std::max(1.0, static_cast<double>(target() - evaluation_.bound));
    double const length = size * distance / norm;
    for (std::uint32_t p = 0; p < jobs_.size(); ++p) {
      if (slope_job_[p] == 0) continue;
      std::int64_t const cap = node.may_wait[p] ? scaled(job_at(p).waiting_cost) : far / 4;
      node.value[p] = std::min(cap, node.value[p] + static_cast<std::int64_t>(std::clamp(length * slope_job_[p], -1e17, 1e17)));
    }
    for (std::uint32_t r = 0; r < core_.row_total(); ++r) {
      if (slope_row_[r] == 0) continue;
      double const unit = step_unit_[r] / typical();
      double const moved = std::clamp(length * slope_row_[r] * unit * unit, -1e17, 1e17);
      node.price[r] = std::clamp<std::int64_t>(node.price[r] + static_cast<std::int64_t>(moved), 0,
                                               std::min<std::int64_t>(core_.price_max(r), std::int64_t{1} << 56));
    }
  }

  /// Typical cost of a job: makes a job's slope and a row's comparable.
  double typical() {
    if (typical_ == 0) {
      Int128 sum = 0;
      for (Item const& item : items_) sum += std::abs(core_.problem.cost(item.bid));
      typical_ = items_.empty() ? 1.0 : std::max(1.0, static_cast<double>(sum) / static_cast<double>(items_.size()));
    }
    return typical_;
  }

  /// True when the subtree holds nothing better than the best plan known at the end; false when the work ran out. `bound`, where wanted,
  /// receives what was proven at this node itself.
  bool solve_node(Node& node, std::uint32_t steps, std::int64_t* bound, int depth) {
    ++nodes_;
    work_ += 8 * items_.size() + 8 * jobs_.size();
    if (!settle(node)) return true;
    double size = 1.0;
    std::int64_t best_bound = INT64_MIN;
    std::vector<std::int64_t> best_value = node.value;
    std::vector<std::int64_t> best_price = node.price;
    std::uint32_t idle = 0;
    for (std::uint32_t s = 0; s < steps; ++s) {
      bool const tables = s + 1 == steps || s % 8 == 7 || evaluation_.bound >= target();
      evaluate(node, tables);
      if (bound) *bound = std::max(*bound, -(-evaluation_.bound >> core_.price_shift));
      if (evaluation_.bound >= target()) return true;
      if (evaluation_.bound > best_bound) {
        best_bound = evaluation_.bound;
        best_value = node.value;
        best_price = node.price;
        idle = 0;
      } else if (++idle >= 12) {
        size *= 0.6;
        idle = 0;
        node.value = best_value;
        node.price = best_price;
        evaluate(node, tables);
      }
      if (tables) {
        try_plan(node);
        if (!fix(node)) return true;
      }
      if (work_ > options_.work) return false;
      step(node, size);
    }
    node.value = best_value;
    node.price = best_price;
    for (std::uint32_t p = 0; p < jobs_.size(); ++p)
      if (node.may_wait[p]) node.value[p] = std::min(node.value[p], scaled(job_at(p).waiting_cost));
    std::uint32_t const position = branching_position(node);
    if (position == waiting) {
      keep(node);
      return true;
    }
    if (depth > 400) return false;
    return branch(node, position, depth);
  }

  /// The undecided position with most money in doubt; waiting when all are decided.
  std::uint32_t branching_position(Node const& node) const {
    std::uint32_t best = waiting;
    double most = -1;
    for (std::uint32_t p = 0; p < jobs_.size(); ++p) {
      if (node.decided[p]) continue;
      double clear = 0;
      double sum = 0;
      std::int64_t dearest = 0;
      for (std::uint32_t i = first_item_[p]; i < first_item_[p + 1]; ++i) {
        if (!node.alive[i]) continue;
        clear = std::max(clear, share_[i]);
        sum += share_[i];
        dearest = std::max(dearest, std::abs(core_.problem.cost(items_[i].bid)));
      }
      if (node.may_wait[p]) clear = std::max(clear, 1 - sum);
      double const doubt = (1.02 - std::min(clear, 1.0)) * static_cast<double>(dearest + 1);
      if (doubt > most) {
        most = doubt;
        best = p;
      }
    }
    return best;
  }

  bool branch(Node const& node, std::uint32_t position, int depth) {
    struct Branch {
      double share;
      std::uint32_t item;
    };
    std::vector<Branch> options;
    double placed = 0;
    for (std::uint32_t i = first_item_[position]; i < first_item_[position + 1]; ++i)
      if (node.alive[i]) {
        options.push_back({share_[i], i});
        placed += share_[i];
      }
    if (node.may_wait[position]) options.push_back({1 - placed, waiting});
    std::ranges::stable_sort(options, [](Branch const& a, Branch const& b) { return a.share > b.share; });
    for (Branch const& option : options) {
      Node child = node;
      decide(child, position, option.item);
      if (!solve_node(child, options_.branch_steps, nullptr, depth + 1)) return false;
    }
    return true;
  }

  Core const& core_;
  ExactOptions const& options_;
  std::vector<std::uint32_t> best_;
  std::int64_t best_cost_;
  std::vector<Job const*> jobs_;
  std::vector<std::uint8_t> is_knapsack_;
  mutable std::vector<std::vector<std::uint32_t>> by_row_;
  std::vector<std::uint32_t> nested_in_;  ///< per rank
  std::vector<std::int64_t> unit_;        ///< per knapsack row: units of the row in one unit of the table
  std::vector<Item> items_;
  std::vector<std::uint32_t> first_item_;
  std::vector<std::vector<std::uint32_t>> by_knapsack_;
  std::vector<double> step_unit_;
  std::vector<double> share_;  ///< per item: how often recent solutions chose it
  std::vector<double> slope_job_;
  std::vector<double> slope_row_;
  double typical_ = 0;
  Node root_;
  std::vector<Knapsack> sacks_;
  std::vector<std::int64_t> profit_;
  std::vector<std::int64_t> with_;
  std::vector<std::uint32_t> group_;
  Evaluation evaluation_;
  std::uint64_t work_ = 0;
  std::uint64_t nodes_ = 0;
};

}  // namespace

bool exact_applies(Core const& core) {
  return core.problem.jobs.size() <= positions_max && core.problem.bid_total() <= bids_per_problem_max;
}

ExactResult prove(Core const& core, Prices const& prices, std::vector<std::uint32_t> const& choice, std::int64_t cost,
                  ExactOptions const& options) {
  return Exact(core, prices, choice, cost, options).run();
}

}  // namespace sluice::assignment
