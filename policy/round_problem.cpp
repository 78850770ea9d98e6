// The round: market to problem, plan to placements, decision to proof.
#include "policy/round_problem.hpp"

#include "policy/assignment/blob.hpp"
#include "policy/assignment/builder.hpp"
#include "policy/assignment/solver.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

namespace sluice::policy {
namespace {

constexpr std::int64_t whole_ppm = 1'000'000;
constexpr std::int64_t ageing_rounds_max = 1'000;  // an older job cannot weigh more; keeps the products in range

/// Everything that decides which bids a job has, and the money in them: equal keys share their bids.
std::string offer_key(Job const& job, Timestamp now) {
  std::string key = job.tenant.text;
  auto const number = [&key](std::int64_t value) {
    key.push_back('|');
    key += std::to_string(value);
  };
  auto const text = [&key](std::string const& value) {
    key.push_back('|');
    key += value;
  };
  JobSpec const& spec = *job.spec;
  number(static_cast<int>(spec.data_class));
  number(spec.data_gib);
  number(spec.data_location ? spec.data_location->code : -1);
  for (RegionCode const region : spec.data_regions) number(region.code);
  number(spec.deadline ? spec.deadline->ms : -1);
  number(spec.gang.cards);
  number(spec.gang.cpus);
  number(spec.gang.host_memory_gib);
  number(spec.gang.interconnect_min_gbps);
  number(spec.gang.min_memory_gib);
  number(spec.max_cost ? spec.max_cost->micro_yuan : -1);
  number(spec.max_runtime_ms);
  number(spec.work_card_ms);
  text(spec.work_reference.text);
  for (Variant const& variant : spec.variants) {
    text(variant.framework.text);
    number(variant.porting_ms);
    for (VariantAccelerator const& accelerator : variant.accelerators) {
      text(accelerator.type.text);
      number(accelerator.throughput_ppm.value_or(-1));
    }
  }
  for (Declined const& each : job.declined)
    if (now < each.until) text(each.cluster.text);
  key.push_back(';');
  for (Reach const& reach : job.unreachable) {
    text(reach.cluster.text);
    number(reach.variant);
    number(static_cast<int>(reach.reason));
  }
  return key;
}

/// Rows in the order they are first needed; each thing that is limited has one.
class Rows {
 public:
  Rows(assignment::Builder& builder, PinnedMarket const& market) : builder_(builder), market_(market) {}

  std::uint32_t cards(BidKey const& key) {
    auto const capacity = market_.sellable(key.cluster, key.type).value_or(0);
    return row(cards_, std::pair{key.cluster, key.type}, assignment::RowKind::cards, capacity, key.cluster.text + '/' + key.type.text);
  }
  std::optional<std::uint32_t> quota(TenantName const& tenant, ClusterName const& cluster) {
    auto const it = market_.catalogue().quotas.find({tenant, cluster});
    if (it == market_.catalogue().quotas.end()) return std::nullopt;
    std::int64_t const left = std::max(0, it->second - market_.tenant_cards(tenant, cluster));
    return row(quotas_, std::pair{tenant, cluster}, assignment::RowKind::tenant_cluster_quota, left, {});
  }
  std::uint32_t budget(TenantName const& tenant) {
    return row(budgets_, tenant, assignment::RowKind::tenant_budget, std::max<std::int64_t>(0, market_.tenant_free(tenant).micro_yuan), {});
  }
  std::uint32_t entitlement(EntitlementId id) {
    return row(entitlements_, id, assignment::RowKind::entitlement, market_.entitlement_free(id).micro_yuan, {});
  }
  /// What sites say is left of the programme: the least of them, as more cannot be promised anywhere.
  std::optional<std::uint32_t> purse(ProgrammeName const& programme) {
    std::optional<Money> least;
    for (auto const& [name, cluster] : market_.catalogue().clusters) {
      ClusterOffers const* seen = market_.offers(name);
      if (seen == nullptr || seen->stale) continue;
      if (auto const left = left_by_site(market_, *seen, programme)) least = std::min(least.value_or(*left), *left);
    }
    if (!least) return std::nullopt;
    return row(purses_, programme, assignment::RowKind::purse, least->micro_yuan, programme.text);
  }

