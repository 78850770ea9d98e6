// The pipeline: canonical core, prices, candidates, roundings, search, and the certificate of what came out.
#include "policy/assignment/solver.hpp"

#include "policy/assignment/board.hpp"
#include "policy/assignment/core.hpp"
#include "policy/assignment/dual.hpp"
#include "policy/assignment/exact.hpp"
#include "policy/assignment/lagrangian.hpp"
#include "policy/assignment/mixing.hpp"
#include "policy/assignment/rounding.hpp"
#include "policy/assignment/search.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace sluice::assignment {

namespace {

/// Up to this many bids the dual ends on all of them; above, on every job's best candidates.
constexpr std::size_t whole_arcs_max = 700'000;
constexpr std::size_t small_arcs_max = 200'000;
constexpr std::size_t sample_arcs_max = 1'500'000;
constexpr double first_smoothing = 0.5;
constexpr double warm_smoothing = 0.004;
constexpr double finest_small = 0.0001;
constexpr double finest_large = 0.0003;
constexpr std::uint64_t steps_per_iteration = 5'000;
constexpr std::uint32_t narrow_candidates = 6;
constexpr std::uint64_t exact_work_per_iteration = 1'000'000;

/// A sample of the classes and the smoothing down to which it serves.
struct Stage {
  std::size_t arcs;
  double until;
};

/// Placed plans of more jobs than this are only rounded and filled: the search gains little there and costs much.
constexpr std::size_t search_positions_max = 200'000;

Prices prices_from(Core const& core, WarmStart const& warm) {
  Prices prices(core.row_total(), 0);
  if (warm.price_shift > price_shift_max) return prices;
  for (std::size_t rank = 0; rank < prices.size(); ++rank) {
    std::uint32_t const row = core.canonical.row_at_rank[rank];
    if (row >= warm.row_price.size() || warm.row_price[row] <= 0) continue;
    Int128 const scaled = (Int128{warm.row_price[row]} << core.price_shift) >> warm.price_shift;
    prices[rank] = static_cast<std::int64_t>(std::min<Int128>(scaled, std::min<std::int64_t>(core.price_max(rank), std::int64_t{1} << 56)));
  }
  return prices;
}

/// Everything one solve knows.
class Solve {
 public:
  Solve(Problem const& problem, SolveOptions const& options, WarmStart const& warm)
      : problem_(problem), options_(options), warm_(warm), core_(problem) {}

  Solution run() {
    find_prices();
    bound_ = bound_of(core_, prices_, options_.threads);
    candidates_ = candidates_of(core_, prices_, candidates_per_class(), priced_limit, options_.threads);
    find_plan();
    search_bound_ = bound_;
    improve_plan();
    return solution();
  }

 private:
  /// Long lists help only where there are few jobs to a row.
  std::uint32_t candidates_per_class() const {
    if (problem_.jobs.size() <= 20'000) return 24;
    return problem_.jobs.size() <= 200'000 ? 16 : 10;
  }

  /// Coarse smoothing on small samples, fine smoothing on all jobs: the smoother the dual, the fewer jobs show its shape.
  void find_prices() {
    prices_ = prices_from(core_, warm_);
    bool const warm = std::ranges::any_of(prices_, [](std::int64_t price) { return price > 0; });
    double smoothing = warm ? warm_smoothing : first_smoothing;
    for (Stage const& stage : {Stage{50'000, 0.04}, Stage{400'000, 0.004}}) {
      // A sample pays only where the whole is much larger.
      if (smoothing < stage.until || problem_.bid_total() < 3 * stage.arcs) continue;
      smoothing = improve(sample_slice(core_, stage.arcs), smoothing, stage.until);
    }
    if (problem_.bid_total() <= whole_arcs_max) {
      improve(sample_slice(core_, bids_max), smoothing, problem_.bid_total() <= small_arcs_max ? finest_small : finest_large);
      return;
    }
    if (problem_.bid_total() > 10 * sample_arcs_max) improve(sample_slice(core_, sample_arcs_max), 0.0135, 0.004);
    // All jobs, but only bids near their best: those far from it carry no weight at these smoothings.
    std::uint32_t const near = problem_.jobs.size() <= 200'000 ? 16 : 8;
    improve(candidate_slice(core_, candidates_of(core_, prices_, near, priced_limit, options_.threads)), 0.0135, finest_large);
  }

  /// Runs levels of smoothing down to `until`. Returns the next level.
  double improve(Slice const& slice, double smoothing, double until) {
    DualSchedule schedule;
    schedule.first_smoothing = smoothing;
    schedule.last_smoothing = until;
    iterations_ += Dual(core_, slice, options_.threads).run(prices_, schedule);
    while (smoothing >= until) smoothing *= schedule.factor;
    return smoothing;
  }

  /// The last round's plan as far as it still fits.
  void replay_warm_plan(Board& board) const {
    for (std::uint32_t k = 0; k < core_.class_total(); ++k) {
      Job const& like = core_.job_of_class(k);
      for (std::uint32_t p = core_.canonical.class_first[k]; p < core_.canonical.class_first[k + 1]; ++p) {
        std::uint32_t const j = core_.canonical.job_order[p];
        if (j >= warm_.choice.size()) continue;
        Job const& job = problem_.jobs[j];
        std::uint32_t const bid = warm_.choice[j];
        if (bid < job.first_bid || bid - job.first_bid >= job.bid_count) continue;
        std::uint32_t const same = bid_of_copy(problem_, core_.canonical, job, bid, like);
        if (board.fits(same) && board.added_cost(p, same) <= 0) board.place(p, same);
      }
    }
  }

  void soften(Board& board) const {
    for (std::uint32_t k = 0; k < core_.class_total(); ++k)
      if (!core_.job_of_class(k).waiting_allowed) board.set_waiting_cost(k, forced_waiting_cost(k));
  }

  /// What leaving out a job that may not wait costs the search: clearly more than any of its bids.
  std::int64_t forced_waiting_cost(std::uint32_t k) const {
    Job const& job = core_.job_of_class(k);
    std::int64_t largest = std::max<std::int64_t>(1, candidates_.least[k] >> core_.price_shift);
    for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid) largest = std::max(largest, problem_.cost(bid));
    return std::min(2 * largest, sum_limit);
  }

