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

struct Dual::Chunk {
  std::vector<FuzzyArc> arcs;
  std::vector<FuzzyItem> items;
};

Dual::Dual(Core const& core, Slice const& slice, std::uint32_t threads)
    : core_(core),
      slice_(slice),
      threads_(threads),
      kind_metered_(core.kind_total(), 0),
      kind_value_(core.kind_total()),
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
  for (std::uint32_t kind = 0; kind < kind_value_.size(); ++kind) {
    KindValue value;
    for (CoreUse const& use : core_.uses_of_kind(kind)) {
      double const part = sign_[use.row] * direction[use.row] * static_cast<double>(use.amount);
      switch (use.meter) {
        case Meter::fixed:
          value.fixed += part;
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
    kind_value_[kind] = value;
  }
}

inline double Dual::arc_value(std::uint32_t arc) const {
  std::uint32_t const kind = slice_.kind[arc];
  KindValue const& value = kind_value_[kind];
  if (!kind_metered_[kind]) return value.fixed;
  return value.fixed + value.by_price * quantity(arc, Meter::price) + value.by_hold * quantity(arc, Meter::hold) +
         value.by_draw * quantity(arc, Meter::draw);
}

void Dual::pass(std::vector<double> const& price, double smoothing) {
  ++passes_;
  find_kind_values(price);
  std::size_t const kinds = kind_value_.size();
  // Few chunks when the slice is small; the number depends on the slice alone.
  auto const used = static_cast<std::uint32_t>(std::clamp<std::size_t>(slice_.bid.size() / 65536, 1, chunks));
  std::uint32_t const lanes = std::clamp<std::uint32_t>(threads_, 1, used);
  std::vector<Chunk> parts(used);
  std::vector<std::vector<std::int64_t>> lane_flow(lanes, std::vector<std::int64_t>(kinds, 0));
  std::vector<std::vector<std::int64_t>> lane_metered(lanes, std::vector<std::int64_t>(core_.any_metered ? core_.row_total() : 0, 0));
  for_each_chunk(lanes, used, [&](std::uint32_t c) {
    Chunk& part = parts[c];
    std::vector<std::int64_t>& flow = lane_flow[c % lanes];
    std::vector<std::int64_t>& metered = lane_metered[c % lanes];
    std::vector<double> value;
    struct Near {
      std::uint32_t arc;
      std::int64_t share;
    };
    std::vector<Near> near;
    Range const range = chunk_range(slice_.items(), c, used);
    for (std::size_t i = range.first; i < range.last; ++i) {
      std::uint32_t const first = slice_.first[i];
      std::uint32_t const count = slice_.first[i + 1] - first;
      if (value.size() < count) value.resize(count);
      double least = slice_.waiting[i];
      for (std::uint32_t a = 0; a < count; ++a) {
        double const v = slice_.cost[first + a] + arc_value(first + a);
        value[a] = v;
        least = v < least ? v : least;
      }
      double const temperature = smoothing * slice_.scale[i];
      double const per_temperature = 1.0 / temperature;
      double const limit = least + negligible * temperature;
      near.clear();
      std::int64_t total = 0;
      if (slice_.waiting[i] < limit)
        total = static_cast<std::int64_t>(exp_minus((slice_.waiting[i] - least) * per_temperature) * share_one);
      bool const waiting_near = total > 0;
      for (std::uint32_t a = 0; a < count; ++a) {
        if (value[a] >= limit) continue;
        auto const share = static_cast<std::int64_t>(exp_minus((value[a] - least) * per_temperature) * share_one);
        total += share;
        near.push_back({first + a, share});
      }
      double const normal = share_one / static_cast<double>(total);
      bool const fuzzy = near.size() + (waiting_near ? 1 : 0) > 1;
      if (fuzzy) {
        // Doubles are summed over these later: bring them into an order that input order cannot change.
        std::sort(near.begin(), near.end(), [&](Near const& x, Near const& y) {
          return x.share != y.share ? x.share > y.share : slice_.kind[x.arc] < slice_.kind[y.arc];
        });
        part.items.push_back({static_cast<std::uint32_t>(part.arcs.size()), slice_.copies[i] * per_temperature});
      }
      for (Near const& n : near) {
        auto const share = static_cast<std::int64_t>(static_cast<double>(n.share) * normal);
        if (share == 0) continue;
        std::int64_t const amount = share * slice_.copies[i];
        std::uint32_t const kind = slice_.kind[n.arc];
        flow[kind] += amount;
        if (kind_metered_[kind])
          for (CoreUse const& use : core_.uses_of_kind(kind)) {
            if (use.meter == Meter::fixed) continue;
            double const taken = quantity(n.arc, use.meter) * static_cast<double>(use.amount) * 1e-6;
            metered[use.row] +=
                static_cast<std::int64_t>(static_cast<double>(amount) * (taken / row_scale_[use.row]) * (flow_one / share_one));
          }
        if (fuzzy) part.arcs.push_back({n.arc, static_cast<double>(share) / share_one});
      }
    }
  });
  std::vector<Int128> row_flow(core_.row_total(), 0);
  for (std::uint32_t kind = 0; kind < kinds; ++kind) {
    std::int64_t flow = 0;
    for (auto const& lane : lane_flow) flow += lane[kind];
    if (flow == 0) continue;
    for (CoreUse const& use : core_.uses_of_kind(kind))
      if (use.meter == Meter::fixed) row_flow[use.row] += Int128{flow} * use.amount;
  }
  for (std::size_t r = 0; r < core_.row_total(); ++r) {
    std::int64_t metered = 0;
    for (auto const& lane : lane_metered)
      if (!lane.empty()) metered += lane[r];
    double const used_units = static_cast<double>(row_flow[r]) / share_one + static_cast<double>(metered) / flow_one * row_scale_[r];
    imbalance_[r] = sign_[r] * (used_units - capacity_[r]);
  }
  fuzzy_arc_.clear();
  fuzzy_item_.clear();
  for (Chunk const& part : parts) {
    auto const base = static_cast<std::uint32_t>(fuzzy_arc_.size());
    for (FuzzyItem const& item : part.items) fuzzy_item_.push_back({item.first_arc + base, item.stiffness});
    fuzzy_arc_.insert(fuzzy_arc_.end(), part.arcs.begin(), part.arcs.end());
  }
  fuzzy_item_.push_back({static_cast<std::uint32_t>(fuzzy_arc_.size()), 0});
}

/// Curvature × direction. Overwrites the kind values of the last pass.
void Dual::curve_times(std::vector<double> const& direction, std::vector<double>& result) {
  std::fill(result.begin(), result.end(), 0.0);
  std::fill(kind_push_.begin(), kind_push_.end(), 0.0);
  find_kind_values(direction);
  for (std::size_t i = 0; i + 1 < fuzzy_item_.size(); ++i) {
    std::uint32_t const first = fuzzy_item_[i].first_arc;
    std::uint32_t const last = fuzzy_item_[i + 1].first_arc;
    double mean = 0;
    for (std::uint32_t f = first; f < last; ++f) mean += fuzzy_arc_[f].weight * arc_value(fuzzy_arc_[f].arc);
    for (std::uint32_t f = first; f < last; ++f) {
      std::uint32_t const arc = fuzzy_arc_[f].arc;
      std::uint32_t const kind = slice_.kind[arc];
      double const push = fuzzy_item_[i].stiffness * fuzzy_arc_[f].weight * (arc_value(arc) - mean);
      kind_push_[kind] += push;
      if (kind_metered_[kind])
        for (CoreUse const& use : core_.uses_of_kind(kind))
          if (use.meter != Meter::fixed)
            result[use.row] += sign_[use.row] * push * quantity(arc, use.meter) * static_cast<double>(use.amount) * 1e-6;
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
  for (std::size_t i = 0; i + 1 < fuzzy_item_.size(); ++i)
    for (std::uint32_t f = fuzzy_item_[i].first_arc; f < fuzzy_item_[i + 1].first_arc; ++f) {
      std::uint32_t const arc = fuzzy_arc_[f].arc;
      std::uint32_t const kind = slice_.kind[arc];
      double const weight = fuzzy_item_[i].stiffness * fuzzy_arc_[f].weight * (1 - fuzzy_arc_[f].weight);
      kind_push_[kind] += weight;
      if (kind_metered_[kind])
        for (CoreUse const& use : core_.uses_of_kind(kind))
          if (use.meter != Meter::fixed) {
            double const taken = quantity(arc, use.meter) * static_cast<double>(use.amount) * 1e-6;
            diagonal[use.row] += weight * taken * taken;
          }
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
    double const reach = unit_[r] * std::clamp(4 * smoothing, reach_min, 1.0);
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
    for (std::uint32_t i = 0; i < schedule.steps_per_level; ++i) {
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