 private:
  template <class Key>
  std::uint32_t row(std::map<Key, std::uint32_t>& known, Key const& key, assignment::RowKind kind, std::int64_t capacity,
                    std::string const& public_name) {
    auto const [it, fresh] = known.try_emplace(key, 0);
    if (fresh) {
      // Clusters and programmes are public: their names may order rows that are otherwise alike. Tenants' may not.
      std::uint64_t lot = 0;
      if (!public_name.empty()) {
        Hash const hash = sha256(public_name);
        for (std::size_t i = 0; i < 8; ++i) lot = lot << 8 | hash.bytes[i];
      }
      it->second = builder_.add_row({.kind = kind, .capacity = capacity, .lot = lot, .tag = count_++});
    }
    return it->second;
  }

  assignment::Builder& builder_;
  PinnedMarket const& market_;
  std::uint32_t count_ = 0;
  std::map<std::pair<ClusterName, AcceleratorType>, std::uint32_t> cards_;
  std::map<std::pair<TenantName, ClusterName>, std::uint32_t> quotas_;
  std::map<TenantName, std::uint32_t> budgets_;
  std::map<EntitlementId, std::uint32_t> entitlements_;
  std::map<ProgrammeName, std::uint32_t> purses_;
};

/// What the objective charges a job for waiting one round: a multiple of its cheapest bid that grows with its age.
std::int64_t waiting_cost(MarketRules const& rules, std::int64_t cheapest, std::int64_t age_rounds, std::size_t jobs) {
  Int128 const fresh = Int128{cheapest} * rules.waiting_ppm / whole_ppm;
  Int128 const aged = fresh * (whole_ppm + Int128{rules.ageing_ppm_per_round} * std::min(age_rounds, ageing_rounds_max)) / whole_ppm;
  // The solver refuses problems whose sums could overflow; with a million jobs this still leaves a million yuan each.
  Int128 const most = assignment::sum_limit / 2 / static_cast<Int128>(jobs + 1);
  return static_cast<std::int64_t>(std::min(aged, most));
}

std::vector<std::shared_ptr<Job const>> jobs_by_id(PinnedQueue const& queue) {
  std::vector<std::shared_ptr<Job const>> jobs;
  jobs.reserve(queue.size());
  queue.for_each([&](std::shared_ptr<Job const> const& job) {
    if (!job->cancel_requested) jobs.push_back(job);
  });
  std::ranges::sort(jobs, {}, [](auto const& job) { return job->id; });
  return jobs;
}

struct SharedBids {
  std::uint32_t job = 0;      ///< index of the first job that has them
  std::int64_t cheapest = 0;  ///< objective; 0 when there are none
};

SharedBids add_bids(assignment::Builder& builder, Rows& rows, RoundProblem& round, PinnedMarket const& market, Job const& job,
                    std::vector<Assessment> const& places, std::uint32_t index) {
  SharedBids shared{.job = index};
  std::int64_t const bid_most = assignment::sum_limit / 4 / static_cast<std::int64_t>(market.queue().size() + 1);
  bool first = true;
  for (Assessment const& place : places) {
    if (!place.bid || place.bid->objective.micro_yuan > bid_most) continue;
    PricedBid const& bid = *place.bid;
    BidKey const& key = place.key;
    std::vector<assignment::Use> uses{{rows.cards(key), assignment::Meter::fixed, bid.allocation.cards},
                                      {rows.budget(job.tenant), assignment::Meter::hold, whole_ppm}};
    if (auto const quota = rows.quota(job.tenant, key.cluster)) uses.push_back({*quota, assignment::Meter::fixed, bid.allocation.cards});
    if (key.entitlement) {
      uses.push_back({rows.entitlement(*key.entitlement), assignment::Meter::draw, whole_ppm});
      auto const& entitlement = market.catalogue().entitlements.at(*key.entitlement);
      if (auto const purse = rows.purse(entitlement.programme)) uses.push_back({*purse, assignment::Meter::draw, whole_ppm});
    }
    builder.add_bid(
        {.price = bid.objective.micro_yuan, .hold = bid.allocation.hold_net.micro_yuan, .draw = bid.allocation.hold_subsidy.micro_yuan},
        uses, static_cast<std::uint32_t>(round.bids.size()));
    round.bids.push_back(key);
    shared.cheapest = first ? bid.objective.micro_yuan : std::min(shared.cheapest, bid.objective.micro_yuan);
    first = false;
  }
  return shared;
}

void append_line(std::string& out, Placement const& placement) {
  out += std::to_string(placement.job.value) + ' ' + placement.cluster.text + ' ' + placement.type.text + ' ' +
         std::to_string(placement.variant) + ' ' + std::to_string(placement.account.value) + ' ' +
         (placement.entitlement ? std::to_string(placement.entitlement->value) : "-") + ' ' + std::to_string(placement.extra.micro_yuan) +
         '\n';
}

template <class Integer>
bool read_number(std::string_view text, Integer& value) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && std::to_string(value) == text;
}

std::optional<Placement> read_line(std::string_view line) {
  std::array<std::string_view, 7> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t const space = i + 1 < words.size() ? line.find(' ') : line.size();
    if (space == std::string_view::npos) return std::nullopt;
    words[i] = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  Placement placement;
  if (!read_number(words[0], placement.job.value) || !is_name(words[1]) || !is_name(words[2]) ||
      !read_number(words[3], placement.variant) || !read_number(words[4], placement.account.value) ||
      !read_number(words[6], placement.extra.micro_yuan))
    return std::nullopt;
  placement.cluster.text = words[1];
  placement.type.text = words[2];
  if (words[5] != "-") {
    EntitlementId id;
    if (!read_number(words[5], id.value)) return std::nullopt;
    placement.entitlement = id;
  }
  return placement;
}

}  // namespace

