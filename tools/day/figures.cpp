// Sums in integers; shares of cards in doubles, for drawing.
#include "tools/day/figures.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace sluice::day {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t slice_ms = 900'000;  // simulated

std::int64_t priced(std::int64_t micro_per_hour, std::int64_t card_ms) {
  return static_cast<std::int64_t>((policy::Int128{micro_per_hour} * card_ms + 1'800'000) / 3'600'000);
}

/// The average list price of a card when it was allocated; nullopt when none was seen.
std::optional<std::int64_t> average_at(DayRecord const& day, AttemptRecord const& attempt) {
  auto const found = day.averages.find(attempt.accelerator);
  if (found == day.averages.end() || found->second.empty()) return std::nullopt;
  auto const& prices = found->second;
  auto const after = std::ranges::upper_bound(prices, attempt.allocated_ms, {}, &AveragePrice::at_ms);
  return (after == prices.begin() ? *after : *std::prev(after)).per_card_hour.micro_yuan;
}

Spend spend_of(DayRecord const& day, AttemptRecord const& attempt) {
  Spend out;
  if (attempt.started_ms) out.attempts = 1;
  if (!attempt.settled) return out;
  out.gross = attempt.gross.micro_yuan;
  out.voucher = attempt.voucher.micro_yuan;
  out.fee = attempt.fee.micro_yuan;
  out.paid = attempt.paid.micro_yuan;
  if (attempt.gross.micro_yuan == 0) return out;  // nobody is charged: neither saved nor spent
  out.card_ms = attempt.card_ms;
  out.list = attempt.list_price ? priced(attempt.list_price->micro_yuan, attempt.card_ms) : attempt.gross.micro_yuan;
  auto const average = average_at(day, attempt);
  out.market = average ? priced(*average, attempt.card_ms) : out.list;
  return out;
}

Waits waits_of(std::vector<std::int64_t>& waits, std::int64_t jobs) {
  std::ranges::sort(waits);
  return {.jobs = jobs,
          .started = static_cast<std::int64_t>(waits.size()),
          .p50_ms = percentile(waits, 50),
          .p95_ms = percentile(waits, 95),
          .longest_ms = waits.empty() ? 0 : waits.back()};
}

std::string ended_how(AttemptRecord const& attempt) {
  if (attempt.liability == "nobody")
    return attempt.started_ms ? "cluster's fault or preemption: nobody pays" : "never started at the cluster";
  if (attempt.liability.empty() && !attempt.started_ms && attempt.state == "failed") return "declined by the cluster";
  if (attempt.liability == "tenant" && attempt.exit_code) return "own exit code " + std::to_string(*attempt.exit_code);
  if (attempt.liability == "disputed") return "outcome unknown: disputed";
  return attempt.state.empty() ? "unknown" : attempt.state;
}

/// Adds one attempt's cards to the slices it ran in. Simulated time counts from the day's midnight.
void fill_slices(std::vector<double>& card_ms, DayRecord const& day, AttemptRecord const& attempt) {
  if (!attempt.started_ms) return;
  std::int64_t const from = (*attempt.started_ms - day.began_ms) * day.compression;
  std::int64_t const to = (attempt.ended_ms.value_or(day.ended_ms) - day.began_ms) * day.compression;
  for (std::size_t slice = 0; slice < card_ms.size(); ++slice) {
    std::int64_t const begin = static_cast<std::int64_t>(slice) * slice_ms;
    std::int64_t const overlap = std::min(to, begin + slice_ms) - std::max(from, begin);
    if (overlap > 0) card_ms[slice] += static_cast<double>(overlap) * attempt.cards;
  }
}

