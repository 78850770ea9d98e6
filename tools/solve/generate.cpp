// The recipe of README.md, step by step. Every draw comes from a stream of its own, so no step depends on how many draws another made.
#include "tools/solve/generate.hpp"

#include "policy/assignment/mixing.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace sluice::solve {

namespace {

using assignment::Job;
using assignment::Meter;
using assignment::mix;
using assignment::Problem;
using assignment::Random;
using assignment::RowKind;
using assignment::Use;

constexpr std::uint32_t types = 8;
constexpr std::uint32_t regions = 12;
constexpr std::uint32_t families = 30;
constexpr std::uint32_t purses = 6;
constexpr std::uint32_t tenants = 20;
constexpr std::array<std::uint32_t, 7> gang_sizes{1, 2, 4, 8, 16, 32, 64};
constexpr std::array<std::uint32_t, 7> gang_below{45, 62, 76, 88, 95, 99, 100};  // cumulative percent
constexpr std::array<std::int64_t, purses> purse_percent{20, 35, 50, 80, 120, 200};
constexpr std::int64_t subsidy_ppm = 428'571;  // a voucher of 30 % of the list price, counted on the 70 % that remain

/// Streams, by what they draw.
enum class Stream : std::uint64_t { offer = 1, type = 2, family = 3, job = 4, egress = 5, capacity_change = 6, job_change = 7 };

Random stream(std::uint64_t seed, Stream kind, std::uint64_t index) {
  return Random(mix(mix(seed) ^ mix(static_cast<std::uint64_t>(kind) << 40 | index)));
}

struct Offer {
  std::uint32_t type;
  std::uint32_t region;
  std::int64_t card_minute;  // micro-yuan
  std::int64_t weight;
  std::int64_t capacity;
};

struct Family {
  std::array<std::uint32_t, types> speed_percent{};  // 0: cannot run there
};

struct Draft {
  std::uint32_t gang;
  std::uint32_t size_index;
  std::int64_t minutes;
  std::uint32_t family;
  std::uint32_t tenant;
  std::uint32_t home;
  std::uint32_t region_mask;
  std::int64_t megabytes;
  std::int64_t waiting_percent;
  std::uint64_t lot;
};

std::vector<Offer> draw_offers(GenerateOptions const& options) {
  std::array<std::int64_t, types> base{};
  for (std::uint32_t t = 0; t < types; ++t) base[t] = 20'000 + 1'000 * stream(options.seed, Stream::type, t).below(261);
  std::vector<Offer> offers;
  for (std::uint32_t o = 0; o < options.offers; ++o) {
    Random draw = stream(options.seed, Stream::offer, o);
    Offer offer{};
    offer.type = draw.below(types);
    offer.region = draw.below(regions);
    offer.card_minute = base[offer.type] * (70 + draw.below(61)) / 100;
    offer.weight = 100 + draw.below(901);
    offers.push_back(offer);
  }
  return offers;
}

std::array<Family, families> draw_families(std::uint64_t seed) {
  std::array<Family, families> all{};
  for (std::uint32_t f = 0; f < families; ++f) {
    Random draw = stream(seed, Stream::family, f);
    for (int chosen = 0; chosen < 3;) {
      std::uint32_t const type = draw.below(types);
      if (all[f].speed_percent[type] != 0) continue;
      all[f].speed_percent[type] = 60 + draw.below(81);
      ++chosen;
    }
  }
  return all;
}

Draft draw_job(GenerateOptions const& options, std::uint32_t j) {
  Random change = stream(options.seed, Stream::job_change, j);
  Random draw = stream(change.below(100) < options.changed_percent ? change.next() : options.seed, Stream::job, j);
  Draft job{};
  std::uint32_t const size = draw.below(100);
  while (size >= gang_below[job.size_index]) ++job.size_index;
  job.gang = gang_sizes[job.size_index];
  job.minutes = 30 + draw.below(4'291);
  job.family = draw.below(families);
  job.tenant = draw.below(tenants);
  job.home = draw.below(regions);
  for (std::uint32_t r = 0; r < regions; ++r)
    if (draw.below(100) < 56) job.region_mask |= 1U << r;
  job.megabytes = draw.below(500'001);
  job.waiting_percent = 120 + draw.below(301);
  job.lot = draw.next();
  return job;
}

/// Micro-yuan for the job on the offer, after any subsidy: what the tenant pays.
std::int64_t price_of(Draft const& job, Offer const& offer, Family const& family,
                      std::array<std::array<std::int64_t, regions>, regions> const& egress) {
  std::int64_t const minutes = (job.minutes * 100 + family.speed_percent[offer.type] - 1) / family.speed_percent[offer.type];
  return job.gang * minutes * offer.card_minute + job.megabytes * egress[job.home][offer.region];
}

}  // namespace

std::expected<GenerateOptions, std::string> parse_generate(std::string_view text) {
  GenerateOptions options;
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  auto const number = [](std::string_view part, std::uint64_t most, auto& value) {
    std::uint64_t read = 0;
    auto const [end, error] = std::from_chars(part.data(), part.data() + part.size(), read);
    value = static_cast<std::remove_reference_t<decltype(value)>>(read);
    return error == std::errc{} && end == part.data() + part.size() && read <= most;
  };
  if (parts.size() < 3) return std::unexpected("expected jobs,offers,seed");
  if (!number(parts[0], 2'000'000, options.jobs)) return std::unexpected("jobs must be 0 to 2000000");
  if (!number(parts[1], 5'000, options.offers)) return std::unexpected("offers must be 0 to 5000");
  if (!number(parts[2], UINT64_MAX, options.seed)) return std::unexpected("seed must be an unsigned 64-bit number");
  for (std::size_t i = 3; i < parts.size(); ++i) {
    if (parts[i] == "plain")
      options.side_rows = false;
    else if (!parts[i].starts_with("changed=") || !number(parts[i].substr(8), 100, options.changed_percent))
      return std::unexpected("after the seed only \"plain\" and \"changed=0…100\" may follow");
  }
  return options;
}

Problem generate(GenerateOptions const& options) {
  // 1. Offers, families, egress tariff.
  std::vector<Offer> offers = draw_offers(options);
  std::array<Family, families> const all_families = draw_families(options.seed);
  std::array<std::array<std::int64_t, regions>, regions> egress{};
  for (std::uint32_t a = 0; a < regions; ++a)
    for (std::uint32_t b = 0; b < regions; ++b)
      if (a != b) egress[a][b] = 20 + stream(options.seed, Stream::egress, a * regions + b).below(181);

  // 2. Capacities: demand ÷ 1.25, shared by weight.
  std::int64_t demand = 0;
  for (std::uint32_t j = 0; j < options.jobs; ++j) demand += draw_job(options, j).gang;
  std::int64_t weights = 0;
  for (Offer const& offer : offers) weights += offer.weight;
  for (std::uint32_t o = 0; o < offers.size(); ++o) {
    offers[o].capacity = std::max<std::int64_t>(1, demand * 100 / 125 * offers[o].weight / weights);
    if (options.changed_percent > 0) {
      std::int64_t const percent = 95 + stream(options.seed, Stream::capacity_change, o).below(11);
      offers[o].capacity = std::max<std::int64_t>(1, offers[o].capacity * percent / 100);
    }
  }

  // 3. Rows: cards per offer; then purses; then quotas, tenant by tenant.
  Problem problem;
  for (std::uint32_t o = 0; o < offers.size(); ++o) problem.rows.push_back({RowKind::cards, 0, offers[o].capacity, 0, o});
  auto const first_purse = static_cast<std::uint32_t>(problem.rows.size());
  if (options.side_rows)
    for (std::uint32_t p = 0; p < purses; ++p) problem.rows.push_back({RowKind::purse, 0, 0, 0, p});
  auto const first_quota = static_cast<std::uint32_t>(problem.rows.size());
  if (options.side_rows)
    for (std::uint32_t t = 0; t < tenants; ++t)
      for (std::uint32_t o = 0; o < offers.size(); ++o)
        problem.rows.push_back(
            {RowKind::tenant_cluster_quota, 0, std::max<std::int64_t>(1, offers[o].capacity * 35 / 100), 0, t * options.offers + o});

  // 4. Bundles: tenant × gang size × offer (gang size × offer without side rows).
  std::uint32_t const bundle_tenants = options.side_rows ? tenants : 1;
  for (std::uint32_t t = 0; t < bundle_tenants; ++t)
    for (std::uint32_t const gang : gang_sizes)
      for (std::uint32_t o = 0; o < offers.size(); ++o) {
        problem.uses.push_back({o, Meter::fixed, gang});
        if (options.side_rows) {
          if (t % 2 == 0) problem.uses.push_back({first_purse + offers[o].region % purses, Meter::price, subsidy_ppm});
          problem.uses.push_back({first_quota + t * options.offers + o, Meter::fixed, gang});
        }
        problem.bundle_first.push_back(static_cast<std::uint32_t>(problem.uses.size()));
        problem.bundle_tag.push_back(o);
      }

  // 5. Jobs and bids, offers ascending; the waiting cost follows from the lower median of the prices.
  std::vector<std::int64_t> prices;
  std::int64_t voucher_medians = 0;
  problem.bid_price.reserve(static_cast<std::size_t>(options.jobs) * options.offers * 22 / 100);
  problem.bid_bundle.reserve(static_cast<std::size_t>(options.jobs) * options.offers * 22 / 100);
  problem.jobs.reserve(options.jobs);
  for (std::uint32_t j = 0; j < options.jobs; ++j) {
    Draft const draft = draw_job(options, j);
    Job job;
    job.first_bid = static_cast<std::uint32_t>(problem.bid_total());
    job.lot = draft.lot;
    job.tag = j;
    prices.clear();
    std::uint32_t const tenant = options.side_rows ? draft.tenant : 0;
    for (std::uint32_t o = 0; o < offers.size(); ++o) {
      Family const& family = all_families[draft.family];
      if (family.speed_percent[offers[o].type] == 0 || (draft.region_mask >> offers[o].region & 1U) == 0) continue;
      prices.push_back(price_of(draft, offers[o], family, egress));
      problem.bid_price.push_back(prices.back());
      problem.bid_bundle.push_back((tenant * static_cast<std::uint32_t>(gang_sizes.size()) + draft.size_index) * options.offers + o);
    }
    job.bid_count = static_cast<std::uint32_t>(prices.size());
    if (!prices.empty()) {
      auto const middle = prices.begin() + static_cast<std::ptrdiff_t>((prices.size() - 1) / 2);
      std::nth_element(prices.begin(), middle, prices.end());
      job.waiting_cost = *middle * draft.waiting_percent / 100;
      if (options.side_rows && tenant % 2 == 0) voucher_medians += *middle;
    }
    problem.jobs.push_back(job);
  }

  // 6. Purses: a share of what the voucher holders would draw at their median prices.
  if (options.side_rows)
    for (std::uint32_t p = 0; p < purses; ++p)
      problem.rows[first_purse + p].capacity = voucher_medians / purses / 100 * purse_percent[p] / 1'000'000 * subsidy_ppm;
  return problem;
}

}  // namespace sluice::solve
