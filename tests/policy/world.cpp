// The world's acts, each through apply() alone.
#include "tests/policy/world.hpp"

#include "policy/assignment/solver.hpp"
#include "policy/entry_check.hpp"
#include "policy/invariants.hpp"
#include "policy/lot.hpp"
#include "policy/placing.hpp"
#include "policy/round_problem.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sluice::policy::testing {

Hash day_secret() { return sha256("secret"); }

By by_socket() { return {.principal = {"socket"}, .reason = std::nullopt, .role = Role::local_admin}; }
By by(std::string principal, Role role) { return {.principal = {std::move(principal)}, .reason = std::nullopt, .role = role}; }
By by_ann() { return by("ann", Role::operator_); }
By by_bob() { return by("bob", Role::approver); }

KeyIssued key(std::string name, std::string principal, Role role, By const& by, std::optional<std::string> tenant) {
  KeyIssued issued;
  issued.by = by;
  issued.secret_hash = sha256(name);
  issued.key = {std::move(name)};
  issued.principal = {std::move(principal)};
  issued.role = role;
  if (tenant) issued.tenant = TenantName{*tenant};
  return issued;
}

ClusterDefinition cluster_definition(std::string name) {
  ClusterDefinition definition;
  definition.cluster = {std::move(name)};
  definition.hardware = {{.cards = 64,
                          .cards_per_node = 8,
                          .cpus_per_node = 128,
                          .frameworks = {{"cuda"}},
                          .host_memory_gib_per_node = 1'024,
                          .interconnect_gbps = 400,
                          .memory_gib = 80,
                          .origin = HardwareOrigin::foreign,
                          .type = {"A100"}},
                         {.cards = 32,
                          .cards_per_node = 8,
                          .cpus_per_node = 192,
                          .frameworks = {{"cann"}},
                          .host_memory_gib_per_node = 1'024,
                          .interconnect_gbps = 200,
                          .memory_gib = 64,
                          .origin = HardwareOrigin::domestic,
                          .type = {"Ascend910B"}}};
  definition.offer_max_age_ms = 3'600'000;
  definition.protocol = {"centre"};
  definition.region = {420'100};
  Tariff tariff;
  tariff.type = {"A100"};
  definition.tariffs = {tariff};
  tariff.type = {"Ascend910B"};
  definition.tariffs.push_back(tariff);
  return definition;
}

ProgrammeDefinition programme_definition() {
  ProgrammeDefinition programme;
  programme.active = true;
  programme.cap = yuan(2'000);
  programme.clause = "article 7";
  programme.clusters = {{"wuhan"}};
  programme.programme = {"wuhan-2026"};
  programme.purse = yuan(5'000);
  programme.rates = {{.applicant = std::nullopt, .origin = HardwareOrigin::domestic, .rate_bp = 3'000},
                     {.applicant = std::nullopt, .origin = std::nullopt, .rate_bp = 2'000}};
  programme.valid_days = 365;
  return programme;
}

JobSpec job_spec() {
  JobSpec spec;
  spec.gang.cards = 8;
  spec.max_runtime_ms = 2 * ms_per_hour;
  spec.variants = {{.accelerators = {{.throughput_ppm = std::nullopt, .type = {"A100"}}}, .framework = {"cuda"}, .porting_ms = 0},
                   {.accelerators = {{.throughput_ppm = 500'000, .type = {"Ascend910B"}}}, .framework = {"cann"}, .porting_ms = 0}};
  spec.work_card_ms = 8 * ms_per_hour;
  spec.work_reference = {"A100"};
  return spec;
}

Placement placement(JobId job, AccountId account, std::string cluster, std::string type) {
  Placement placed;
  placed.job = job;
  placed.variant = type == "A100" ? 0 : 1;
  placed.cluster = {std::move(cluster)};
  placed.type = {std::move(type)};
  placed.account = account;
  return placed;
}

std::vector<std::pair<std::string, std::string>> rows_of(State const& state) {
  std::vector<std::pair<std::string, std::string>> rows;
  for_each_row(state, [&](std::string_view key, std::string_view value) { rows.emplace_back(key, value); });
  return rows;
}

std::expected<State, std::string> loaded(std::vector<std::pair<std::string, std::string>> const& rows) {
  std::size_t next = 0;
  return load_state([&]() -> std::optional<std::pair<std::string_view, std::string_view>> {
    if (next == rows.size()) return std::nullopt;
    auto const& row = rows[next++];
    return std::pair<std::string_view, std::string_view>(row.first, row.second);
  });
}

World::World() {
  ok(Genesis{"sluice.example/log"});
  ok(EngineActivated{1});
  ok(LotDayOpened{shanghai_day(now), lot_secret_hash(day_secret())});
  ok(key("k-ann", "ann", Role::operator_, by_socket()));
  ok(key("k-bob", "bob", Role::approver, by_socket()));
  ok(key("k-eve", "eve", Role::auditor, by_socket()));
  ok(ClusterDefined{by("broker", Role::broker), cluster_definition("wuhan")});
  AccountOpened opened;
  opened.by = by_ann();
  opened.cluster = {"wuhan"};
  opened.credential = {"wuhan-operator"};
  ok(opened);
  account = {last_sequence()};
  TenantRegistered tenant;
  tenant.by = by_ann();
  tenant.region = {420'100};
  tenant.tenant = {"acme"};
  ok(tenant);
  ok(DepositReceived{yuan(10'000), by_ann(), {}, {"acme"}});
  observe();
}

Effects World::apply_checked(Event const& event) {
  std::uint64_t const before = state.governance.sequence;
  auto transition = apply(state, now, event);
  if (!transition)
    throw std::runtime_error(std::string(type_of(event)) + " refused: " + std::string(code(transition.error().reason)) + " at " +
                             transition.error().where);
  EXPECT_EQ(state.governance.sequence, before + 1);
  entries.push_back({now, event});
  EXPECT_EQ(check_entry(state, now, event), std::nullopt) << type_of(event);
  EXPECT_EQ(check_touched(state, take_changed_rows(state)), std::nullopt) << type_of(event);
  EXPECT_EQ(check_all(state), std::nullopt) << type_of(event);
  for (RowChange const& change : take_history_rows(state)) {
    if (change.key.front() != 'J') continue;
    auto job = decode_finished_job(change.value.value());
    if (!job) throw std::runtime_error(job.error());
    finished.push_back(std::move(*job));
  }
  if (auto const* line = std::get_if<AttemptSettled>(&event)) settled.push_back(*line);
  return std::move(*transition);
}

void World::settle() {
  while (auto const forced = next_forced(state, now)) apply_checked(*forced);
}

Effects World::ok(Event const& event) {
  if (state.governance.sequence > 1) settle();
  Effects effects = apply_checked(event);
  if (state.governance.sequence > 1) settle();
  return effects;
}

Reason World::refused(Event const& event) {
  settle();
  Hash const before = digest(state);
  auto const transition = apply(state, now, event);
  EXPECT_FALSE(transition.has_value()) << type_of(event);
  EXPECT_EQ(digest(state), before) << type_of(event);
  EXPECT_TRUE(state.changed_rows.empty()) << type_of(event);
  where_ = transition ? std::string{} : transition.error().where;
  return transition ? Reason::none : transition.error().reason;
}

JobId World::submit(JobSpec const& spec, std::string const& tenant) {
  JobAccepted accepted;
  accepted.idempotency = sha256(std::to_string(state.governance.sequence));
  accepted.lot = lot_of(day_secret(), {tenant}, accepted.idempotency);
  accepted.spec = spec;
  accepted.tenant = {tenant};
  return ok(accepted).accepted.value();
}

void World::decide(std::vector<Placement> const& plan) {
  RoundNumber const round{state.round.round.value + 1};
  ok(RoundOpened{round});
  RoundDecided decided;
  decided.jobs = static_cast<std::int32_t>(state.queue.size());
  decided.placed = static_cast<std::int32_t>(plan.size());
  decided.plan = SharedBytes::of(encode_plan(plan));
  decided.prices = SharedBytes::of("");
  decided.round = round;
  ok(decided);
}

void World::decide_well() {
  RoundNumber const round{state.round.round.value + 1};
  ok(RoundOpened{round});
  RoundProblem const problem = build_problem(PinnedMarket(state, now));
  auto const solution = assignment::solve(problem.problem);
  if (!solution) throw std::runtime_error(solution.error());
  ok(decision_of(problem, round, solution->plan, solution->certificate));
}

void World::place_all() {
  while (auto const next = next_placement(state, now)) ok(*next);
}

AttemptId World::place(JobId id, std::string const& cluster, std::string const& type, std::optional<EntitlementId> entitlement) {
  Placement placed = placement(id, account, cluster, type);
  placed.entitlement = entitlement;
  decide({placed});
  auto const next = next_placement(state, now);
  if (!next || !std::holds_alternative<AllocationMade>(*next)) {
    auto const* skipped = next ? std::get_if<AllocationSkipped>(&*next) : nullptr;
    throw std::runtime_error("not placed: " + std::string(skipped ? code(skipped->reason) : "no placement"));
  }
  ok(*next);
  return std::get<AllocationMade>(*next).attempt;
}

AttemptId World::run(JobId id, std::string const& cluster, std::string const& type, std::optional<EntitlementId> entitlement) {
  AttemptId const attempt = place(id, cluster, type, entitlement);
  ok(DispatchIntended{attempt});
  ok(AttemptAcknowledged{attempt, std::nullopt, sha256("remote")});
  ok(AttemptStarted{attempt, now});
  return attempt;
}

void World::end(AttemptId attempt, Outcome outcome, std::int64_t card_ms) {
  AttemptEnded ended;
  ended.attempt = attempt;
  ended.card_ms = card_ms;
  ended.outcome = outcome;
  ok(ended);
}

void World::observe(std::string const& cluster) {
  OffersObserved observed;
  observed.as_of = now;
  observed.cluster = {cluster};
  observed.valid_until = {now.ms + ms_per_hour};
  for (auto const& [type, total, price] : {std::tuple{"A100", 64, 12}, std::tuple{"Ascend910B", 32, 5}}) {
    auto const use = state.card_use.find({ClusterName{cluster}, AcceleratorType{type}});
    std::int32_t const ours = use == state.card_use.end() ? 0 : use->second.live_cards;
    Offer offer;
    offer.counted_cards = ours;
    offer.free_cards = total - ours;
    offer.price_per_card_hour = yuan(price);
    offer.total_cards = total;
    offer.type = {type};
    observed.offers.push_back(offer);
  }
  ok(observed);
}

}  // namespace sluice::policy::testing
