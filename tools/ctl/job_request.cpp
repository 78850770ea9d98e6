// Reads or builds a JobRequest.
#include "tools/ctl/job_request.hpp"

#include "policy/json/strict.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace sluice::ctl {
namespace {

constexpr std::size_t body_bytes_max = std::size_t{1} << 20;

Result<std::string> read_body(std::string const& path) {
  std::ifstream file;
  if (path != "-") {
    // Opening a folder succeeds, reading it does not.
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) file.open(path, std::ios::binary);
    if (!file.is_open()) file.setstate(std::ios::failbit);
    if (!file)
      return fail(ExitCode::usage, fmt::format("Cannot read {}.", path), "Name a readable JSON file, or give the job by flags: --image ….");
  }
  std::istream& input = path == "-" ? std::cin : file;
  std::string body(body_bytes_max + 1, '\0');
  input.read(body.data(), static_cast<std::streamsize>(body.size()));
  body.resize(static_cast<std::size_t>(input.gcount()));
  if (body.size() > body_bytes_max)
    return fail(ExitCode::invalid, fmt::format("{} is larger than 1 MiB.", path), "A job is at most 1 MiB of JSON.");
  if (auto const parsed = json::parse_strict(body); !parsed) {
    Failure failure{ExitCode::invalid, fmt::format("{} is not strict JSON.", path), {}, "Correct the place named.", std::nullopt};
    failure.where.push_back(fmt::format("{}:{}:{}: {}", path, parsed.error().line, parsed.error().column, parsed.error().what));
    return std::unexpected(std::move(failure));
  }
  return body;
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<nlohmann::json> accelerators_of(JobFlags const& flags) {
  auto list = nlohmann::json::array();
  for (auto const& each : flags.accelerators) {
    auto const equals = each.find('=');
    nlohmann::json one = {{"type", each.substr(0, equals)}};
    if (equals != std::string::npos) {
      auto const ppm = whole_number(std::string_view(each).substr(equals + 1));
      if (!ppm)
        return fail(ExitCode::usage, fmt::format("--accelerator {}: after = stands a throughput in millionths.", each),
                    "Write H800=1300000.");
      one["throughput_ppm"] = *ppm;
    }
    list.push_back(std::move(one));
  }
  return list;
}

Result<nlohmann::json> environment_of(JobFlags const& flags) {
  auto map = nlohmann::json::object();
  for (auto const& each : flags.environment) {
    auto const equals = each.find('=');
    if (equals == std::string::npos || equals == 0) return fail(ExitCode::usage, fmt::format("--env {}: there is no NAME=VALUE.", each));
    map[each.substr(0, equals)] = each.substr(equals + 1);
  }
  return map;
}

Result<nlohmann::json> from_flags(JobFlags const& flags) {
  std::initializer_list<std::pair<char const*, std::string const*>> const needed = {{"--name", &flags.name},
                                                                                    {"--reference", &flags.reference},
                                                                                    {"--card-hours", &flags.card_hours},
                                                                                    {"--max-runtime", &flags.max_runtime}};
  for (auto const& [flag, value] : needed) {
    if (value->empty()) return fail(ExitCode::usage, fmt::format("A job by flags needs {}.", flag), "See sluicectl submit --help.");
  }
  if (flags.accelerators.empty()) return fail(ExitCode::usage, "A job by flags needs --accelerator.", "See sluicectl submit --help.");
  auto const runtime = parse_duration(flags.max_runtime);
  if (!runtime)
    return fail(ExitCode::usage, fmt::format("--max-runtime {} is no duration.", flags.max_runtime), "Write 90s, 30m, 48h or 7d.");
  auto accelerators = accelerators_of(flags);
  if (!accelerators) return std::unexpected(accelerators.error());
  auto environment = environment_of(flags);
  if (!environment) return std::unexpected(environment.error());

  nlohmann::json gang = {{"cards", flags.cards}};
  nlohmann::json data = nlohmann::json::object();
  auto const put = [](nlohmann::json& object, char const* key, auto const& value) {
    if (value) object[key] = *value;
  };
  auto const put_text = [](nlohmann::json& object, char const* key, std::string const& value) {
    if (!value.empty()) object[key] = value;
  };
  put(gang, "min_memory_gib", flags.min_memory_gib);
  put(gang, "interconnect_min_gbps", flags.interconnect_min_gbps);
  put(gang, "cpus", flags.cpus);
  put(gang, "memory_gib", flags.memory_gib);
  nlohmann::json variant = {{"framework", flags.framework}, {"accelerators", std::move(*accelerators)}, {"image", flags.image}};
  if (!flags.positional.empty()) variant["command"] = flags.positional;
  if (!environment->empty()) variant["environment"] = std::move(*environment);
  nlohmann::json job = {{"name", flags.name}, {"gang", std::move(gang)}, {"max_runtime_s", *runtime}};
  job["variants"] = nlohmann::json::array({std::move(variant)});
  job["work"] = {{"reference", flags.reference}, {"card_hours", flags.card_hours}};
  if (!flags.inputs.empty()) job["inputs"] = flags.inputs;
  if (!flags.outputs.empty()) job["outputs"] = flags.outputs;
  put_text(job, "checkpoint", flags.checkpoint);
  put_text(job, "max_cost_yuan", flags.max_cost);
  put_text(job, "deadline", flags.deadline);
  if (flags.attempts) job["retry"] = {{"max_attempts", *flags.attempts}};
  put(data, "gib", flags.data_gib);
  put_text(data, "class", flags.data_class);
  put_text(data, "location", flags.data_location);
  if (!flags.regions.empty()) data["regions"] = flags.regions;
  if (!data.empty()) {
    if (!data.contains("class")) data["class"] = "general";
    job["data"] = std::move(data);
  }
  if (flags.preemptible) job["preemptible"] = true;
  return job;
}

}  // namespace

