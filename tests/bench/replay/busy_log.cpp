#include "tests/bench/replay/busy_log.hpp"

#include "policy/lot.hpp"
#include "policy/placing.hpp"
#include "policy/round_problem.hpp"
#include "storage/log/event_codec.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <string>

namespace sluice::bench {
namespace {

using namespace policy;

constexpr int clusters = 10;
constexpr int tenants = 40;
constexpr int jobs_a_round = 80;
constexpr int cards = 8;  ///< of a job
constexpr std::int32_t cards_per_offer = 64;
constexpr std::size_t group_entries = 2'048;

struct Type {
  char const* name;
  char const* framework;
  std::int64_t yuan_per_card_hour;
};
constexpr std::array<Type, 4> types{{{"A100", "cuda", 12}, {"Ascend910B", "cann", 7}, {"H100", "cuda", 18}, {"H800", "cuda", 14}}};

std::string cluster_name(int index) { return fmt::format("centre-{}", index); }
std::string tenant_name(std::uint64_t index) { return fmt::format("t-{:06}", index % tenants); }
Hash const secret = sha256("secret");
By by(std::string principal, Role role) { return {.principal = {std::move(principal)}, .reason = std::nullopt, .role = role}; }

ClusterDefinition definition(std::string const& name) {
  ClusterDefinition cluster;
  cluster.cluster = {name};
  cluster.offer_max_age_ms = ms_per_hour;
  cluster.protocol = {"centre"};
  cluster.region = {420'100};
  for (Type const& type : types) {
    cluster.hardware.push_back({.cards = cards_per_offer,
                                .cards_per_node = 8,
                                .cpus_per_node = 64,
                                .frameworks = {{type.framework}},
                                .host_memory_gib_per_node = 512,
                                .interconnect_gbps = 200,
                                .memory_gib = 64,
                                .origin = HardwareOrigin::foreign,
                                .type = {type.name}});
    Tariff tariff;
    tariff.type = {type.name};
    cluster.tariffs.push_back(tariff);
  }
  return cluster;
}

JobSpec spec() {
  JobSpec job;
  job.gang.cards = cards;
  job.max_runtime_ms = 2 * ms_per_hour;
  job.variants = {{.accelerators = {{.throughput_ppm = std::nullopt, .type = {"A100"}}}, .framework = {"cuda"}, .porting_ms = 0}};
  job.work_card_ms = 8 * ms_per_hour;
  job.work_reference = {"A100"};
  return job;
}

}  // namespace

BusyLog::BusyLog() {
  add(Genesis{"bench.sluice.example/log"});
  add(EngineActivated{1});
  add(LotDayOpened{shanghai_day(now_), lot_secret_hash(secret)});
  KeyIssued key;
  key.by = by("socket", Role::local_admin);
  key.key = {"k-ann"};
  key.principal = {"ann"};
  key.role = Role::operator_;
  key.secret_hash = sha256("key");
  add(key);
  for (int c = 0; c < clusters; ++c) {
    add(ClusterDefined{by("broker", Role::broker), definition(cluster_name(c))});
    AccountOpened account;
    account.by = by("ann", Role::operator_);
    account.cluster = {cluster_name(c)};
    account.credential = {"operator"};
    accounts_.push_back({state_.governance.sequence});
    add(account);
  }
  for (std::uint64_t t = 0; t < tenants; ++t) {
    TenantRegistered tenant;
    tenant.by = by("ann", Role::operator_);
    tenant.queue_limit = 1'000'000;
    tenant.region = {420'100};
    tenant.submissions_per_minute = 1'000'000;
    tenant.tenant = {tenant_name(t)};
    add(tenant);
    add(DepositReceived{yuan(1'000'000'000), by("ann", Role::operator_), {}, {tenant_name(t)}});
  }
}

Effects BusyLog::add(Event const& event) {
  auto const apply_one = [this](Event const& each) {
    auto transition = apply(state_, now_, each);
    if (!transition)
      throw std::runtime_error(
          fmt::format("{} refused: {} at {}", type_of(each), code(transition.error().reason), transition.error().where));
    group_.entries.push_back(log::encode_entry({now_, each}));
    bytes_ += group_.entries.back().size();
    log::collect_blobs(each, group_.blobs);
    if (group_.entries.size() == group_entries) append_group();
    return std::move(*transition);
  };
  if (state_.governance.sequence > 1)
    while (auto const forced = next_forced(state_, now_)) apply_one(*forced);
  return apply_one(event);
}

void BusyLog::append_group() {
  static_cast<void>(take_changed_rows(state_));
  static_cast<void>(take_history_rows(state_));
  if (group_.entries.empty()) return;
  if (auto const appended = ledger_.append(1, ledger_.size(), group_, {}); !appended) throw std::runtime_error(appended.error().message);
  group_ = {};
}

void BusyLog::observe_all() {
  for (int c = 0; c < clusters; ++c) {
    OffersObserved observed;
    observed.as_of = now_;
    observed.cluster = {cluster_name(c)};
    observed.valid_until = {now_.ms + ms_per_hour};
    for (Type const& type : types) {
      Offer offer;
      offer.free_cards = cards_per_offer;
      offer.price_per_card_hour = yuan(type.yuan_per_card_hour);
      offer.total_cards = cards_per_offer;
      offer.type = {type.name};
      observed.offers.push_back(offer);
    }
    add(observed);
  }
}

void BusyLog::run_one_round() {
  now_.ms += 10'000;
  observe_all();
  std::vector<Placement> plan;
  for (int j = 0; j < jobs_a_round; ++j) {
    JobAccepted accepted;
    accepted.tenant = {tenant_name(jobs_)};
    accepted.lot = lot_of(secret, accepted.tenant, sha256(std::to_string(jobs_)));
    accepted.payload = sha256(std::to_string(jobs_++));
    accepted.spec = spec();
    Placement placed;
    placed.job = add(accepted).accepted.value();
    placed.cluster = {cluster_name(j % clusters)};
    placed.type = {"A100"};
    placed.account = accounts_[static_cast<std::size_t>(j % clusters)];
    plan.push_back(std::move(placed));
  }
  RoundNumber const round{state_.round.round.value + 1};
  add(RoundOpened{round});
  RoundDecided decided;
  decided.jobs = static_cast<std::int32_t>(state_.queue.size());
  decided.placed = static_cast<std::int32_t>(plan.size());
  decided.plan = SharedBytes::of(encode_plan(plan));
  decided.prices = SharedBytes::of("");
  decided.round = round;
  add(decided);
  std::vector<AttemptId> attempts;
  while (auto const next = next_placement(state_, now_)) {
    if (auto const* made = std::get_if<AllocationMade>(&*next)) attempts.push_back(made->attempt);
    add(*next);
  }
  if (attempts.size() != plan.size()) throw std::runtime_error("a placement was skipped");
  for (AttemptId const id : attempts) add(DispatchIntended{id});
  for (AttemptId const id : attempts) add(AttemptAcknowledged{id, sha256("evidence"), sha256(to_string(id))});
  for (AttemptId const id : attempts) add(AttemptStarted{id, now_});
  for (AttemptId const id : attempts) add(AttemptMetered{id, cards * 5'000, sha256("evidence")});
  now_.ms += 10'000;
  for (AttemptId const id : attempts) {
    AttemptEnded ended;
    ended.attempt = id;
    ended.card_ms = cards * 10'000;
    ended.evidence = sha256("evidence");
    ended.exit_code = 0;
    add(ended);
  }
}

void BusyLog::grow_to(std::uint64_t entries) {
  while (state_.governance.sequence < entries) run_one_round();
  append_group();
}

}  // namespace sluice::bench