  void keep_better(Board const& board) {
    if (best_ && std::pair{board.unplaced(), board.cost()} >= std::pair{best_unplaced_, best_cost_}) return;
    best_ = board.choices();
    best_unplaced_ = board.unplaced();
    best_cost_ = board.cost();
  }

  void find_plan() {
    bool const few = problem_.jobs.size() > search_positions_max;
    for (std::uint8_t order = 0; order < (few ? 2 : rounding_orders); ++order) {
      Board board(core_);
      soften(board);
      round_greedily(core_, candidates_, static_cast<RoundingOrder>(order), board);
      fill(core_, candidates_, board);
      keep_better(board);
    }
    if (!warm_.choice.empty()) {
      Board board(core_);
      soften(board);
      replay_warm_plan(board);
      round_greedily(core_, candidates_, RoundingOrder::big_first, board);
      fill(core_, candidates_, board);
      keep_better(board);
    }
  }

  /// Small rounds: a short search for a good plan, a proof, and only if that fails the long search.
  void improve_plan() {
    if (!best_ || options_.iterations == 0 || problem_.jobs.size() > search_positions_max || done()) return;
    std::uint64_t const steps = options_.iterations * steps_per_iteration;
    if (!exact_applies(core_)) {
      search_long(steps);
      return;
    }
    std::uint64_t const probe = std::min<std::uint64_t>(steps, 50 * problem_.jobs.size());
    search_on(narrow(), probe, 1, {});
    if (best_unplaced_ == 0 && !done()) {
      ExactOptions exact;
      exact.work = options_.iterations * exact_work_per_iteration;
      ExactResult const result = prove(core_, prices_, *best_, real_cost(), exact);
      best_ = result.choice;
      search_bound_ = std::max(search_bound_, result.bound);
      proven_ = result.proven;
      iterations_ += result.work / exact_work_per_iteration;
    }
    if (!done()) search_long(steps);
  }

  bool done() const { return proven_ || (best_unplaced_ == 0 && real_cost() <= search_bound_); }

  /// What the best plan costs, each job that waits at its own waiting cost.
  std::int64_t real_cost() const {
    Board board(core_);
    for (std::uint32_t p = 0; p < board.positions(); ++p)
      if ((*best_)[p] != waiting) board.place(p, (*best_)[p]);
    return board.cost();
  }

  /// Most of the effort among the few best bids of each job, the rest, cooler, among more of them.
  void search_long(std::uint64_t steps) {
    search_on(narrow(), steps / 4 * 3, 2, {});
    if (!done()) search_on(candidates_, steps / 4, 3, {.first_temperature = 0.03, .cooling = 2.3});
  }

  Candidates narrow() const { return candidates_of(core_, prices_, narrow_candidates, priced_limit, options_.threads); }

