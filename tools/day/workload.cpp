// Sizes, run times and arrivals come from the trace; classes, vouchers, hardware wishes and fates are made up here.
#include "tools/day/workload.hpp"

#include "tools/day/speeds.hpp"
#include "tools/day/trace_shape.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace sluice::day {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Mostly start-ups, as the broker is meant for them. The first tenants take the first regions, so that every local voucher has holders.
constexpr std::array<double, tenant_class_count> class_shares{0.60, 0.20, 0.10, 0.10};
constexpr std::array<double, tenant_class_count> class_weights{1, 2, 6, 3};
constexpr std::array<std::string_view, 6> regions{"420100", "520100", "621000", "440300", "110000", "310000"};
// More than any job of the demo costs per card-hour, the dearest list price and its peak included: deposits never decide.
constexpr std::int64_t hold_yuan_per_card_hour = 20;

TenantClass class_of(std::size_t index, std::size_t count) {
  double const at = (static_cast<double>(index) + 0.5) / static_cast<double>(count);
  double sum = 0;
  for (std::size_t kind = 0; kind < tenant_class_count; ++kind) {
    sum += class_shares[kind];
    if (at < sum) return static_cast<TenantClass>(kind);
  }
  return TenantClass::institute;
}

std::vector<TenantPlan> make_tenants(Chance& chance, std::size_t count) {
  static constexpr std::array<std::string_view, tenant_class_count> words{"start-up", "SME", "large company", "institute"};
  static constexpr std::array<double, tenant_class_count> voucher_share{0.8, 0.6, 0.25, 0.5};
  std::vector<TenantPlan> tenants;
  for (std::size_t i = 0; i < count; ++i) {
    TenantPlan tenant;
    tenant.kind = class_of(i, count);
    auto const kind = static_cast<std::size_t>(tenant.kind);
    tenant.name = fmt::format("Demo {} {:02}", words[kind], i + 1);
    tenant.region = regions[i % regions.size()];
    tenant.weight = class_weights[kind] * (0.5 + chance.unit());
    if (chance.happens(voucher_share[kind])) {
      if (tenant.region == "420100" && tenant.kind == TenantClass::startup) {
        tenant.vouchers.push_back({"wuhan-demo", 5'000 + 1'000 * chance.between(0, 15)});
      } else if (tenant.region == "621000") {
        tenant.vouchers.push_back({"qingyang-demo", 5'000 + 1'000 * chance.between(0, 25)});
      } else {
        tenant.vouchers.push_back({"guizhou-demo", 5'000 + 1'000 * chance.between(0, 25)});
      }
    }
    tenants.push_back(std::move(tenant));
  }
  return tenants;
}

struct Wish {
  bool a100 = false, h800 = false, ascend = false, mlu = false;
};

Wish draw_wish(Chance& chance) {
  static constexpr std::array<Wish, 6> wishes{{{.a100 = true, .h800 = true},
                                               {.a100 = true, .h800 = true, .ascend = true},
                                               {.ascend = true},
                                               {.a100 = true},
                                               {.h800 = true},
                                               {.a100 = true, .mlu = true}}};
  static constexpr std::array<double, 6> shares{0.46, 0.26, 0.13, 0.08, 0.05, 0.02};
  return wishes[chance.pick(shares)];
}

Fate draw_fate(Chance& chance) {
  static constexpr std::array<double, 6> shares{0.925, 0.035, 0.010, 0.005, 0.005, 0.020};
  return static_cast<Fate>(chance.pick(shares));
}

std::vector<std::string> command_of(JobPlan const& job) {
  std::vector<std::string> words{"bash", "train.sh", fmt::format("sim:seconds={}", job.run_s)};
  std::int64_t const midway = std::max<std::int64_t>(1, job.run_s * 6 / 10);
  if (job.fate == Fate::exits_with_error) words.emplace_back("sim:exit=1");
  if (job.fate == Fate::preempted_once) words.push_back(fmt::format("sim:preempted={}", midway));
  if (job.fate == Fate::node_lost_once) words.push_back(fmt::format("sim:node_lost={}", midway));
  if (job.fate == Fate::never_starts) words.emplace_back("sim:start_fails");
  return words;
}

OrderedJson variant(std::string_view framework, OrderedJson accelerators, std::string_view image, std::vector<std::string> const& command) {
  return OrderedJson{{"framework", framework}, {"accelerators", std::move(accelerators)}, {"image", image}, {"command", command}};
}

