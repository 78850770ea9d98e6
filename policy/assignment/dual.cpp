// The smoothed dual. For item k with copies n, priced costs c_b(λ), smoothing t = τ·scale:
//   D(λ) = Σ_k −n t log(e^(−w/t) + Σ_b e^(−c_b(λ)/t)) − Σ λ·capacity,
// concave; its gradient is use − capacity under the softmax shares p_b, its curvature −Σ (n/t)(Σ p a aᵀ − ā āᵀ). A minimum_spend row enters
// with the opposite sign and a price of at most its tariff. Entropic smoothing as in ECLIPSE (Basu et al., ICML 2020); Newton on
// semi-discrete duals as in Kitagawa, Mérigot, Thibert (2019).
#include "policy/assignment/dual.hpp"

#include "policy/assignment/arithmetic.hpp"
#include "policy/assignment/parallel.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::assignment {

namespace {

constexpr std::uint32_t chunks = 32;
constexpr double share_one = 1 << 30;   // fixed point of shares
constexpr double flow_one = 1LL << 36;  // fixed point of metered flow, in units of row_scale_
constexpr double negligible = 12.0;     // bids worse by more than this many temperatures get no share
constexpr int conjugate_steps_max = 30;
constexpr double reach_min = 0.02;  // least reach of a step, in typical prices
constexpr int halvings_max = 3;

}  // namespace

template <typename Visit>
inline void Dual::each_metered(std::uint32_t arc, std::uint32_t kind, Visit const& visit) const {
  for (CoreUse const& use : core_.uses_of_kind(kind))
    if (use.meter != Meter::fixed) visit(use.row, quantity(arc, use.meter) * static_cast<double>(use.amount) * 1e-6);
}

Dual::Dual(Core const& core, Slice const& slice, std::uint32_t threads)
    : core_(core),
      slice_(slice),
      threads_(threads),
      kind_metered_(core.kind_total(), 0),
      kind_fixed_(core.kind_total()),
      kind_value_(core.any_metered ? core.kind_total() : 0),
      kind_push_(core.kind_total()) {
  for (std::uint32_t kind = 0; kind < core.kind_total(); ++kind)
    for (CoreUse const& use : core.uses_of_kind(kind))
      if (use.meter != Meter::fixed) kind_metered_[kind] = 1;
  measure_rows();
}

double Dual::quantity(std::uint32_t arc, Meter meter) const {
  switch (meter) {
    case Meter::price:
      return slice_.price.empty() ? slice_.cost[arc] : slice_.price[arc];
    case Meter::hold:
      return slice_.hold.empty() ? 0.0 : slice_.hold[arc];
    case Meter::draw:
      return slice_.draw.empty() ? 0.0 : slice_.draw[arc];
    case Meter::fixed:
      break;
  }
  return 1.0;
}

