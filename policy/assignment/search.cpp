// Annealing over ejection moves. A step takes one job to a bid of its choice, ejects at random whoever stands in the way, puts the ejected
// back greedily, offers what became free to jobs that want it, and keeps the result or undoes it. Everything is integer but the cooling.
#include "policy/assignment/search.hpp"

#include "policy/assignment/arithmetic.hpp"
#include "policy/assignment/certificate.hpp"
#include "policy/assignment/mixing.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <span>

namespace sluice::assignment {

namespace {

constexpr std::size_t ejected_max = 12;
constexpr std::uint32_t wanters_asked = 8;
constexpr std::uint32_t left_out_percent = 30;  // of the steps begin with a job that may not wait and does
constexpr std::uint32_t candidates_tried = 16;
constexpr std::uint32_t victims_compared = 3;
constexpr std::uint64_t cooling_steps = 512;   // the temperature changes once in so many steps
constexpr std::uint64_t penalty_steps = 2048;  // and the price of leaving a job out once in so many

/// −ln(u) for a uniform u in (0, 1), in units of 2^-16: linear between powers of two, which is close enough for an acceptance rule.
std::int64_t exponential(std::uint64_t random) {
  std::uint64_t const u = random | 1;
  int const zeros = std::countl_zero(u);
  std::uint64_t const fraction = (u << zeros << 1) >> 48;  // mantissa below one, 16 bits
  std::int64_t const log2_part = (std::int64_t{zeros} << 16) + (65'536 - static_cast<std::int64_t>(fraction));
  return log2_part * 45'426 >> 16;  // × ln 2
}

class Search {
 public:
  Search(Core const& core, Candidates const& candidates, Prices const& prices, Board& board, SearchOptions const& options)
      : core_(core), candidates_(candidates), pricing_(core, prices), board_(board), options_(options), random_(mix(options.seed)) {
    board_.track_occupants();
    list_movables();
    list_wanters();
    typical_ = typical_cost();
    touched_.assign(board_.positions(), 0);
    best_ = board_.choices();
    best_cost_ = board_.cost();
    best_unplaced_ = board_.unplaced();
    best_real_ = real_cost();
  }

  SearchResult run() {
    std::uint64_t step = 0;
    if (!movable_.empty())
      for (; step < options_.steps && !(best_unplaced_ == 0 && best_real_ <= options_.stop_at); ++step) {
        if (step % cooling_steps == 0) cool(step);
        if (forced_ && step % penalty_steps == penalty_steps - 1) adjust_penalty();
        try_step();
      }
    return {best_, best_real_, best_unplaced_, step};
  }

 private:
  struct Change {
    std::uint32_t position;
    std::uint32_t before;
  };

  std::span<std::uint32_t const> candidates(std::uint32_t position) const {
    std::uint32_t const k = board_.class_of(position);
    return {candidates_.bid.data() + candidates_.first[k], candidates_.bid.data() + candidates_.first[k + 1]};
  }

  /// Only jobs with some choice take part.
  void list_movables() {
    for (std::uint32_t p = 0; p < board_.positions(); ++p)
      if (!candidates(p).empty()) movable_.push_back(p);
  }

  /// Per row, who has a candidate that uses it.
  void list_wanters() {
    wanters_.resize(core_.row_total());
    for (std::uint32_t const p : movable_)
      for (std::uint32_t const bid : candidates(p))
        for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid]))
          if (!core_.is_minimum[use.row] && (wanters_[use.row].empty() || wanters_[use.row].back() != p)) wanters_[use.row].push_back(p);
    for (std::uint32_t k = 0; k < core_.class_total(); ++k) forced_ = forced_ || !core_.job_of_class(k).waiting_allowed;
  }

  std::int64_t typical_cost() const {
    Int128 sum = 0;
    for (std::uint32_t const p : movable_) sum += std::abs(core_.problem.cost(candidates(p).front()));
    return movable_.empty() ? 1 : std::max<std::int64_t>(1, static_cast<std::int64_t>(sum / static_cast<Int128>(movable_.size())));
  }

  /// Cost without the penalties of jobs that may not wait: those count their nominal waiting cost.
  std::int64_t real_cost() const {
    std::int64_t cost = board_.cost();
    if (!forced_ || board_.unplaced() == 0) return cost;
    for (std::uint32_t p = 0; p < board_.positions(); ++p)
      if (board_.choice(p) == waiting) {
        std::uint32_t const k = board_.class_of(p);
        cost += core_.job_of_class(k).waiting_cost - board_.waiting_cost(k);
      }
    return cost;
  }