std::string body_of(JobPlan const& job, Wish const& wish, std::size_t number, Chance& chance, TenantPlan const& tenant) {
  auto const command = command_of(job);
  // A user's own measurement of an H800 differs from job to job; what the simulated cards really do is in speeds.hpp.
  std::int64_t const h800_ppm = 10'000 * chance.between(140, 240);
  OrderedJson variants = OrderedJson::array();
  std::int64_t slowest_ppm = 1'000'000;
  if (wish.a100 || wish.h800) {
    OrderedJson types = OrderedJson::array();
    if (wish.a100) types.push_back({{"type", "A100"}});
    if (wish.h800) types.push_back({{"type", "H800"}, {"throughput_ppm", h800_ppm}});
    variants.push_back(variant("cuda", std::move(types), "hub.example/train:1", command));
  }
  if (wish.ascend) {
    OrderedJson ported = variant("cann", OrderedJson::array({{{"type", "Ascend910B"}}}), "hub.example/train-npu:1", command);
    if (variants.size() == 1 && chance.happens(0.3)) ported["porting_hours"] = "0.2";
    variants.push_back(std::move(ported));
    slowest_ppm = speed_ppm("Ascend910B");
  }
  if (wish.mlu) {
    variants.push_back(variant("neuware", OrderedJson::array({{{"type", "MLU370-S4"}}}), "hub.example/train-mlu:1", command));
    slowest_ppm = speed_ppm("MLU370-S4");
  }
  // People misjudge their jobs; the limit leaves room for that on the slowest card allowed.
  std::int64_t const declared_s = std::max<std::int64_t>(1, job.run_s * chance.between(80, 140) / 100);
  std::int64_t const hundred_thousandths = std::max<std::int64_t>(1, declared_s * job.cards * 1'000 / 36);
  std::int64_t const limit_s = std::max<std::int64_t>(600, job.run_s * 2 * 1'000'000 / slowest_ppm);
  OrderedJson body{{"name", fmt::format("job-{:05}", number)}};
  body["gang"] = {{"cards", job.cards}, {"min_memory_gib", wish.mlu ? 16 : 40}, {"cpus", 4 * job.cards}, {"memory_gib", 32 * job.cards}};
  if (job.cards > 8) body["gang"]["interconnect_min_gbps"] = 100;
  body["variants"] = std::move(variants);
  body["work"] = {{"reference", "A100"},
                  {"card_hours", fmt::format("{}.{:05}", hundred_thousandths / 100'000, hundred_thousandths % 100'000)}};
  body["max_runtime_s"] = limit_s;
  body["inputs"] = {"obs://b/in/"};
  body["outputs"] = {fmt::format("obs://b/out/{:05}/", number)};
  body["checkpoint"] = fmt::format("obs://b/ckpt/{:05}/", number);
  body["retry"] = {{"max_attempts", 3}};
  bool const local = tenant.region.starts_with("52") && wish.ascend && chance.happens(0.3);
  body["data"] = {{"class", "general"}, {"gib", chance.between(0, 20)}};
  if (local) body["data"]["regions"] = {"520000"};
  return body.dump();
}

}  // namespace

std::string_view name_of(TenantClass kind) {
  static constexpr std::array<std::string_view, tenant_class_count> names{"startup", "sme", "large", "institute"};
  return names[static_cast<std::size_t>(kind)];
}

Workload make_workload(WorkloadOptions const& options) {
  Chance chance(options.seed);
  Workload out;
  out.tenants = make_tenants(chance, options.tenants);
  std::vector<double> weights;
  for (TenantPlan const& tenant : out.tenants) weights.push_back(tenant.weight);
  for (std::size_t i = 0; i < options.jobs; ++i) {
    JobPlan& job = out.jobs.emplace_back();
    job.tenant = chance.pick(weights);
    job.arrival_ms = draw_arrival_ms(chance);
    job.cards = draw_cards(chance);
    job.run_s = draw_run_seconds(chance, job.cards, options.longest_s);
    job.fate = draw_fate(chance);
    if (job.fate == Fate::cancelled_by_tenant)
      job.cancel_ms = job.arrival_ms + chance.between(1, std::max<std::int64_t>(1, job.run_s)) * 1'000;
  }
  std::ranges::stable_sort(out.jobs, {}, &JobPlan::arrival_ms);
  for (std::size_t i = 0; i < out.jobs.size(); ++i) {
    JobPlan& job = out.jobs[i];
    TenantPlan& tenant = out.tenants[job.tenant];
    Wish wish = draw_wish(chance);
    if (job.cards > 16) wish = {.a100 = true, .h800 = true, .ascend = true};  // only a wide choice ever frees so many at once
    job.body = body_of(job, wish, i + 1, chance, tenant);
    std::int64_t const limit_s = nlohmann::json::parse(job.body).at("max_runtime_s").get<std::int64_t>();
    tenant.deposit_yuan += 1 + hold_yuan_per_card_hour * job.cards * limit_s / 3'600;
  }
  for (TenantPlan& tenant : out.tenants) tenant.deposit_yuan = 1'000 + (tenant.deposit_yuan + 999) / 1'000 * 1'000;
  return out;
}

}  // namespace sluice::day
