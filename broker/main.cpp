// sluiced: the broker's daemon.
#include "broker/credentials.hpp"
#include "broker/daemon.hpp"
#include "config/effective.hpp"
#include "config/load.hpp"
#include "storage/rocks/rocks_ledger.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace {

int check(std::string const& directory, std::string const& scenario) {
  auto const report = sluice::config::check_config(directory, {.scenario = scenario});
  std::fputs(sluice::config::to_text(report).c_str(), stdout);
  return report.ok() ? sluice::broker::exit_ok : sluice::broker::exit_config;
}

/// What the daemon is configured as, and where its keys lie; nullopt after telling what is wrong.
std::optional<std::pair<sluice::config::DaemonConfig, std::string>> configured(std::string const& directory) {
  auto loaded = sluice::config::load(directory, {});
  if (!loaded.configuration) {
    std::fputs(sluice::config::to_text(loaded.report).c_str(), stderr);
    return std::nullopt;
  }
  auto& daemon = loaded.configuration->daemon;
  char const* given = std::getenv("CREDENTIALS_DIRECTORY");
  std::string const folder = !daemon.keys.directory.empty() ? daemon.keys.directory : given != nullptr ? given : "";
  if (folder.empty()) {
    std::fputs("no folder for the keys: set keys.directory in sluice.toml, or CREDENTIALS_DIRECTORY\n", stderr);
    return std::nullopt;
  }
  return std::pair{std::move(daemon), folder};
}

int rewrap_keys(std::string const& directory, std::string const& next_file) {
  auto const found = configured(directory);
  if (!found) return sluice::broker::exit_config;
  auto const& [daemon, folder] = *found;
  std::string const current_file = folder + '/' + daemon.keys.master_key;
  auto const current = sluice::broker::read_master_key(current_file);
  auto const next = sluice::broker::read_master_key(next_file);
  for (auto const* key : {&current, &next}) {
    if (*key) continue;
    std::fprintf(stderr, "%s\n", key->error().c_str());
    return sluice::broker::exit_config;
  }
  sluice::rocks::Options options;
  options.directory = daemon.storage.data_directory;
  options.keys_directory = daemon.storage.tenant_key_directory;
  auto const rewrapped = sluice::rocks::RocksLedger::rewrap_keys(options, *current, *next);
  if (!rewrapped) {
    std::fprintf(stderr, "%s\n", rewrapped.error().message.c_str());
    return sluice::broker::exit_storage;
  }
  std::printf("%zu keys are sealed under %s now; put it in place of %s before the next start, and destroy the old one\n", *rewrapped,
              next_file.c_str(), current_file.c_str());
  return sluice::broker::exit_ok;
}

int create_keys(std::string const& directory) {
  auto const found = configured(directory);
  if (!found) return sluice::broker::exit_config;
  auto const& [daemon, folder] = *found;
  auto const made = sluice::broker::create_own_keys(folder, daemon.keys.log_signing_key, daemon.keys.master_key, daemon.log.origin);
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().c_str());
    return sluice::broker::exit_config;
  }
  std::printf("created %s/%s and %s/%s; back both up apart from the data: without them the ledger cannot be opened\n", folder.c_str(),
              daemon.keys.log_signing_key.c_str(), folder.c_str(), daemon.keys.master_key.c_str());
  return sluice::broker::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"sluiced: brokers compute jobs to regional clusters and records every decision in a verifiable log."};
  app.footer(
      "Examples:\n"
      "  sluiced --config /etc/sluice --check-config   report every error of the files, change nothing\n"
      "  sluiced --config /etc/sluice --create-keys    once, before the first start\n"
      "  sluiced --config /etc/sluice                  run until SIGTERM; SIGHUP reads the files again");
  sluice::broker::DaemonOptions options;
  std::string directory = options.config_directory;
  bool check_only = false;
  bool keys_only = false;
  std::string next_master_key;
  app.add_option("--config", directory, "folder with sluice.toml, clusters/, programmes/ (or that sluice.toml)")->capture_default_str();
  app.add_option("--scenario", options.scenario, "id of a file of scenarios/ to lay over the catalogue");
  app.add_option("--ready-file", options.print_ready, "write address and port here once ready");
  auto* check_flag = app.add_flag("--check-config", check_only, "check the files and exit: 0 good, 78 not");
  auto* create_flag = app.add_flag("--create-keys", keys_only, "create the log's signing key and the master key")->excludes(check_flag);
  app.add_option("--rewrap-keys", next_master_key,
                 "a stopped daemon's tenants' keys: seal them under the master key in this file, and exit")
      ->excludes(check_flag)
      ->excludes(create_flag);
  app.add_flag("--adopt-without-mark", options.adopt_without_mark,
               "repair: open a ledger whose high-water mark is lost; entries it may lack are not noticed");
  app.add_flag("--adopt-without-keys", options.adopt_without_keys,
               "repair: open a ledger whose tenants' keys are lost; what tenants gave in confidence stays shut for good");
  app.set_version_flag("--version", SLUICE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    int const code = app.exit(error);
    return code == 0 ? sluice::broker::exit_ok : sluice::broker::exit_usage;
  }
  if (std::filesystem::is_regular_file(directory)) directory = std::filesystem::path(directory).parent_path().string();
  options.config_directory = directory;
  if (check_only) return check(directory, options.scenario);
  if (keys_only) return create_keys(directory);
  if (!next_master_key.empty()) return rewrap_keys(directory, next_master_key);
  return sluice::broker::run_daemon(options);
}