/// Typical prices and scales of the rows, from integer sums over the slice.
void Dual::measure_rows() {
  std::size_t const rows = core_.row_total();
  std::vector<std::int64_t> kind_arcs(core_.kind_total(), 0);
  std::vector<Int128> kind_cost(core_.kind_total(), 0);
  std::vector<Int128> amount(rows, 0);
  std::vector<Int128> cost(rows, 0);
  std::vector<std::int64_t> largest(rows, 1);
  for (std::size_t i = 0; i < slice_.items(); ++i) {
    auto const scale = static_cast<std::int64_t>(slice_.scale[i]);
    for (std::uint32_t a = slice_.first[i]; a < slice_.first[i + 1]; ++a) {
      std::uint32_t const kind = slice_.kind[a];
      ++kind_arcs[kind];
      kind_cost[kind] += scale;
      if (!kind_metered_[kind]) continue;
      for (CoreUse const& use : core_.uses_of_kind(kind)) {
        if (use.meter == Meter::fixed) continue;
        auto const taken = static_cast<std::int64_t>(quantity(a, use.meter) * static_cast<double>(use.amount) * 1e-6);
        amount[use.row] += taken;
        largest[use.row] = std::max(largest[use.row], taken);
      }
    }
  }
  for (std::uint32_t kind = 0; kind < kind_arcs.size(); ++kind) {
    if (kind_arcs[kind] == 0) continue;
    for (CoreUse const& use : core_.uses_of_kind(kind)) {
      if (use.meter == Meter::fixed) amount[use.row] += Int128{use.amount} * kind_arcs[kind];
      cost[use.row] += kind_cost[kind];
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    unit_.push_back(amount[r] > 0 ? static_cast<double>(cost[r]) / static_cast<double>(amount[r]) : 0.0);
    capacity_.push_back(static_cast<double>(core_.capacity[r]) * slice_.fraction);
    price_max_.push_back(std::ldexp(static_cast<double>(core_.price_max(r)), -core_.price_shift));
    sign_.push_back(core_.is_minimum[r] ? -1.0 : 1.0);
    row_scale_.push_back(static_cast<double>(std::max(core_.capacity[r], largest[r])));
  }
  imbalance_.resize(rows);
}

void Dual::find_kind_values(std::vector<double> const& direction) {
  for (std::uint32_t kind = 0; kind < kind_fixed_.size(); ++kind) {
    double fixed = 0;
    KindValue value;
    for (CoreUse const& use : core_.uses_of_kind(kind)) {
      double const part = sign_[use.row] * direction[use.row] * static_cast<double>(use.amount);
      switch (use.meter) {
        case Meter::fixed:
          fixed += part;
          break;
        case Meter::price:
          value.by_price += part * 1e-6;
          break;
        case Meter::hold:
          value.by_hold += part * 1e-6;
          break;
        case Meter::draw:
          value.by_draw += part * 1e-6;
          break;
      }
    }
    kind_fixed_[kind] = fixed;
    if (kind_metered_[kind]) kind_value_[kind] = value;
  }
}

inline double Dual::arc_value(std::uint32_t arc, std::uint32_t kind) const {
  double const fixed = kind_fixed_[kind];
  if (!kind_metered_[kind]) return fixed;
  KindValue const& value = kind_value_[kind];
  return fixed + value.by_price * quantity(arc, Meter::price) + value.by_hold * quantity(arc, Meter::hold) +
         value.by_draw * quantity(arc, Meter::draw);
}

template <bool any_metered>
void Dual::pass_over(std::size_t first_item, std::size_t last_item, double smoothing, Lane& lane, Chunk& chunk) const {
  chunk.arcs.clear();
  chunk.items.clear();
  std::int64_t* const flow = lane.kind.data();
  double const* const kind_fixed = kind_fixed_.data();
  for (std::size_t i = first_item; i < last_item; ++i) {
    std::uint32_t const first = slice_.first[i];
    std::uint32_t const count = slice_.first[i + 1] - first;
    if (lane.value.size() < count) lane.value.resize(count);
    double* const value = lane.value.data();
    double const* const cost = slice_.cost.data() + first;
    std::uint32_t const* const kinds = slice_.kind.data() + first;
    double least = slice_.waiting[i];
    for (std::uint32_t a = 0; a < count; ++a) {
      double const v = cost[a] + (any_metered ? arc_value(first + a, kinds[a]) : kind_fixed[kinds[a]]);
      value[a] = v;
      least = v < least ? v : least;
    }
    double const temperature = smoothing * slice_.scale[i];
    double const per_temperature = 1.0 / temperature;
    double const limit = least + negligible * temperature;
    std::size_t const begin = chunk.arcs.size();
    double total = 0;  // of whole numbers below 2^53: exact in any order
    if (slice_.waiting[i] < limit) total = std::floor(exp_minus((slice_.waiting[i] - least) * per_temperature) * share_one);
    bool const waiting_near = total > 0;
    for (std::uint32_t a = 0; a < count; ++a) {
      if (value[a] >= limit) continue;
      double const share = std::floor(exp_minus((value[a] - least) * per_temperature) * share_one);
      total += share;
      chunk.arcs.push_back({first + a, kinds[a], share});
    }
    std::size_t const near = chunk.arcs.size() - begin;
    bool const fuzzy = near + (waiting_near ? 1 : 0) > 1;
    double const normal = 1.0 / total;
    for (std::size_t n = begin; n < chunk.arcs.size(); ++n) {
      FuzzyArc& arc = chunk.arcs[n];
      arc.weight *= normal;
      std::int64_t const amount = static_cast<std::int64_t>(arc.weight * share_one) * slice_.copies[i];
      flow[arc.kind] += amount;
      if (any_metered && kind_metered_[arc.kind])
        each_metered(arc.arc, arc.kind, [&](std::uint32_t row, double taken) {
          lane.metered[row] += static_cast<std::int64_t>(static_cast<double>(amount) * (taken / row_scale_[row]) * (flow_one / share_one));
        });
    }
    if (!fuzzy) {
      chunk.arcs.resize(begin);
      continue;
    }
    // Doubles are summed over these later: bring them into an order that input order cannot change.
    if (near > 1)
      std::sort(chunk.arcs.begin() + static_cast<std::ptrdiff_t>(begin), chunk.arcs.end(),
                [](FuzzyArc const& x, FuzzyArc const& y) { return x.kind != y.kind ? x.kind < y.kind : x.weight > y.weight; });
    chunk.items.push_back({static_cast<std::uint32_t>(begin), slice_.copies[i] * per_temperature});
  }
  chunk.items.push_back({static_cast<std::uint32_t>(chunk.arcs.size()), 0});
}

void Dual::pass(std::vector<double> const& price, double smoothing) {
  ++passes_;
  find_kind_values(price);
  std::size_t const kinds = kind_fixed_.size();
  // Few chunks when the slice is small; the number depends on the slice alone.
  auto const used = static_cast<std::uint32_t>(std::clamp<std::size_t>(slice_.bid.size() / 65536, 1, chunks));
  std::uint32_t const lanes_used = std::clamp<std::uint32_t>(threads_, 1, used);
  chunks_.resize(used);
  std::vector<Lane> lanes(lanes_used);
  for (Lane& lane : lanes) {
    lane.kind.assign(kinds, 0);
    lane.metered.assign(core_.any_metered ? core_.row_total() : 0, 0);
  }
  for_each_chunk(lanes_used, used, [&](std::uint32_t c) {
    Range const range = chunk_range(slice_.items(), c, used);
    if (core_.any_metered)
      pass_over<true>(range.first, range.last, smoothing, lanes[c % lanes_used], chunks_[c]);
    else
      pass_over<false>(range.first, range.last, smoothing, lanes[c % lanes_used], chunks_[c]);
  });
  std::vector<Int128> row_flow(core_.row_total(), 0);
  for (std::uint32_t kind = 0; kind < kinds; ++kind) {
    std::int64_t flow = 0;
    for (Lane const& lane : lanes) flow += lane.kind[kind];
    if (flow == 0) continue;
    for (CoreUse const& use : core_.uses_of_kind(kind))
      if (use.meter == Meter::fixed) row_flow[use.row] += Int128{flow} * use.amount;
  }
  for (std::size_t r = 0; r < core_.row_total(); ++r) {
    std::int64_t metered = 0;
    for (Lane const& lane : lanes)
      if (!lane.metered.empty()) metered += lane.metered[r];
    double const used_units = static_cast<double>(row_flow[r]) / share_one + static_cast<double>(metered) / flow_one * row_scale_[r];
    imbalance_[r] = sign_[r] * (used_units - capacity_[r]);
  }
}

/// Curvature × direction. Overwrites the kind values of the last pass.
void Dual::curve_times(std::vector<double> const& direction, std::vector<double>& result) {
  std::fill(result.begin(), result.end(), 0.0);
  std::fill(kind_push_.begin(), kind_push_.end(), 0.0);
  find_kind_values(direction);
  std::vector<double> value;
  for (Chunk const& chunk : chunks_)
    for (std::size_t i = 0; i + 1 < chunk.items.size(); ++i) {
      std::uint32_t const first = chunk.items[i].first_arc;
      std::uint32_t const count = chunk.items[i + 1].first_arc - first;
      FuzzyArc const* const arcs = chunk.arcs.data() + first;
      if (value.size() < count) value.resize(count);
      double mean = 0;
      for (std::uint32_t f = 0; f < count; ++f) {
        value[f] = core_.any_metered ? arc_value(arcs[f].arc, arcs[f].kind) : kind_fixed_[arcs[f].kind];
        mean += arcs[f].weight * value[f];
      }
      for (std::uint32_t f = 0; f < count; ++f) {
        double const push = chunk.items[i].stiffness * arcs[f].weight * (value[f] - mean);
        kind_push_[arcs[f].kind] += push;
        if (core_.any_metered && kind_metered_[arcs[f].kind])
          each_metered(arcs[f].arc, arcs[f].kind, [&](std::uint32_t row, double taken) { result[row] += sign_[row] * push * taken; });
      }
    }
  for (std::uint32_t kind = 0; kind < kind_push_.size(); ++kind) {
    if (kind_push_[kind] == 0) continue;
    for (CoreUse const& use : core_.uses_of_kind(kind))
      if (use.meter == Meter::fixed) result[use.row] += sign_[use.row] * static_cast<double>(use.amount) * kind_push_[kind];
  }
}

std::vector<double> Dual::newton_step(std::vector<double> const& price, double smoothing) {
  std::size_t const rows = core_.row_total();
  // Diagonal of the curvature: the preconditioner.
  std::vector<double> diagonal(rows, 0.0);
  std::fill(kind_push_.begin(), kind_push_.end(), 0.0);
  for (Chunk const& chunk : chunks_)
    for (std::size_t i = 0; i + 1 < chunk.items.size(); ++i)
      for (std::uint32_t f = chunk.items[i].first_arc; f < chunk.items[i + 1].first_arc; ++f) {
        FuzzyArc const& arc = chunk.arcs[f];
        double const weight = chunk.items[i].stiffness * arc.weight * (1 - arc.weight);
        kind_push_[arc.kind] += weight;
        if (kind_metered_[arc.kind])
          each_metered(arc.arc, arc.kind, [&](std::uint32_t row, double taken) { diagonal[row] += weight * taken * taken; });
      }
  for (std::uint32_t kind = 0; kind < kind_push_.size(); ++kind)
    for (CoreUse const& use : core_.uses_of_kind(kind))
      if (use.meter == Meter::fixed)
        diagonal[use.row] += kind_push_[kind] * static_cast<double>(use.amount) * static_cast<double>(use.amount);
  std::vector<std::uint8_t> free(rows, 0);
  std::vector<double> damping(rows, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    if (unit_[r] == 0) continue;
    double const g = imbalance_[r];
    bool const at_floor = price[r] <= 0 && g <= 0;
    bool const at_ceiling = price[r] >= price_max_[r] && g >= 0;
    free[r] = !at_floor && !at_ceiling;
    // A row never moves by more than about this many typical prices at once, however flat the curve is there.
    double const reach = std::max(unit_[r], price[r]) * std::clamp(4 * smoothing, reach_min, 1.0);
    damping[r] = (std::abs(g) + 1e-9 * row_scale_[r]) / reach;
    diagonal[r] += damping[r];
  }
  // Preconditioned conjugate gradients on the free rows.
  std::vector<double> step(rows, 0.0);
  std::vector<double> residual(rows, 0.0);
  std::vector<double> direction(rows, 0.0);
  std::vector<double> curved(rows, 0.0);
  double energy = 0;
  for (std::size_t r = 0; r < rows; ++r)
    if (free[r]) {
      residual[r] = imbalance_[r];
      direction[r] = residual[r] / diagonal[r];
      energy += residual[r] * direction[r];
    }
  double const target = energy * 1e-3;
  for (int i = 0; i < conjugate_steps_max && energy > target && energy > 0; ++i) {
    curve_times(direction, curved);
    double bend = 0;
    for (std::size_t r = 0; r < rows; ++r)
      if (free[r]) {
        curved[r] += damping[r] * direction[r];
        bend += curved[r] * direction[r];
      }
    if (!(bend > 0)) break;
    double const length = energy / bend;
    double next = 0;
    for (std::size_t r = 0; r < rows; ++r)
      if (free[r]) {
        step[r] += length * direction[r];
        residual[r] -= length * curved[r];
        next += residual[r] * residual[r] / diagonal[r];
      }
    double const ratio = next / energy;
    for (std::size_t r = 0; r < rows; ++r)
      if (free[r]) direction[r] = residual[r] / diagonal[r] + ratio * direction[r];
    energy = next;
  }
  return step;
}

std::uint32_t Dual::run(Prices& prices, DualSchedule const& schedule) {
  std::size_t const rows = core_.row_total();
  passes_ = 0;
  if (slice_.items() == 0 || rows == 0) return 0;
  std::vector<double> price(rows);
  for (std::size_t r = 0; r < rows; ++r)
    price[r] = unit_[r] == 0 ? 0.0 : std::min(std::ldexp(static_cast<double>(prices[r]), -core_.price_shift), price_max_[r]);
  double whole = 0;  // what the slice costs, for the scale of the imbalance
  for (std::size_t i = 0; i < slice_.items(); ++i) whole += slice_.scale[i] * slice_.copies[i];
  for (double smoothing = schedule.first_smoothing; smoothing >= schedule.last_smoothing; smoothing *= schedule.factor) {
    pass(price, smoothing);
    // The first level starts far away; later ones only sharpen.
    bool const first = smoothing == schedule.first_smoothing;
    for (std::uint32_t i = 0; i < (first ? 4 : 1) * schedule.steps_per_level; ++i) {
      double error = 0;
      for (std::size_t r = 0; r < rows; ++r)
        if (price[r] > 0 || imbalance_[r] > 0) error += std::abs(imbalance_[r]) * std::max(price[r], unit_[r] * smoothing);
      if (error <= schedule.tolerance * smoothing * whole) break;
      std::vector<double> const step = newton_step(price, smoothing);
      std::vector<double> const before = imbalance_;
      std::vector<double> trial(rows);
      double length = 1;
      for (int halving = 0;; ++halving) {
        double slope_before = 0;
        for (std::size_t r = 0; r < rows; ++r) {
          trial[r] = std::clamp(price[r] + length * step[r], 0.0, price_max_[r]);
          slope_before += before[r] * (trial[r] - price[r]);
        }
        pass(trial, smoothing);
        double slope_after = 0;
        for (std::size_t r = 0; r < rows; ++r) slope_after += imbalance_[r] * (trial[r] - price[r]);
        // The dual is concave, so the slope along the step falls; far below zero means the step went far too long.
        if (slope_after >= -0.8 * slope_before || halving == halvings_max) break;
        length *= std::clamp(slope_before / (slope_before - slope_after), 0.1, 0.6);
      }
      price = trial;
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    double const scaled = std::ldexp(price[r], core_.price_shift) + 0.5;
    prices[r] = std::min(scaled < 1e17 ? static_cast<std::int64_t>(scaled) : std::int64_t{100'000'000'000'000'000}, core_.price_max(r));
  }
  return passes_;
}

}  // namespace sluice::assignment
