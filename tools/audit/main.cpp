// sluice-audit: checks an exported log without trusting anyone who wrote it.
#include "tools/audit/replay.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

/// The key itself, or the first line of the file it names.
std::string key_text(std::string const& given) {
  std::ifstream file(given);
  if (!file) return given;
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"sluice-audit: verifies and replays an exported log. It needs no daemon, no database and no trust in who wrote it."};
  app.footer(
      "Exit codes: 0 clean, 1 tampered, 2 signature, 3 policy, 4 round, 5 draw, 6 incomplete or cannot tell, 64 usage.\n"
      "Examples:\n"
      "  sluicectl log key > log.vkey && sluicectl log export tree\n"
      "  sluice-audit verify --key log.vkey tree      bytes, tiles and signature\n"
      "  sluice-audit replay --key log.vkey tree      the same, and every decision again");
  app.require_subcommand(1);
  std::string directory;
  std::string key;
  bool json = false;
  bool skip_rounds = false;
  auto const common = [&](CLI::App* command) {
    command->add_option("tree", directory, "folder of the exported log")->required();
    command->add_option("--key", key, "verifier key of the log (name+hash+base64), or a file that holds it")->required();
    command->add_flag("--json", json, "one JSON object instead of text");
  };
  CLI::App* verify = app.add_subcommand("verify", "bytes against the checkpoint, and its signature");
  common(verify);
  CLI::App* replay = app.add_subcommand("replay", "verify, then state machine, invariants, rounds and digests");
  common(replay);
  replay->add_flag("--skip-rounds", skip_rounds, "do not check the rounds' certificates");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  auto const verifier = sluice::log::NoteVerifier::parse(key_text(key));
  if (!verifier) {
    std::fprintf(stderr, "--key: %s\n", verifier.error().c_str());
    return 64;
  }
  sluice::log::DirectorySource source(directory);
  sluice::audit::ReplayOptions options;
  options.apply = replay->parsed();
  options.rounds = !skip_rounds;
  bool const show = isatty(STDERR_FILENO) != 0;
  auto const progress = [show](std::uint64_t done, std::uint64_t size) {
    if (show)
      std::fprintf(stderr, "\r%llu of %llu entries (%llu %%)", static_cast<unsigned long long>(done), static_cast<unsigned long long>(size),
                   static_cast<unsigned long long>(size == 0 ? 100 : done * 100 / size));
  };
  sluice::audit::Report const report = sluice::audit::replay(source, *verifier, options, progress);
  if (show) std::fputs("\r\033[K", stderr);
  std::fputs((json ? sluice::audit::to_json(report) : sluice::audit::to_text(report)).c_str(), stdout);
  return report.exit_code();
}
