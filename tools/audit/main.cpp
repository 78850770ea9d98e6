// sluice-audit: checks an exported log without trusting anyone who wrote it.
#include "storage/log/file.hpp"
#include "tools/audit/receipt.hpp"
#include "tools/audit/replay.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

namespace {

constexpr std::size_t key_file_bytes_max = 4'096;
constexpr int exit_usage = 64;
constexpr int exit_internal = 70;

/// The key itself, or the first line of the file it names.
std::string key_text(std::string const& given) {
  auto const file = sluice::log::read_file(given, key_file_bytes_max);
  if (!file || !*file) return given;
  return (*file)->substr(0, (*file)->find('\n'));
}

int report_receipt(std::string const& file, sluice::log::NoteVerifier const& key, sluice::log::TreeSource* tree, bool json) {
  auto const text = sluice::log::read_file(file, sluice::log::tlog_proof_bytes_max);
  if (!text || !*text) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), text ? "there is no such file" : text.error().c_str());
    return static_cast<int>(sluice::audit::Class::incomplete);
  }
  sluice::audit::ReceiptReport const report = sluice::audit::check_receipt(**text, key, tree);
  std::fputs((json ? sluice::audit::to_json(report) : sluice::audit::to_text(report)).c_str(), stdout);
  return report.exit_code();
}

int run(int argc, char** argv) {
  CLI::App app{"sluice-audit: verifies and replays an exported log. It needs no daemon, no database and no trust in who wrote it."};
  app.footer(
      "Exit codes: 0 no divergence, 1 tampered, 2 signature, 3 policy, 4 round, 5 draw, 6 incomplete or (--strict) cannot tell,\n"
      "64 usage, 70 this program failed.\n"
      "Examples:\n"
      "  sluicectl log key > log.vkey && sluicectl log export tree\n"
      "  sluice-audit verify --key log.vkey tree      bytes, tiles and signature\n"
      "  sluice-audit replay --key log.vkey tree      the same, and every decision again\n"
      "  sluicectl receipt 48213 > job.tlog-proof && sluice-audit receipt --key log.vkey --tree tree job.tlog-proof");
  app.require_subcommand(1);
  std::string directory;
  std::string key;
  bool json = false;
  bool skip_rounds = false;
  bool strict = false;
  auto const common = [&](CLI::App* command) {
    command->add_option("tree", directory, "folder of the exported log")->required();
    command->add_option("--key", key, "verifier key of the log (name+hash+base64), or a file that holds it")->required();
    command->add_flag("--json", json, "one JSON object instead of text");
    command->add_flag("--strict", strict, "exit with 6 while anything could not be told");
  };
  CLI::App* verify = app.add_subcommand("verify", "bytes against the checkpoint, and its signature");
  common(verify);
  CLI::App* replay = app.add_subcommand("replay", "verify, then state machine, invariants, rounds and digests");
  common(replay);
  replay->add_flag("--skip-rounds", skip_rounds, "do not check the rounds' certificates");
  CLI::App* receipt = app.add_subcommand("receipt", "a job's receipt: that its acceptance is in the log, and in a copy of it");
  std::string receipt_file;
  receipt->add_option("receipt", receipt_file, "the receipt, as sluicectl receipt prints it")->required();
  receipt->add_option("--key", key, "verifier key of the log (name+hash+base64), or a file that holds it")->required();
  receipt->add_option("--tree", directory, "folder of an exported log that must agree with it");
  receipt->add_flag("--json", json, "one JSON object instead of text");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  auto const verifier = sluice::log::NoteVerifier::parse(key_text(key));
  if (!verifier) {
    bool const is_file = std::filesystem::exists(key);
    std::fprintf(stderr, "--key: %s%s\n", is_file ? "in that file, " : "there is no such file, and taken as the key itself, ",
                 verifier.error().c_str());
    return exit_usage;
  }
  sluice::log::DirectorySource source(directory);
  if (receipt->parsed()) return report_receipt(receipt_file, *verifier, directory.empty() ? nullptr : &source, json);
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
  return report.exit_code(strict);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (std::exception const& error) {  // memory at its end, for one: no verdict is better than half of one
    std::fprintf(stderr, "sluice-audit failed and says nothing about the log: %s\n", error.what());
    return exit_internal;
  }
}