  /// Searches from the best plan.
  void search_on(Candidates const& candidates, std::uint64_t steps, std::uint64_t round, SearchOptions search_options) {
    Board board(core_);
    soften(board);
    for (std::uint32_t p = 0; p < board.positions(); ++p)
      if ((*best_)[p] != waiting) board.place(p, (*best_)[p]);
    search_options.steps = steps;
    search_options.seed = mix(options_.seed) + round;
    search_options.stop_at = search_bound_;
    SearchResult const found = search(core_, candidates, prices_, board, search_options);
    best_ = found.choice;
    best_unplaced_ = found.unplaced;
    iterations_ += found.steps / steps_per_iteration;
  }

  Solution solution() {
    Solution out;
    out.classes = core_.class_total();
    out.iterations = iterations_;
    out.plan.choice.assign(problem_.jobs.size(), waiting);
    if (best_) place_jobs(out.plan);
    Certificate& certificate = out.certificate;
    certificate.price_shift = core_.price_shift;
    certificate.row_price.resize(problem_.rows.size());
    for (std::size_t rank = 0; rank < prices_.size(); ++rank) certificate.row_price[core_.canonical.row_at_rank[rank]] = prices_[rank];
    certificate.split = split_of(out.plan);
    certificate.cost = certificate.split.price + certificate.split.waiting + certificate.split.fairness + certificate.split.shortfall;
    certificate.bound = bound_;
    out.search_bound = std::min(search_bound_, certificate.cost);
    if (best_unplaced_ > 0)
      out.status = SolveStatus::unplaced;
    else if (proven_ || out.search_bound >= certificate.cost)
      out.status = SolveStatus::optimal;
    out.progress = progress_;
    out.progress.push_back({iterations_, bound_, certificate.cost});
    return out;
  }

  /// Of equal jobs the earlier in canonical order gets the better place.
  void place_jobs(Plan& plan) const {
    std::vector<std::uint32_t> choices;
    for (std::uint32_t k = 0; k < core_.class_total(); ++k) {
      std::uint32_t const first = core_.canonical.class_first[k];
      std::uint32_t const last = core_.canonical.class_first[k + 1];
      choices.assign(best_->begin() + first, best_->begin() + last);
      if (last - first > 1)
        std::ranges::sort(choices, [&](std::uint32_t a, std::uint32_t b) {
          if (a == waiting || b == waiting) return a != waiting && b == waiting;
          auto const key = [&](std::uint32_t bid) {
            return std::pair{problem_.cost(bid), core_.canonical.bundle_color[problem_.bid_bundle[bid]]};
          };
          return key(a) < key(b);
        });
      for (std::uint32_t p = first; p < last; ++p) {
        std::uint32_t const j = core_.canonical.job_order[p];
        if (choices[p - first] != waiting)
          plan.choice[j] = bid_of_copy(problem_, core_.canonical, core_.job_of_class(k), choices[p - first], problem_.jobs[j]);
      }
    }
  }

  CostSplit split_of(Plan const& plan) const {
    CostSplit split;
    std::vector<Int128> used(core_.row_total(), 0);
    for (std::size_t j = 0; j < plan.choice.size(); ++j) {
      std::uint32_t const bid = plan.choice[j];
      if (bid == waiting) {
        split.waiting += problem_.jobs[j].waiting_cost;
        continue;
      }
      split.price += problem_.bid_price[bid];
      split.fairness += problem_.fairness(bid);
      std::uint32_t const bundle = problem_.bid_bundle[bid];
      if (!core_.bundle_minimum[bundle]) continue;
      for (CoreUse const& use : core_.uses_of_bundle(bundle)) used[use.row] += core_.amount(bid, use);
    }
    for (std::size_t r = 0; r < core_.row_total(); ++r)
      if (core_.is_minimum[r])
        split.shortfall += core_.shortfall_cost(r, static_cast<std::int64_t>(std::min<Int128>(used[r], core_.capacity[r])));
    return split;
  }

  Problem const& problem_;
  SolveOptions const& options_;
  WarmStart const& warm_;
  Core core_;
  Prices prices_;
  std::int64_t bound_ = 0;
  std::int64_t search_bound_ = 0;
  bool proven_ = false;
  Candidates candidates_;
  std::optional<std::vector<std::uint32_t>> best_;
  std::uint32_t best_unplaced_ = 0;
  std::int64_t best_cost_ = 0;
  std::uint64_t iterations_ = 0;
  std::vector<Progress> progress_;
};

}  // namespace

std::expected<Solution, std::string> solve(Problem const& problem, SolveOptions const& options, WarmStart const& warm) {
  if (auto const valid = validate(problem); !valid) return std::unexpected(valid.error());
  return Solve(problem, options, warm).run();
}

}  // namespace sluice::assignment