RoundProblem build_problem(PinnedMarket const& market) {
  RoundProblem round;
  round.jobs = jobs_by_id(market.queue());
  assignment::Builder builder;
  Rows rows(builder, market);
  std::unordered_map<std::string, SharedBids> known;
  for (std::size_t j = 0; j < round.jobs.size(); ++j) {
    Job const& job = *round.jobs[j];
    auto const index = static_cast<std::uint32_t>(j);
    std::uint64_t const age = market.round().value - std::min(market.round().value, job.accepted_round.value);
    assignment::Job entry{.lot = job.lot,
                          .accepted_round = static_cast<std::uint32_t>(std::min<std::uint64_t>(job.accepted_round.value, UINT32_MAX)),
                          .tag = index};
    auto const cost = [&](std::int64_t cheapest) {
      return waiting_cost(market.catalogue().market, cheapest, static_cast<std::int64_t>(std::min<std::uint64_t>(age, INT32_MAX)),
                          round.jobs.size());
    };
    auto const [it, fresh] = known.try_emplace(offer_key(job, market.now()));
    if (!fresh) {
      entry.waiting_cost = cost(it->second.cheapest);
      builder.add_job_like(entry, it->second.job);
      continue;
    }
    auto const places = assess(market, view_of(job), true);
    // The waiting cost needs the cheapest bid, and the builder wants the job before its bids: look once, then add.
    std::int64_t cheapest = INT64_MAX;
    for (Assessment const& place : places)
      if (place.bid) cheapest = std::min(cheapest, place.bid->objective.micro_yuan);
    entry.waiting_cost = cheapest == INT64_MAX ? 0 : cost(cheapest);
    builder.add_job(entry);
    it->second = add_bids(builder, rows, round, market, job, places, index);
  }
  round.problem = builder.finish();
  round.digest = assignment::digest(round.problem);
  return round;
}

std::vector<Placement> placements_of(RoundProblem const& round, assignment::Plan const& plan, assignment::Certificate const& certificate) {
  auto const extra = assignment::extra_per_job(round.problem, plan, certificate);
  std::vector<Placement> placements;
  for (std::uint32_t const j : assignment::canonical_order(round.problem)) {
    std::uint32_t const choice = plan.choice[j];
    if (choice == assignment::waiting) continue;
    BidKey const& key = round.bids[round.problem.tag(choice)];
    placements.push_back({round.jobs[j]->id, key.cluster, key.type, key.variant, key.account, key.entitlement, Money{extra[j]}});
  }
  return placements;
}

std::string encode_plan(std::vector<Placement> const& placements) {
  std::string out;
  out.reserve(placements.size() * 48);
  for (Placement const& placement : placements) append_line(out, placement);
  return out;
}