std::optional<long> parse_duration(std::string_view text) {
  long unit = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 'd':
        unit = 86'400;
        break;
      case 'h':
        unit = 3'600;
        break;
      case 'm':
        unit = 60;
        break;
      default:
        break;
    }
    if (unit != 1 || text.back() == 's') text.remove_suffix(1);
  }
  long value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 1 || value > 31'622'400 / unit)
    return std::nullopt;
  return value * unit;
}

void add_job_flags(CLI::App& verb, JobFlags& flags) {
  verb.add_option("JOB", flags.positional, "A JSON file or - for standard input; with --image: the command and its arguments, after --");
  verb.add_option("--image", flags.image, "Container image; the job is then given by flags")->group("Job by flags");
  verb.add_option("--name", flags.name, "Name, for people")->group("Job by flags");
  verb.add_option("--cards", flags.cards, "Cards that start together")->capture_default_str()->group("Job by flags");
  verb.add_option("--accelerator", flags.accelerators, "Acceptable type, TYPE or TYPE=THROUGHPUT_PPM; may be repeated")
      ->expected(1)
      ->take_all()
      ->group("Job by flags");
  verb.add_option("--framework", flags.framework, "Framework")->capture_default_str()->group("Job by flags");
  verb.add_option("--reference", flags.reference, "Accelerator type that --card-hours counts")->group("Job by flags");
  verb.add_option("--card-hours", flags.card_hours, "Size of the work")->group("Job by flags");
  verb.add_option("--max-runtime", flags.max_runtime, "Limit of one attempt: 90s, 30m, 48h, 7d")->group("Job by flags");
  verb.add_option("--max-cost", flags.max_cost, "Most you pay, yuan")->group("Job by flags");
  verb.add_option("--deadline", flags.deadline, "Must have ended by, RFC 3339")->group("Job by flags");
  verb.add_option("--attempts", flags.attempts, "Attempts in all")->group("Job by flags");
  verb.add_option("--min-memory-gib", flags.min_memory_gib, "Least memory of a card")->group("Job by flags");
  verb.add_option("--interconnect-min-gbps", flags.interconnect_min_gbps, "Least bandwidth between cards")->group("Job by flags");
  verb.add_option("--cpus", flags.cpus, "CPU cores for the gang")->group("Job by flags");
  verb.add_option("--memory-gib", flags.memory_gib, "Host memory for the gang")->group("Job by flags");
  verb.add_option("--env", flags.environment, "NAME=VALUE, not for secrets; may be repeated")
      ->expected(1)
      ->take_all()
      ->group("Job by flags");
  verb.add_option("--input", flags.inputs, "Where inputs are; may be repeated")->expected(1)->take_all()->group("Job by flags");
  verb.add_option("--output", flags.outputs, "Where outputs go; may be repeated")->expected(1)->take_all()->group("Job by flags");
  verb.add_option("--checkpoint", flags.checkpoint, "Where checkpoints are kept")->group("Job by flags");
  verb.add_option("--data-class", flags.data_class, "general, important or core")->group("Job by flags");
  verb.add_option("--data-location", flags.data_location, "Region code of the data")->group("Job by flags");
  verb.add_option("--data-gib", flags.data_gib, "Size of the data")->group("Job by flags");
  verb.add_option("--region", flags.regions, "Region the data may go to; may be repeated")->expected(1)->take_all()->group("Job by flags");
  verb.add_flag("--preemptible", flags.preemptible, "May be interrupted and continued")->group("Job by flags");
}

Result<std::string> job_body(JobFlags const& flags) {
  if (!flags.image.empty()) {
    auto const job = from_flags(flags);
    if (!job) return std::unexpected(job.error());
    try {
      return job->dump();
    } catch (nlohmann::json::type_error const&) {
      return fail(ExitCode::usage, "A flag holds bytes that are not UTF-8.", "Set a UTF-8 locale, or give the job as a file.");
    }
  }
  if (flags.positional.size() != 1) {
    return fail(ExitCode::usage, flags.positional.empty() ? "There is no job." : "There is more than one file.",
                "Give one JSON file, - for standard input, or flags that begin with --image.");
  }
  return read_body(flags.positional.front());
}

}  // namespace sluice::ctl