  void cool(std::uint64_t step) {
    double const part = static_cast<double>(step) / static_cast<double>(options_.steps);
    double const temperature = options_.first_temperature * exp_minus(options_.cooling * part);
    temperature_ = static_cast<Int128>(65'536.0 * static_cast<double>(typical_) * temperature);
  }

  /// What leaving out a job that may not wait costs: what the prices say it is worth, and more the longer some are left out.
  std::int64_t penalty_of(std::uint32_t k) const {
    Int128 const worth = std::max<std::int64_t>(0, candidates_.least[k] >> core_.price_shift);
    return static_cast<std::int64_t>(std::min<Int128>(worth + Int128{typical_} * factor_ / 100 + 1, sum_limit));
  }

  /// Jobs that may not wait: the dearer it is to leave them out, the longer some are left out.
  void adjust_penalty() {
    bool const missing = board_.unplaced() > 0;
    factor_ = missing ? std::min<std::int64_t>(factor_ * 5 / 4 + 1, 2'000) : std::max<std::int64_t>(factor_ * 15 / 16, 5);
    for (std::uint32_t k = 0; k < core_.class_total(); ++k)
      if (!core_.job_of_class(k).waiting_allowed) board_.set_waiting_cost(k, penalty_of(k));
  }

  void record(std::uint32_t position) {
    changes_.push_back({position, board_.choice(position)});
    touched_[position] = stamp_;
  }

  void take_off(std::uint32_t position) {
    record(position);
    for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[board_.choice(position)])) freed_.push_back(use.row);
    board_.remove(position);
  }

