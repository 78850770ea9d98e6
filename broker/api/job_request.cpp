// Reading and writing the job as the contract has it.
#include "broker/api/job_request.hpp"

#include "broker/api/problems.hpp"
#include "broker/api/values.hpp"
#include "policy/enum_names.hpp"
#include "policy/json/canonical_writer.hpp"
#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"
#include "policy/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::broker::api {
namespace {

namespace limits = policy::limits;

constexpr json::StringRule path_rule{.bytes_min = 1, .bytes_max = 2'048, .single_line = true};
constexpr json::DecimalRule card_hours_rule{.fraction_digits = 5, .min = 1, .max = 1'000'000'000LL * 100'000 - 1};
constexpr json::DecimalRule porting_hours_rule{.fraction_digits = 5, .min = 0, .max = limits::porting_ms_max / 36};

/// 10^-5 hours are exactly 36 ms.
constexpr std::int64_t ms_of_hours(std::int64_t hundred_thousandths) { return hundred_thousandths * 36; }

/// A path's prefix decides whether a cluster can mount it: nothing in it may climb out of that prefix again.
bool stays_below_its_prefix(std::string_view path) {
  while (!path.empty()) {
    std::string_view const segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return false;
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
  }
  return true;
}

/// What registries know, and nothing that a command line could take for an option.
bool is_image(std::string_view image) {
  auto const alphanumeric = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !image.empty() && alphanumeric(image.front()) && stays_below_its_prefix(image) &&
         std::ranges::all_of(image, [&](char c) { return alphanumeric(c) || std::string_view("._-/:@+").contains(c); });
}

bool is_variable(std::string_view name) {
  auto const letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && name.size() <= 128 && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool holds_nul(std::string_view text) { return text.contains('\0'); }

template <class Name>
Name read_name(json::Reader& reader, std::string_view key) {
  Name name{reader.required_string(key, {.bytes_min = 1, .bytes_max = 63, .single_line = true})};
  if (!name.text.empty() && !policy::is_name(name.text))
    reader.fail(key, "bad_format", "a name is a letter or digit, then letters, digits, '.', '_' or '-', at most 63 in all");
  return name;
}

std::int32_t optional_count(json::Reader& reader, std::string_view key, std::int64_t most) {
  return static_cast<std::int32_t>(reader.optional_integer(key, {0, most}).value_or(0));
}

policy::Gang read_gang(json::Reader gang) {
  policy::Gang out;
  out.cards = static_cast<std::int32_t>(gang.required_integer("cards", {1, limits::gang_cards_max}));
  out.min_memory_gib = optional_count(gang, "min_memory_gib", 65'536);
  out.interconnect_min_gbps = optional_count(gang, "interconnect_min_gbps", limits::gbps_max);
  out.cpus = optional_count(gang, "cpus", limits::gang_cpus_max);
  out.host_memory_gib = optional_count(gang, "memory_gib", 100'000'000);
  return out;
}

void read_variant(json::Reader variant, JobRequest& job) {
  policy::Variant& spec = job.spec.variants.emplace_back();
  PayloadVariant& payload = job.payload.variants.emplace_back();
  spec.framework = read_name<policy::FrameworkName>(variant, "framework");
  json::ArrayReader accelerators = variant.required_array("accelerators", {1, limits::accelerators_per_variant_max});
  for (std::size_t i = 0; accelerators.present() && i < accelerators.size(); ++i) {
    json::Reader accelerator = accelerators.object(i);
    policy::VariantAccelerator& out = spec.accelerators.emplace_back();
    out.type = read_name<policy::AcceleratorType>(accelerator, "type");
    if (auto const ppm = accelerator.optional_integer("throughput_ppm", {1, limits::throughput_ppm_max}))
      out.throughput_ppm = static_cast<std::int32_t>(*ppm);
    for (std::size_t earlier = 0; earlier < i; ++earlier)
      if (spec.accelerators[earlier].type == out.type) accelerators.fail(i, "duplicate", "this type stands earlier in the same variant");
  }
  payload.image = variant.required_string("image", {.bytes_min = 1, .bytes_max = 512, .single_line = true});
  if (!payload.image.empty() && !is_image(payload.image))
    variant.fail("image", "bad_format", "an image is registry/name:tag in letters, digits and . _ - / : @ +, without \"..\" segments");
  payload.command = variant.optional_strings("command", {1, 256}, {.bytes_min = 0, .bytes_max = 8'192, .single_line = false});
  if (std::ranges::any_of(payload.command, holds_nul)) variant.fail("command", "bad_format", "an argument cannot hold a NUL character");
  payload.environment = variant.optional_string_map("environment", {0, 256}, {.bytes_min = 1, .bytes_max = 128, .single_line = true},
                                                    {.bytes_min = 0, .bytes_max = 8'192, .single_line = false});
  for (auto const& [name, value] : payload.environment) {
    if (!is_variable(name)) variant.fail("environment", "bad_format", "a variable's name is a letter or '_', then letters, digits or '_'");
    if (holds_nul(value)) variant.fail("environment", "bad_format", "a variable's value cannot hold a NUL character");
  }
  spec.porting_ms = ms_of_hours(variant.optional_decimal("porting_hours", porting_hours_rule).value_or(0));
}

std::vector<std::string> read_paths(json::Reader& reader, std::string_view key) {
  std::vector<std::string> paths = reader.optional_strings(key, {0, 64}, path_rule);
  if (!std::ranges::all_of(paths, stays_below_its_prefix)) reader.fail(key, "bad_format", "a path has no \".\" or \"..\" segments");
  return paths;
}

policy::RegionCode read_region(json::ArrayReader& regions, std::size_t index) {
  auto const code = region_of(regions.string(index, {.bytes_min = 6, .bytes_max = 6, .single_line = true}));
  if (!code) regions.fail(index, "bad_format", "a region is six digits of GB/T 2260");
  return code.value_or(policy::RegionCode{});
}

void read_data(json::Reader data, policy::JobSpec& spec) {
  if (!data.present()) return;
  spec.data_class = data.required_enum<policy::DataClass>(
      "class", {{"general", policy::DataClass::general}, {"important", policy::DataClass::important}, {"core", policy::DataClass::core}});
  json::ArrayReader regions = data.optional_array("regions", {0, limits::regions_max});
  for (std::size_t i = 0; regions.present() && i < regions.size(); ++i) spec.data_regions.push_back(read_region(regions, i));
  std::ranges::sort(spec.data_regions);
  auto const repeated = std::ranges::unique(spec.data_regions);
  spec.data_regions.erase(repeated.begin(), repeated.end());
  if (auto const location = data.optional_string("location", {.bytes_min = 6, .bytes_max = 6, .single_line = true})) {
    spec.data_location = region_of(*location);
    if (!spec.data_location) data.fail("location", "bad_format", "a region is six digits of GB/T 2260");
  }
  spec.data_gib = optional_count(data, "gib", limits::gib_max);
}

void read_body(json::Reader body, JobRequest& job) {
  job.payload.name = body.required_string("name", {.bytes_min = 1, .bytes_max = 128, .single_line = true});
  job.spec.gang = read_gang(body.required_object("gang"));
  json::ArrayReader variants = body.required_array("variants", {1, limits::variants_max});
  for (std::size_t i = 0; variants.present() && i < variants.size(); ++i) read_variant(variants.object(i), job);
  {
    json::Reader work = body.required_object("work");
    job.spec.work_reference = read_name<policy::AcceleratorType>(work, "reference");
    std::int64_t const hours = work.required_decimal("card_hours", card_hours_rule);
    job.spec.work_card_ms = ms_of_hours(hours);
  }
  job.spec.max_runtime_ms = body.required_integer("max_runtime_s", {1, limits::runtime_ms_max / 1'000}) * 1'000;
  job.payload.inputs = read_paths(body, "inputs");
  job.payload.outputs = read_paths(body, "outputs");
  job.payload.checkpoint = body.optional_string("checkpoint", path_rule).value_or("");
  if (!stays_below_its_prefix(job.payload.checkpoint)) body.fail("checkpoint", "bad_format", "a path has no \".\" or \"..\" segments");
  {
    json::Reader retry = body.optional_object("retry");
    if (retry.present())
      job.spec.max_attempts = static_cast<std::int32_t>(retry.required_integer("max_attempts", {1, limits::max_attempts_max}));
  }
  job.spec.max_cost = body.optional_money("max_cost_yuan", {policy::Money{1}, policy::money_max});
  job.spec.deadline = body.optional_time("deadline");
  read_data(body.optional_object("data"), job.spec);
  job.spec.preemptible = body.optional_boolean("preemptible").value_or(false);
}

}  // namespace

std::expected<JobRequest, http::Problem> read_job_request(std::string_view body, policy::Timestamp now) {
  auto const document = json::parse_strict(body);
  if (!document) return std::unexpected(problem("malformed_json", json::to_string(document.error())));
  json::Errors errors;
  JobRequest job;
  read_body(json::Reader(*document, errors), job);
  if (job.spec.deadline && *job.spec.deadline <= now)
    errors.add("/deadline", "out_of_range", "lies in the past: it is " + policy::format_rfc3339(now) + " now");
  if (!errors.empty()) {
    http::Problem wrong = problem("invalid_body", "The fields listed in errors are not valid.");
    wrong.errors = errors.take();
    return std::unexpected(std::move(wrong));
  }
  return job;
}

std::vector<policy::Reach> unreachable(policy::Catalogue const& catalogue, Sites const& sites, JobPayload const& payload) {
  std::vector<policy::Reach> out;
  auto const blocked_path = [&](Site const& site) {
    auto const blocked_in = [&site](std::vector<std::string> const& prefixes) {
      return [&site, &prefixes](std::string const& path) { return !reaches_path(site, prefixes, path); };
    };
    return std::ranges::any_of(payload.inputs, blocked_in(site.inputs)) || std::ranges::any_of(payload.outputs, blocked_in(site.outputs)) ||
           (!payload.checkpoint.empty() && !reaches_path(site, site.checkpoints, payload.checkpoint));
  };
  for (auto const& [name, cluster] : catalogue.clusters) {
    std::shared_ptr<Site> const site = sites.find(name);
    for (std::size_t v = 0; v < payload.variants.size(); ++v) {
      policy::Reason reason = policy::Reason::none;
      if (site == nullptr) {
        reason = policy::Reason::cluster_unreachable;
      } else if (!reaches_image(*site, payload.variants[v].image)) {
        reason = policy::Reason::image_unreachable;
      } else if (blocked_path(*site)) {
        reason = policy::Reason::input_unreachable;
      }
      if (reason != policy::Reason::none) out.push_back({name, reason, static_cast<std::int32_t>(v)});
    }
  }
  return out;
}

namespace {

void write_strings(json::TextWriter& writer, std::vector<std::string> const& texts) {
  writer.begin_array();
  for (std::string const& text : texts) writer.string(text);
  writer.end_array();
}

void write_variant(json::TextWriter& writer, policy::Variant const& variant, PayloadVariant const* payload) {
  writer.begin_object().key("framework").string(variant.framework.text);
  writer.key("accelerators").begin_array();
  for (policy::VariantAccelerator const& accelerator : variant.accelerators) {
    writer.begin_object().key("type").string(accelerator.type.text);
    if (accelerator.throughput_ppm) writer.key("throughput_ppm").integer(*accelerator.throughput_ppm);
    writer.end_object();
  }
  writer.end_array();
  if (payload != nullptr) {
    writer.key("image").string(payload->image).key("command");
    write_strings(writer, payload->command);
    writer.key("environment").begin_object();
    for (auto const& [name, value] : payload->environment) {
      std::string escaped;
      json::append_string(escaped, name);  // a variable's name is the tenant's
      writer.key(std::string_view(escaped).substr(1, escaped.size() - 2)).string(value);
    }
    writer.end_object();
  }
  if (variant.porting_ms > 0) writer.key("porting_hours").string(hours_text(variant.porting_ms));
  writer.end_object();
}

}  // namespace

void write_job_request(json::TextWriter& writer, policy::JobSpec const& spec, JobPayload const* payload) {
  writer.begin_object();
  if (payload != nullptr) writer.key("name").string(payload->name);
  writer.key("gang").begin_object();
  writer.key("cards").integer(spec.gang.cards);
  writer.key("min_memory_gib").integer(spec.gang.min_memory_gib);
  writer.key("interconnect_min_gbps").integer(spec.gang.interconnect_min_gbps);
  writer.key("cpus").integer(spec.gang.cpus);
  writer.key("memory_gib").integer(spec.gang.host_memory_gib);
  writer.end_object();
  writer.key("variants").begin_array();
  for (std::size_t v = 0; v < spec.variants.size(); ++v)
    write_variant(writer, spec.variants[v], payload != nullptr && v < payload->variants.size() ? &payload->variants[v] : nullptr);
  writer.end_array();
  writer.key("work").begin_object().key("reference").string(spec.work_reference.text);
  writer.key("card_hours").string(hours_text(spec.work_card_ms)).end_object();
  writer.key("max_runtime_s").integer(spec.max_runtime_ms / 1'000);
  if (payload != nullptr) {
    writer.key("inputs");
    write_strings(writer, payload->inputs);
    writer.key("outputs");
    write_strings(writer, payload->outputs);
    if (!payload->checkpoint.empty()) writer.key("checkpoint").string(payload->checkpoint);
  }
  writer.key("retry").begin_object().key("max_attempts").integer(spec.max_attempts).end_object();
  if (spec.max_cost) writer.key("max_cost_yuan").string(policy::format_yuan(*spec.max_cost));
  if (spec.deadline) writer.key("deadline").string(policy::format_rfc3339(*spec.deadline));
  writer.key("data").begin_object().key("class").string(policy::name_of(spec.data_class));
  if (!spec.data_regions.empty()) {
    writer.key("regions").begin_array();
    for (policy::RegionCode const region : spec.data_regions) writer.string(region_text(region));
    writer.end_array();
  }
  if (spec.data_location) writer.key("location").string(region_text(*spec.data_location));
  writer.key("gib").integer(spec.data_gib).end_object();
  writer.key("preemptible").boolean(spec.preemptible).end_object();
}

}  // namespace sluice::broker::api
