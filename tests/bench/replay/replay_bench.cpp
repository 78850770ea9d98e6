// How fast an auditor replays a log, in CPU time of one core; round certificates are not counted.
//
//   bench_replay [ENTRIES] [REPETITIONS]
#include "storage/log/tree_export.hpp"
#include "tests/bench/replay/busy_log.hpp"
#include "tests/bench/rig/federation.hpp"
#include "tests/bench/rig/load.hpp"
#include "tests/bench/rig/usage.hpp"
#include "tools/audit/replay.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::bench;

double cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Entries a second of one core; `apply` false: bytes, hashes and signature only.
double rate(std::filesystem::path const& tree, log::NoteVerifier const& key, bool apply) {
  log::DirectorySource files(tree);
  double const start = cpu_s();
  audit::Report const report = audit::replay(files, key, {.apply = apply, .rounds = false});
  double const used = cpu_s() - start;
  if (report.finding) throw std::runtime_error(audit::to_text(report));
  return static_cast<double>(report.figures.entries) / used;
}

void measure(std::uint64_t entries, int repetitions) {
  BusyLog log;
  log.grow_to(entries);
  ScratchFolder const folder(std::filesystem::temp_directory_path());
  if (auto exported = log::export_tree(log.ledger(), folder.path() / "tree"); !exported) throw std::runtime_error(exported.error());
  log::NoteVerifier const key = log.ledger().signer().verifier();
  std::vector<double> bytes_only, whole;
  for (int i = 0; i < repetitions; ++i) {
    bytes_only.push_back(rate(folder.path() / "tree", key, false));
    whole.push_back(rate(folder.path() / "tree", key, true));
  }
  double const in_300 = log.mean_entry_bytes() / 300;
  fmt::print(
      "{} entries of {:.0f} B on average: replay {:.0f} entries/s and core = {:.0f} of 300 B (aim: 200,000); without the state machine "
      "{:.0f}\n",
      log.ledger().size(), log.mean_entry_bytes(), median(whole), median(whole) * in_300, median(bytes_only));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    fmt::print("{}\n", machine());
    measure(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 300'000, argc > 2 ? std::atoi(argv[2]) : 5);
  } catch (std::exception const& error) {
    fmt::print(stderr, "bench_replay: {}\n", error.what());
    return 1;
  }
  return 0;
}
