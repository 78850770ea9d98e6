// How long a job that fits waits for its dispatch at a steady rate of submissions, and what held the loop longest meanwhile.
//
//   bench_dispatch [DIRECTORY] [SECONDS] [SUBMISSIONS_PER_SECOND]      the ledger goes to DIRECTORY (default: the current one)
#include "policy/time.hpp"
#include "tests/bench/rig/federation.hpp"
#include "tests/bench/rig/load.hpp"
#include "tests/bench/rig/usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::bench;

/// Room for every job that runs at once, so that each one fits when it comes.
constexpr FederationOptions federation_options{.cards_per_offer = 256, .job_seconds = 20};
/// After the last submission a job has this long: the aim, and some more to see by how much it is missed.
constexpr std::chrono::seconds patience{20};

/// Seconds from acceptance to dispatch; nullopt when that has not happened.
std::optional<double> dispatch_wait_s(nlohmann::json const& job) {
  if (job.at("attempts").empty() || job.at("attempts")[0].at("dispatched_at").is_null()) return std::nullopt;
  auto const accepted = policy::parse_rfc3339(job.at("accepted_at").get<std::string>());
  auto const dispatched = policy::parse_rfc3339(job.at("attempts")[0].at("dispatched_at").get<std::string>());
  if (!accepted || !dispatched) throw std::runtime_error("a time is no time: " + job.dump());
  return static_cast<double>(dispatched->ms - accepted->ms) / 1'000.0;
}

void measure(std::filesystem::path const& parent, double seconds, double per_second) {
  ScratchFolder const folder(parent);
  Federation federation(folder.path(), federation_options);
  federation.start();
  federation.open_accounts();
  std::string const token = federation.add_tenant("bench");
  tests::Client client({"127.0.0.1:" + std::to_string(federation.port()), token});

  std::vector<std::string> jobs;
  Submissions submission(token, job_body(500));
  LoadOptions options{
      .port = federation.port(), .connections = 16, .warm_up_s = 0, .measured_s = seconds, .per_second = per_second, .last = {}};
  options.first = 1;
  LoadResult const submitted = load(
      options, [&](std::uint64_t n, std::size_t) { return submission(n); }, {}, {},
      [&](std::uint64_t, int status, std::string_view body) {
        if (status == 201) jobs.push_back(nlohmann::json::parse(body).at("id"));
      });
  if (submitted.failed > 0) throw std::runtime_error("not accepted: " + submitted.first_failure);
  std::this_thread::sleep_for(patience);

  std::vector<double> waits;
  std::size_t not_yet = 0;
  for (std::string const& id : jobs) {
    tests::Reply const reply = client.get("/v1/jobs/" + id);
    if (reply.status != 200) throw std::runtime_error("GET job: " + std::to_string(reply.status));
    if (auto const wait = dispatch_wait_s(reply.body)) {
      waits.push_back(*wait);
    } else {
      ++not_yet;
    }
  }
  std::ranges::sort(waits);
  fmt::print("{} jobs at {:.0f}/s: accepted p50 {:.1f} ms, p99 {:.1f} ms\n", jobs.size(), per_second, quantile(submitted.latencies_ms, 0.5),
             quantile(submitted.latencies_ms, 0.99));
  fmt::print("acceptance to dispatch: p50 {:.2f} s, p99 {:.2f} s, longest {:.2f} s (aim: p99 10 s); not dispatched after {} s: {}\n",
             quantile(waits, 0.5), quantile(waits, 0.99), waits.empty() ? 0 : waits.back(), patience.count(), not_yet);
  fmt::print(
      "one handler held the loop at most {:.1f} ms of CPU, {:.1f} ms by the wall clock (aim: 5 ms); {:.0f} took more than 5 ms of CPU\n",
      1e3 * federation.metric("sluice_loop_longest_hold_seconds{clock=\"cpu\"}"),
      1e3 * federation.metric("sluice_loop_longest_hold_seconds{clock=\"wall\"}"), federation.metric("sluice_loop_held_too_long"));
  fmt::print("rounds decided: {:.0f}; {}\n", federation.metric("sluice_rounds_decided"), machine());
  federation.stop();
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a long run shows what it knows, into a file too
  try {
    fmt::print("{}\n", machine());
    measure(argc > 1 ? argv[1] : ".", argc > 2 ? std::atof(argv[2]) : 60, argc > 3 ? std::atof(argv[3]) : 50);
  } catch (std::exception const& error) {
    fmt::print(stderr, "bench_dispatch: {}\n", error.what());
    return 1;
  }
  return 0;
}