  /// Removes random users of every row where the bid does not fit. False when that would take too many.
  bool make_room(std::uint32_t bid) {
    for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid])) {
      if (core_.is_minimum[use.row]) continue;
      std::int64_t const needed = core_.amount(bid, use);
      while (board_.left(use.row) < needed) {
        auto const& users = board_.occupants(use.row);
        if (ejected_.size() == ejected_max || users.empty()) return false;
        // Of a few, the one whose place suits it least.
        std::uint32_t victim = users[random_.below(static_cast<std::uint32_t>(users.size()))];
        for (std::uint32_t i = 1; i < victims_compared; ++i) {
          std::uint32_t const other = users[random_.below(static_cast<std::uint32_t>(users.size()))];
          if (loss(other) > loss(victim)) victim = other;
        }
        take_off(victim);
        ejected_.push_back(victim);
      }
    }
    return true;
  }

  /// How much dearer, at the prices, a position stands than it could. Negative only by rounding.
  std::int64_t loss(std::uint32_t position) const {
    std::uint32_t const k = board_.class_of(position);
    std::uint32_t const bid = board_.choice(position);
    std::int64_t const now = bid == waiting ? board_.waiting_cost(k) << core_.price_shift : pricing_.priced(bid);
    return now - candidates_.least[k];
  }

  /// The cheapest bid that fits, by cost or by priced cost; waiting when that is cheaper.
  void put_back(std::uint32_t position, bool by_price) {
    std::uint32_t const k = board_.class_of(position);
    std::uint32_t best = waiting;
    std::int64_t least = by_price ? board_.waiting_cost(k) << core_.price_shift : 0;
    for (std::uint32_t c = candidates_.first[k]; c < candidates_.first[k + 1]; ++c) {
      std::uint32_t const bid = candidates_.bid[c];
      std::int64_t const value = by_price ? candidates_.priced[c] : board_.added_cost(position, bid);
      if (value < least && board_.fits(bid)) {
        least = value;
        best = bid;
        if (by_price) break;  // candidates come cheapest first
      }
    }
    if (best != waiting) board_.place(position, best);
  }

  /// Lets a position move to a cheaper bid that fits now.
  void improve(std::uint32_t position) {
    std::uint32_t const old = board_.choice(position);
    std::int64_t const before = board_.cost();
    std::uint32_t best = old;
    std::int64_t least = 0;
    if (old == waiting) {
      for (std::uint32_t const bid : candidates(position)) {
        std::int64_t const added = board_.added_cost(position, bid);
        if (added < least && board_.fits(bid)) {
          least = added;
          best = bid;
        }
      }
      if (best == waiting) return;
      record(position);
      board_.place(position, best);
      return;
    }
    bool cheaper = false;
    for (std::uint32_t const bid : candidates(position)) cheaper = cheaper || core_.problem.cost(bid) < core_.problem.cost(old);
    if (!cheaper) return;
    board_.remove(position);
    least = before - board_.cost();
    for (std::uint32_t const bid : candidates(position)) {
      std::int64_t const added = board_.added_cost(position, bid);
      if (added < least && board_.fits(bid)) {
        least = added;
        best = bid;
      }
    }
    if (best != old) {
      changes_.push_back({position, old});
      touched_[position] = stamp_;
    }
    board_.place(position, best);
  }

  void refill() {
    if (freed_.empty()) return;
    for (std::uint32_t i = 0; i < wanters_asked; ++i) {
      std::uint32_t const row = freed_[random_.below(static_cast<std::uint32_t>(freed_.size()))];
      auto const& wanters = wanters_[row];
      if (wanters.empty() || board_.left(row) == 0) continue;
      std::uint32_t const p = wanters[random_.below(static_cast<std::uint32_t>(wanters.size()))];
      if (touched_[p] != stamp_) improve(p);
    }
  }

  void undo() {
    for (std::size_t i = changes_.size(); i-- > 0;)
      if (board_.choice(changes_[i].position) != waiting) board_.remove(changes_[i].position);
    for (std::size_t i = changes_.size(); i-- > 0;)
      if (changes_[i].before != waiting && board_.choice(changes_[i].position) == waiting)
        board_.place(changes_[i].position, changes_[i].before);
  }

  std::uint32_t pick_position() {
    if (!left_out_.empty() && random_.below(100) < left_out_percent) {
      std::uint32_t const p = left_out_.back();
      left_out_.pop_back();
      if (board_.choice(p) == waiting) return p;
    }
    std::uint32_t const first = movable_[random_.below(static_cast<std::uint32_t>(movable_.size()))];
    std::uint64_t const mood = random_.next();
    if ((mood & 1) != 0) return first;
    std::uint32_t const second = movable_[random_.below(static_cast<std::uint32_t>(movable_.size()))];
    return loss(second) > loss(first) ? second : first;
  }

  /// Of three draws the best: good bids are tried far more often.
  std::uint32_t pick_candidate(std::uint32_t count) {
    count = std::min(count, candidates_tried);
    std::uint32_t const first = random_.below(count);
    std::uint32_t const second = random_.below(count);
    return std::min({first, second, random_.below(count)});
  }

  void try_step() {
    changes_.clear();
    ejected_.clear();
    freed_.clear();
    ++stamp_;
    std::int64_t const before = board_.cost();
    std::uint32_t const position = pick_position();
    auto const own = candidates(position);
    std::uint32_t index = pick_candidate(static_cast<std::uint32_t>(own.size()));
    if (own[index] == board_.choice(position)) index = index + 1 < own.size() ? index + 1 : 0;
    std::uint32_t const bid = own[index];
    if (bid == board_.choice(position)) return;
    if (board_.choice(position) != waiting)
      take_off(position);
    else
      record(position);
    if (!make_room(bid)) {
      undo();
      return;
    }
    board_.place(position, bid);
    std::uint64_t const mood = random_.next();
    if ((mood & 2) != 0) std::ranges::reverse(ejected_);
    for (std::uint32_t const p : ejected_) put_back(p, (mood & 1) != 0);
    refill();
    std::int64_t const delta = board_.cost() - before;
    if (delta > 0 && Int128{delta} << 32 > temperature_ * exponential(random_.next())) {
      undo();
      return;
    }
    if (forced_)
      for (std::uint32_t const p : ejected_)
        if (board_.choice(p) == waiting) left_out_.push_back(p);
    for (Change const& change : changes_) dirty_.push_back(change.position);
    if (board_.unplaced() < best_unplaced_ ||
        (board_.unplaced() == best_unplaced_ && board_.cost() < best_cost_ + (forced_ ? INT32_MAX : 0)))
      keep_if_best();
  }

  void keep_if_best() {
    std::int64_t const real = real_cost();
    if (board_.unplaced() == best_unplaced_ && real >= best_real_) return;
    if (dirty_.size() < board_.positions() / 2)
      for (std::uint32_t const p : dirty_) best_[p] = board_.choice(p);
    else
      best_ = board_.choices();
    dirty_.clear();
    best_cost_ = board_.cost();
    best_real_ = real;
    best_unplaced_ = board_.unplaced();
  }

  Core const& core_;
  Candidates const& candidates_;
  Pricing pricing_;
  Board& board_;
  SearchOptions const& options_;
  Random random_;
  bool forced_ = false;
  std::int64_t factor_ = 100;  ///< percent of a typical cost, on top of a left-out job's worth
  std::vector<std::uint32_t> movable_;
  std::vector<std::vector<std::uint32_t>> wanters_;
  std::int64_t typical_ = 1;
  Int128 temperature_ = 0;  ///< micro-yuan × 2^16
  std::vector<std::uint64_t> touched_;
  std::uint64_t stamp_ = 0;
  std::vector<Change> changes_;
  std::vector<std::uint32_t> ejected_;
  std::vector<std::uint32_t> freed_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> left_out_;  ///< who may not wait and lately came to
  std::vector<std::uint32_t> best_;
  std::int64_t best_cost_ = 0;
  std::int64_t best_real_ = 0;
  std::uint32_t best_unplaced_ = 0;
};

}  // namespace

SearchResult search(Core const& core, Candidates const& candidates, Prices const& prices, Board& board, SearchOptions const& options) {
  return Search(core, candidates, prices, board, options).run();
}

}  // namespace sluice::assignment