std::expected<std::vector<Placement>, std::string> decode_plan(std::string_view bytes) {
  std::vector<Placement> placements;
  std::size_t number = 0;
  while (!bytes.empty()) {
    ++number;
    std::size_t const end = bytes.find('\n');
    auto const placement = end == std::string_view::npos ? std::nullopt : read_line(bytes.substr(0, end));
    if (!placement) return std::unexpected("line " + std::to_string(number) + " of the plan is not a placement");
    placements.push_back(*placement);
    bytes.remove_prefix(end + 1);
  }
  return placements;
}

RoundDecided decision_of(RoundProblem const& round, RoundNumber number, assignment::Plan const& plan,
                         assignment::Certificate const& certificate) {
  auto const placements = placements_of(round, plan, certificate);
  auto const prices = assignment::write_prices(certificate);
  RoundDecided decision;
  decision.bound = {certificate.bound};
  decision.cost = {certificate.cost};
  decision.fairness = {certificate.split.fairness};
  decision.jobs = static_cast<std::int32_t>(round.jobs.size());
  decision.placed = static_cast<std::int32_t>(placements.size());
  decision.plan = SharedBytes::of(encode_plan(placements));
  decision.price = {certificate.split.price};
  decision.prices = SharedBytes::of(std::string(prices.begin(), prices.end()));
  decision.problem = round.digest;
  decision.round = number;
  decision.shortfall = {certificate.split.shortfall};
  decision.waiting = {certificate.split.waiting};
  return decision;
}

namespace {

/// The solver's form of a list of placements; nullopt where one names no job or no bid of the problem.
std::optional<assignment::Plan> plan_of(RoundProblem const& round, std::vector<Placement> const& placements) {
  std::unordered_map<std::uint64_t, std::uint32_t> index;
  for (std::size_t j = 0; j < round.jobs.size(); ++j) index.emplace(round.jobs[j]->id.value, static_cast<std::uint32_t>(j));
  assignment::Plan plan{std::vector(round.jobs.size(), assignment::waiting)};
  for (Placement const& placement : placements) {
    auto const it = index.find(placement.job.value);
    if (it == index.end() || plan.choice[it->second] != assignment::waiting) return std::nullopt;
    assignment::Job const& job = round.problem.jobs[it->second];
    BidKey const wanted{placement.cluster, placement.type, placement.variant, placement.account, placement.entitlement};
    for (std::uint32_t bid = job.first_bid; bid < job.first_bid + job.bid_count; ++bid)
      if (round.bids[round.problem.tag(bid)] == wanted) plan.choice[it->second] = bid;
    if (plan.choice[it->second] == assignment::waiting) return std::nullopt;
  }
  return plan;
}

}  // namespace

std::expected<assignment::CertificateReport, std::string> check_decision(PinnedMarket const& market, RoundDecided const& decision) {
  auto const fail = [&](std::string what) { return std::unexpected("round " + std::to_string(decision.round.value) + ": " + what); };
  if (!decision.plan.bytes || !decision.prices.bytes) return fail("plan or prices are missing: their blobs were not given");
  RoundProblem const round = build_problem(market);
  if (round.digest != decision.problem)
    return fail("the problem rebuilt from the state has digest " + to_hex(round.digest) + ", the decision cites " +
                to_hex(decision.problem));
  auto const placements = decode_plan(*decision.plan.bytes);
  if (!placements) return fail(placements.error());
  auto const plan = plan_of(round, *placements);
  if (!plan) return fail("the plan places a job or uses a bid that the problem does not have");
  auto certificate = assignment::read_prices(bytes_of(*decision.prices.bytes));
  if (!certificate) return fail("prices: " + certificate.error());
  certificate->cost = decision.cost.micro_yuan;
  certificate->bound = decision.bound.micro_yuan;
  certificate->split = {.price = decision.price.micro_yuan,
                        .waiting = decision.waiting.micro_yuan,
                        .fairness = decision.fairness.micro_yuan,
                        .shortfall = decision.shortfall.micro_yuan};
  auto const report = assignment::check_certificate(round.problem, *plan, *certificate);
  if (!report) return fail(report.error().text);
  if (placements_of(round, *plan, *certificate) != *placements) return fail("the plan is not in canonical order, or an extra is wrong");
  if (static_cast<std::size_t>(decision.jobs) != round.jobs.size() || static_cast<std::size_t>(decision.placed) != placements->size())
    return fail("the counts of jobs or placements are wrong");
  return *report;
}

}  // namespace sluice::policy
