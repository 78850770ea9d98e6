// The daemon as a whole: every part in the order it is built, run until told to stop.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::broker {

struct DaemonOptions {
  std::filesystem::path config_directory = "/etc/sluice";
  std::string scenario;             ///< laid over the catalogue; empty: none
  bool adopt_without_mark = false;  ///< repair: open a ledger whose high-water mark is lost, and trust what it holds
  bool adopt_without_keys = false;  ///< repair: open a ledger whose tenants' keys are lost; what they sealed stays shut
  std::string print_ready;          ///< a file that gets the bound address and port once ready; empty: none. For tests and the demo.
};

/// Exit codes, as the service manager sees them (sysexits where one fits).
enum ExitCode : int {
  exit_ok = 0,
  exit_usage = 64,
  exit_config = 78,    ///< the files or the keys are wrong: nothing was touched
  exit_storage = 74,   ///< the ledger cannot be opened, or a write failed: restart adopts what is on disk
  exit_software = 70,  ///< an invariant broke: restart comes up with dispatch frozen
};

/// Runs until SIGTERM or SIGINT, then drains. Returns an ExitCode.
int run_daemon(DaemonOptions const& options);

}  // namespace sluice::broker