void count_ends(DayRecord const& day, Figures& out) {
  for (JobRecord const& job : day.jobs) {
    ++out.states[job.state.empty() ? "unknown" : job.state];
    if (!job.final()) {
      ++out.not_final;
      if (job.reason.empty()) ++out.unexplained;
    }
    if (job.state != "completed") {
      std::string why = job.reason;
      if (why.empty() && !job.attempts.empty()) why = ended_how(job.attempts.back());
      ++out.reasons[job.state + ": " + (why.empty() ? "no reason given" : why)];
    }
    if (job.attempts.size() > 1) {
      ++out.jobs_retried;
      bool moved = false;
      for (std::size_t i = 0; i + 1 < job.attempts.size(); ++i) {
        ++out.retries[ended_how(job.attempts[i])];
        moved = moved || job.attempts[i].cluster != job.attempts[i + 1].cluster;
      }
      out.moved += moved ? 1 : 0;
    }
    for (AttemptRecord const& attempt : job.attempts) out.disputed += attempt.liability == "disputed" ? 1 : 0;
  }
}

void measure_use(DayRecord const& day, Figures& out) {
  std::int64_t const length = std::max(day_ms, (day.ended_ms - day.began_ms) * day.compression);
  auto const slices = static_cast<std::size_t>((length + slice_ms - 1) / slice_ms);
  out.slice_hours = static_cast<double>(slice_ms) / 3'600'000.0;
  std::map<std::string, std::vector<double>> card_ms;
  for (Place const& place : day.places) card_ms[place.cluster].assign(slices, 0.0);
  for (JobRecord const& job : day.jobs)
    for (AttemptRecord const& attempt : job.attempts)
      if (auto const row = card_ms.find(attempt.cluster); row != card_ms.end()) fill_slices(row->second, day, attempt);
  for (Place const& place : day.places) {
    Utilisation& use = out.utilisation.emplace_back();
    use.cluster = place.cluster;
    for (auto const& [key, cards] : day.cards)
      if (key.first == place.cluster) use.total_cards += cards;
    double sum = 0;
    constexpr std::size_t in_a_day = day_ms / slice_ms;
    for (std::size_t i = 0; i < slices; ++i) {
      double const whole = static_cast<double>(use.total_cards) * static_cast<double>(slice_ms);
      use.shares.push_back(whole > 0 ? card_ms[place.cluster][i] / whole : 0);
      if (i < in_a_day) sum += use.shares.back();
    }
    use.mean = sum / static_cast<double>(in_a_day);
  }
}

}  // namespace

void Spend::add(Spend const& other) {
  jobs += other.jobs;
  attempts += other.attempts;
  card_ms += other.card_ms;
  list += other.list;
  market += other.market;
  gross += other.gross;
  voucher += other.voucher;
  fee += other.fee;
  paid += other.paid;
}

std::int64_t percentile(std::vector<std::int64_t> const& sorted, int percent) {
  if (sorted.empty()) return 0;
  std::size_t const rank = (sorted.size() * static_cast<std::size_t>(percent) + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Figures figures_of(DayRecord const& day) {
  Figures out;
  std::array<std::vector<std::int64_t>, tenant_class_count> waits;
  std::array<std::int64_t, tenant_class_count> accepted{};
  std::vector<std::int64_t> waits_all;
  for (JobRecord const& job : day.jobs) {
    auto const kind = static_cast<std::size_t>(day.tenants.at(job.tenant).kind);
    if (!job.id.empty()) ++accepted[kind];
    std::optional<std::int64_t> first;
    std::set<std::pair<std::string, std::string>> seen;
    for (AttemptRecord const& attempt : job.attempts) {
      if (attempt.started_ms && !first) first = attempt.started_ms;
      Spend spend = spend_of(day, attempt);
      std::pair const key{attempt.cluster, attempt.accelerator};
      if (attempt.started_ms && seen.insert(key).second) spend.jobs = 1;
      out.by_card[key].add(spend);
      out.by_cluster[attempt.cluster].add(spend);
      out.by_class[kind].add(spend);
      out.total.add(spend);
    }
    if (first) {
      std::int64_t const wait = std::max<std::int64_t>(0, *first - job.accepted_ms);
      waits[kind].push_back(wait);
      waits_all.push_back(wait);
    }
  }
  for (std::size_t kind = 0; kind < tenant_class_count; ++kind) out.waits[kind] = waits_of(waits[kind], accepted[kind]);
  std::int64_t all = 0;
  for (std::int64_t const each : accepted) all += each;
  out.waits_all = waits_of(waits_all, all);
  count_ends(day, out);
  measure_use(day, out);
  return out;
}

}  // namespace sluice::day
