// sluice-solve: solves or checks one assignment problem from a file or a generator.
#include "tools/solve/answer.hpp"
#include "tools/solve/generate.hpp"
#include "tools/solve/json_problem.hpp"
#include "tools/solve/report.hpp"
#include "tools/solve/text_formats.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

using namespace sluice;
using assignment::Problem;

constexpr int exit_violation = 1;
constexpr int exit_usage = 2;

struct Arguments {
  std::string file;
  std::string format = "json";
  std::string generate;
  std::string check;
  std::string report;
  std::uint32_t budget = 100;
  std::uint32_t threads = 1;
  std::uint64_t seed = 0;
};

int fail(std::string const& what) {
  std::cerr << "sluice-solve: " << what << '\n';
  return exit_usage;
}

std::expected<std::string, std::string> read_file(std::string const& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::unexpected(path + ": cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::expected<Problem, std::string> read_input(Arguments const& arguments) {
  if (!arguments.generate.empty()) {
    auto const options = solve::parse_generate(arguments.generate);
    if (!options) return std::unexpected("--generate: " + options.error());
    return solve::generate(*options);
  }
  auto const text = read_file(arguments.file);
  if (!text) return std::unexpected(text.error());
  auto problem = arguments.format == "gap" ? solve::read_gap(*text) : solve::read_problem(*text);
  if (!problem) return std::unexpected(arguments.file + ": " + problem.error());
  return problem;
}

int plan_contracts(Arguments const& arguments) {
  auto const text = read_file(arguments.file);
  if (!text) return fail(text.error());
  auto const instance = solve::read_sscflp(*text);
  if (!instance) return fail(arguments.file + ": " + instance.error());
  if (!arguments.check.empty()) {
    auto const answer = read_file(arguments.check);
    if (!answer) return fail(answer.error());
    auto const verdict = solve::check_commitments(instance->problem, instance->contracts, *answer);
    if (!verdict) {
      std::cout << verdict.error() << '\n';
      return exit_violation;
    }
    std::cout << *verdict << '\n';
    return 0;
  }
  assignment::PlannerOptions options;
  options.evaluations = arguments.budget;
  options.seed = arguments.seed;
  auto const plan = assignment::plan_commitments(instance->problem, instance->contracts, options);
  if (!plan) return fail(plan.error());
  if (!plan->feasible) return fail("no feasible set of facilities was found within the budget");
  std::cout << solve::write_commitments(instance->problem, instance->contracts, *plan) << '\n';
  return 0;
}

int check(Problem const& problem, std::string const& path) {
  auto const answer = read_file(path);
  if (!answer) return fail(answer.error());
  auto const report = solve::check_answer(problem, *answer);
  if (!report) {
    std::cout << report.error() << '\n';
    return exit_violation;
  }
  std::cout << "cost " << report->cost << " bound " << report->bound << " gap " << solve::format_gap(report->cost, report->bound) << '\n';
  return 0;
}

int run(Arguments const& arguments) {
  if (arguments.file.empty() == arguments.generate.empty()) return fail("give either a FILE or --generate; see --help");
  if (arguments.format == "sscflp")
    return arguments.generate.empty() ? plan_contracts(arguments) : fail("--generate makes rounds, not facility problems");
  auto const problem = read_input(arguments);
  if (!problem) return fail(problem.error());
  if (!arguments.check.empty()) return check(*problem, arguments.check);
  auto const solution = assignment::solve(*problem, {.iterations = arguments.budget, .threads = arguments.threads, .seed = arguments.seed});
  if (!solution) return fail(solution.error());
  std::cout << solve::write_answer(*problem, *solution) << '\n';
  if (solution->status == assignment::SolveStatus::unplaced) std::cerr << "sluice-solve: some jobs that must be placed found no place\n";
  if (!arguments.report.empty()) {
    auto const report = assignment::check_certificate(*problem, solution->plan, solution->certificate);
    if (!report) return fail("no report, because the plan fails the check: " + report.error().text);
    std::ofstream out(arguments.report, std::ios::binary);
    out << solve::write_report(*problem, *solution, *report);
    out.flush();
    if (!out) return fail(arguments.report + ": cannot be written");
  }
  return std::cout.flush() ? 0 : fail("standard output cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Solves an assignment problem and prints the answer as one JSON object, or checks such an answer.\n"
      "Exit 0: solved, or the answer holds; 1: the answer is wrong (the first violation is printed); 2: bad arguments or input."};
  app.add_option("FILE", arguments.file, "the problem; - reads standard input");
  app.add_option("--format", arguments.format, "json, gap (OR-Library) or sscflp")
      ->check(CLI::IsMember({"json", "gap", "sscflp"}))
      ->capture_default_str();
  app.add_option("--generate", arguments.generate, "jobs,offers,seed[,plain][,changed=PERCENT] instead of a file");
  app.add_option("--check", arguments.check, "an answer to verify against the problem");
  app.add_option("--budget", arguments.budget, "effort: 0 a first plan, 100 everyday, more for better plans; for sscflp the sets to try")
      ->check(CLI::Range(0U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads, "1 to 64; the answer does not depend on it")
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "steers the search")->capture_default_str();
  app.add_option("--report", arguments.report, "also write an HTML page about the solve");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    int const code = app.exit(error);
    return code == 0 ? 0 : exit_usage;
  }
  return run(arguments);
}
