// A million waiting jobs: memory, restart, and reads while a round runs over all of them.
//
//   bench_queue [DIRECTORY] [JOBS] [SECONDS_OF_READING]      the ledger goes to DIRECTORY (default: the current one)
#include "tests/bench/rig/federation.hpp"
#include "tests/bench/rig/load.hpp"
#include "tests/bench/rig/usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr std::size_t tenants = 40;
constexpr std::size_t sample = 1'000;  ///< every so many-th job is read later
constexpr double reads_per_second = 200;
constexpr double mib = 1u << 20;

void set_rounds(Federation const& federation, bool run) {
  tests::Client admin = federation.local();
  std::string const target = run ? "/v1/rounds/resume" : "/v1/rounds/pause";
  tests::Reply const reply = admin.post(target, R"({"reason":"bench"})", target);
  if (reply.status / 100 != 2) throw std::runtime_error("POST " + target + ": " + reply.body.dump());
}

/// Submits through the front door, with rounds paused. The ids of a sample.
std::vector<std::string> fill(Federation const& federation, std::vector<std::string> const& tokens, std::uint64_t jobs) {
  std::string const body = job_body(500);
  std::vector<Submissions> texts;
  for (std::string const& token : tokens) texts.emplace_back(token, body);
  std::vector<std::string> ids;
  LoadOptions options{.port = federation.port(), .connections = 240, .warm_up_s = 0, .measured_s = 3'600, .first = 1, .last = jobs + 1};
  LoadResult const filled = load(
      options, [&](std::uint64_t n, std::size_t connection) { return texts[connection % texts.size()](n); }, {}, {},
      [&](std::uint64_t n, int status, std::string_view answer) {
        if (status == 201 && n % sample == 0) ids.push_back(nlohmann::json::parse(answer).at("id"));
      });
  if (filled.failed > 0) throw std::runtime_error("not accepted: " + filled.first_failure);
  fmt::print("{} jobs submitted: {:.0f}/s\n", jobs, filled.per_second());
  return ids;
}

std::string operator_token(Federation const& federation) {
  tests::Client admin = federation.local();
  tests::Reply const issued = admin.post("/v1/keys", R"({"role":"operator","principal":"ann","label":"bench"})", "key-ann");
  if (issued.status != 201) throw std::runtime_error("no key: " + issued.body.dump());
  return issued.body.at("token");
}

void read_for(Federation const& federation, double seconds, std::string const& name, std::function<std::string()> const& target,
              std::string const& token) {
  std::string request;
  CpuUse before;
  CpuUse after;
  LoadResult const reads = load(
      {.port = federation.port(), .connections = 16, .warm_up_s = 3, .measured_s = seconds, .per_second = reads_per_second, .last = {}},
      [&](std::uint64_t, std::size_t) {
        request = fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\r\n", target(), token);
        return std::string_view(request);
      },
      [&] { before = cpu_use(federation.pid()); }, [&] { after = cpu_use(federation.pid()); });
  if (reads.failed > 0) throw std::runtime_error("not read: " + reads.first_failure);
  CpuUse const used = after - before;
  fmt::print(
      "GET {} at {:.0f}/s: p50 {:.2f} ms, p99 {:.2f} ms, longest {:.1f} ms, loop {:.0f} us of CPU each; the solver used {:.0f} % of a "
      "core\n",
      name, reads_per_second, quantile(reads.latencies_ms, 0.5), quantile(reads.latencies_ms, 0.99), reads.latencies_ms.back(),
      1e6 * used.of("sluiced") / static_cast<double>(reads.answered), 100 * used.of("sluice-decide") / reads.seconds);
}

void measure(std::filesystem::path const& parent, std::uint64_t jobs, double reading_s) {
  ScratchFolder const folder(parent);
  Federation federation(folder.path(), {});
  federation.start();
  federation.open_accounts();
  set_rounds(federation, false);
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < tenants; ++i) tokens.push_back(federation.add_tenant(fmt::format("tenant-{}", i)));
  auto const ids = fill(federation, tokens, jobs);
  fmt::print("resident behind the submissions: {:.0f} MiB\n", static_cast<double>(resident_bytes(federation.pid())) / mib);
  federation.stop();

  double const ready_s = federation.start();
  CpuUse const start_cpu = cpu_use(federation.pid());
  fmt::print("restart to ready: {:.1f} s, {:.1f} s of CPU (aim: 10 s)\n", ready_s, start_cpu.whole);
  fmt::print("resident without the solver: {:.0f} MiB (aim: 1536); jobs waiting: {:.0f}\n",
             static_cast<double>(resident_bytes(federation.pid())) / mib, federation.metric("sluice_jobs_waiting"));

  set_rounds(federation, true);
  std::string const token = operator_token(federation);  // whose reads may go to any tenant's jobs
  std::mt19937 random(20261122);
  // Beside it, in the same minutes, what costs nothing: its tail is the machine's and the loop's, not the read's.
  read_for(federation, reading_s / 3, "/livez", [] { return std::string("/livez"); }, token);
  read_for(federation, reading_s, "/v1/jobs/{id}", [&] { return "/v1/jobs/" + ids[random() % ids.size()]; }, token);
  read_for(federation, reading_s / 3, "/livez", [] { return std::string("/livez"); }, token);
  fmt::print("resident with the solver: {:.0f} MiB; one handler held the loop at most {:.1f} ms of CPU, {:.1f} ms by the wall clock\n",
             static_cast<double>(resident_bytes(federation.pid())) / mib,
             1e3 * federation.metric("sluice_loop_longest_hold_seconds{clock=\"cpu\"}"),
             1e3 * federation.metric("sluice_loop_longest_hold_seconds{clock=\"wall\"}"));
  fmt::print("rounds decided: {:.0f}; {}\n", federation.metric("sluice_rounds_decided"), machine());
  federation.stop();
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a long run shows what it knows, into a file too
  try {
    fmt::print("{}\n", machine());
    measure(argc > 1 ? argv[1] : ".", argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000, argc > 3 ? std::atof(argv[3]) : 60);
  } catch (std::exception const& error) {
    fmt::print(stderr, "bench_queue: {}\n", error.what());
    return 1;
  }
  return 0;
}
