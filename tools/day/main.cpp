// sluice-day: submits a simulated day of jobs to a broker and reports what became of them.
#include "tools/day/drive.hpp"
#include "tools/day/page.hpp"
#include "tools/day/places.hpp"
#include "tools/day/report.hpp"
#include "tools/day/scenario.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>

namespace sluice::day {
namespace {

constexpr int exit_held = 0, exit_not_held = 1, exit_usage = 2, exit_could_not_run = 3;

struct RunOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string socket;
  std::string config;
  std::string html;
  std::string json;
  std::string keys;
  std::string script;
  WorkloadOptions workload;
  DriveOptions drive;
};

int complain(std::string const& what) {
  fmt::print(stderr, "sluice-day: {}\n", what);
  return exit_could_not_run;
}

std::expected<void, std::string> write_file(std::string const& path, std::string const& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return std::unexpected(path + ": could not be written");
  return {};
}

using Outcome = std::expected<DayRecord, std::string>;

boost::asio::awaitable<Outcome> day_of(boost::asio::io_context& loop, RunOptions const& options, Workload const& workload,
                                       std::vector<Place> const& places) {
  Progress progress;
  BrokerClient socket(loop, "socket");
  BrokerClient broker(loop, "broker");
  if (auto const opened = socket.open("unix:" + options.socket, 1); !opened)
    co_return std::unexpected(options.socket + ": " + opened.error());
  if (auto const opened = broker.open(options.server, options.drive.submitters + 4); !opened)
    co_return std::unexpected(options.server + ": " + opened.error());
  auto const access = co_await set_up(socket, broker, workload, places, options.drive.run, progress);
  if (!access) co_return std::unexpected(access.error());
  progress.note(fmt::format("{} tenants with keys, deposits and {} vouchers; accounts at {} clusters; {} jobs follow",
                            workload.tenants.size(), access->vouchers, places.size(), workload.jobs.size()));
  if (!options.keys.empty()) {
    if (auto const written = write_tokens(*access, options.keys); !written) co_return std::unexpected(written.error());
  }
  co_return co_await drive(loop, broker, workload, *access, options.drive, progress);
}

int run(RunOptions options) {
  auto const places = read_places(options.config);
  if (!places) return complain(places.error());
  std::vector<std::string> troubles;
  if (!options.script.empty()) {
    auto const read = scenario_script(options.script);
    if (!read) return complain(read.error());
    troubles = *read;
  }
  using namespace std::chrono;
  options.drive.run =
      fmt::format("day-{}-{}", options.workload.seed, duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
  Workload const workload = make_workload(options.workload);
  boost::asio::io_context loop(1);
  std::optional<Outcome> outcome;
  boost::asio::co_spawn(loop, day_of(loop, options, workload, *places), [&outcome](std::exception_ptr error, Outcome result) {
    if (error) std::rethrow_exception(error);
    outcome.emplace(std::move(result));
  });
  loop.run();
  if (!outcome) return complain("the run ended without a result");
  if (!*outcome) return complain(outcome->error());
  DayRecord day = std::move(**outcome);
  day.places = *places;
  day.troubles = std::move(troubles);
  day.seed = options.workload.seed;
  day.longest_s = options.workload.longest_s;

  Figures const figures = figures_of(day);
  std::fputs(text_report(day, figures).c_str(), stdout);
  for (auto const& [path, text] : {std::pair{options.html, options.html.empty() ? "" : html_page(day, figures)},
                                   std::pair{options.json, options.json.empty() ? "" : json_report(day, figures)}}) {
    if (path.empty()) continue;
    if (auto const written = write_file(path, text); !written) return complain(written.error());
  }
  bool held = true;
  if (figures.unexplained > 0) {
    fmt::print(stderr, "sluice-day: {} jobs are neither final nor explained\n", figures.unexplained);
    held = false;
  }
  if (day.ran_twice.value_or(0) > 0) {
    fmt::print(stderr, "sluice-day: {} attempts held cards more than once\n", *day.ran_twice);
    held = false;
  }
  if (figures.not_final > 0) fmt::print(stderr, "sluice-day: {} jobs are not final; each says why above\n", figures.not_final);
  return held ? exit_held : exit_not_held;
}

int write_scenario(std::string const& base, std::int64_t compression, std::string const& out) {
  auto const text = day_scenario(base, compression);
  if (!text) return complain(text.error());
  if (auto const written = write_file(out, *text); !written) return complain(written.error());
  return exit_held;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"sluice-day: a day of simulated tenants and jobs for a broker, and a report of what became of them."};
  app.footer(
      "Exit codes: 0 every job is final or explained and none ran twice, 1 not so, 2 usage, 3 could not run.\n"
      "tools/demo shows all of it together.");
  app.require_subcommand(1);
  RunOptions options;
  std::string base;
  std::string out;
  auto* scenario = app.add_subcommand("scenario", "write the simulator's scenario of a day");
  scenario->add_option("base", base, "scenario of sluice-sim to start from")->required();
  scenario->add_option("--out", out, "file to write")->required();
  auto* run_command = app.add_subcommand("run", "set up tenants, submit the day, wait, report");
  for (CLI::App* each : {scenario, run_command})
    each->add_option("--compression", options.drive.compression, "simulated seconds in a real one")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
  run_command->add_option("--server", options.server, "the broker, http://HOST:PORT")->capture_default_str();
  run_command->add_option("--socket", options.socket, "its Unix socket, for the first keys")->required();
  run_command->add_option("--config", options.config, "its configuration folder: clusters' names and places")->required();
  run_command->add_option("--jobs", options.workload.jobs, "jobs of the day")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  run_command->add_option("--seed", options.workload.seed, "the same seed gives the same day")->capture_default_str();
  run_command->add_option("--bound", options.drive.bound_s, "seconds to wait after the last submission")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  run_command->add_option("--html", options.html, "write the page here");
  run_command->add_option("--json", options.json, "write the figures here");
  run_command->add_option("--keys", options.keys, "folder for operator.token, auditor.token and a tenant's tenant.token");
  run_command->add_option("--simulator", options.drive.simulator, "sluice-sim's address: ask what really ran");
  run_command->add_option("--scenario", options.script, "its scenario: name the troubles it played");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {  // the library's own border; 0 is --help
    return app.exit(error) == 0 ? exit_held : exit_usage;
  }
  if (scenario->parsed()) return write_scenario(base, options.drive.compression, out);
  return run(std::move(options));
}

}  // namespace
}  // namespace sluice::day

int main(int argc, char** argv) {
  try {
    return sluice::day::parse_and_run(argc, argv);
  } catch (std::exception const& error) {
    return sluice::day::complain(error.what());
  }
}
