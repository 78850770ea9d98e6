// Durable submission beside a stub, interleaved in one run, medians.
//
//   bench_submission [DIRECTORY] [REPETITIONS] [SECONDS]     ledgers go to DIRECTORY (default: the current one): choose the disk to measure
#include "tests/bench/rig/federation.hpp"
#include "tests/bench/rig/load.hpp"
#include "tests/bench/rig/usage.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr std::size_t tenants = 40;
constexpr std::size_t body_bytes = 500;

/// One server under the load: a tenant for every `tenants`-th connection, numbers that never come twice.
class Submitter {
 public:
  Submitter(std::uint16_t port, pid_t pid, std::vector<std::string> const& tokens) : port_(port), pid_(pid) {
    std::string const body = job_body(body_bytes);
    for (std::string const& token : tokens) texts_.emplace_back(token, body);
  }

  struct Run {
    LoadResult load;
    CpuUse cpu;
    double us_per_request(double cpu_s) const { return cpu_s * 1e6 / static_cast<double>(load.answered); }
  };

  Run run(std::size_t connections, double seconds) {
    CpuUse before;
    CpuUse after;
    Run run;
    run.load = bench::load(
        {.port = port_, .connections = connections, .measured_s = seconds, .first = next_, .last = {}},
        [this](std::uint64_t n, std::size_t connection) { return texts_[connection % texts_.size()](n); }, [&] { before = cpu_use(pid_); },
        [&] { after = cpu_use(pid_); });
    next_ = run.load.next;
    run.cpu = after - before;
    if (run.load.failed > 0)
      throw std::runtime_error(fmt::format("{} of the answers were no 201; the first: {}", run.load.failed, run.load.first_failure));
    return run;
  }

 private:
  std::uint16_t const port_;
  pid_t const pid_;
  std::vector<Submissions> texts_;
  std::uint64_t next_ = 1;
};

/// What one server did, repetition by repetition.
struct Figures {
  std::vector<double> per_second, cpu_us, p50_ms, p99_ms;
  std::map<std::string, std::vector<double>> thread_us;

  /// CPU of the round's solver is not the request's: it is niced, takes what is left, and is told apart.
  void add(Submitter::Run const& run) {
    per_second.push_back(run.load.per_second());
    cpu_us.push_back(run.us_per_request(run.cpu.whole - run.cpu.of("sluice-decide")));
    p50_ms.push_back(quantile(run.load.latencies_ms, 0.50));
    p99_ms.push_back(quantile(run.load.latencies_ms, 0.99));
    for (auto const& [name, seconds] : run.cpu.threads) thread_us[name].push_back(run.us_per_request(seconds));
  }

  void print(std::string const& name) const {
    fmt::print("  {:8} {:8.0f} requests/s   CPU {:6.1f} us/request   p50 {:6.2f} ms   p99 {:6.2f} ms\n", name, median(per_second),
               median(cpu_us), median(p50_ms), median(p99_ms));
    fmt::print("           CPU by thread, us/request:");
    for (auto const& [thread, us] : thread_us)
      if (median(us) >= 0.05) fmt::print(" {} {:.1f}", thread, median(us));
    fmt::print("\n");
  }
};

/// Median of the ratios of runs that stood side by side: what disturbed both cancels out.
double median_ratio(std::vector<double> const& ours, std::vector<double> const& theirs) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / theirs[i]);
  return median(ratios);
}

void measure(std::filesystem::path const& parent, int repetitions, double seconds) {
  ScratchFolder const folder(parent);
  Federation federation(folder.path(), {});
  federation.start();
  federation.open_accounts();
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < tenants; ++i) tokens.push_back(federation.add_tenant(fmt::format("tenant-{}", i)));

  tests::Process stub_process({.arguments = {std::string(SLUICE_PROGRAMS) + "/bench_stub", folder.path()},
                               .errors = folder.path() / "stub.log",
                               .environment = {},
                               .listens = true});
  auto const line = stub_process.read_line();
  if (!line) throw std::runtime_error("the stub did not start: see " + (folder.path() / "stub.log").string());
  Submitter stub(static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':') + 1))), stub_process.pid(), tokens);
  Submitter sluiced(federation.port(), federation.pid(), tokens);

  std::map<std::size_t, std::pair<Figures, Figures>> figures;
  std::vector<double> idle_ms_per_s;  ///< what rounds, dispatch and polling take of sluiced while only the stub is asked
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (std::size_t const connections : {64u, 256u}) {
      auto& [of_stub, of_sluiced] = figures[connections];
      CpuUse const before = cpu_use(federation.pid());
      Submitter::Run const of_peer = stub.run(connections, seconds);
      CpuUse const idle = cpu_use(federation.pid()) - before;
      idle_ms_per_s.push_back(1e3 * (idle.whole - idle.of("sluice-decide")) / of_peer.load.seconds);
      of_stub.add(of_peer);
      of_sluiced.add(sluiced.run(connections, seconds));
    }
  }
  for (auto const& [connections, both] : figures) {
    auto const& [of_stub, of_sluiced] = both;
    fmt::print("{} connections\n", connections);
    of_stub.print("stub");
    of_sluiced.print("sluiced");
    fmt::print("  ratios: requests/s {:.2f} (aim 0.5, stretch 0.7)   CPU {:.2f} (aim 2.2)   p50 {:.2f}   p99 {:.2f} (aim 2)\n",
               median_ratio(of_sluiced.per_second, of_stub.per_second), median_ratio(of_sluiced.cpu_us, of_stub.cpu_us),
               median_ratio(of_sluiced.p50_ms, of_stub.p50_ms), median_ratio(of_sluiced.p99_ms, of_stub.p99_ms));
  }
  fmt::print("sluiced without submissions, for rounds, dispatch and polling: {:.0f} ms of CPU a second\n", median(idle_ms_per_s));
  fmt::print("rounds decided meanwhile: {:.0f}; jobs waiting at the end: {:.0f}; {}\n", federation.metric("sluice_rounds_decided"),
             federation.metric("sluice_jobs_waiting"), machine());
  federation.stop();
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a long run shows what it knows, into a file too
  try {
    fmt::print("{}\n", machine());
    measure(argc > 1 ? argv[1] : ".", argc > 2 ? std::atoi(argv[2]) : 5, argc > 3 ? std::atof(argv[3]) : 4);
  } catch (std::exception const& error) {
    fmt::print(stderr, "bench_submission: {}\n", error.what());
    return 1;
  }
  return 0;
}
