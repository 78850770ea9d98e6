// Runs another program and keeps what it prints.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace sluice::ctl {

struct CommandResult {
  int status = 0;      ///< exit status; 128 + signal when it was killed
  std::string output;  ///< standard output and error together, at most 64 KiB
};

/// No shell: words[0] is looked up in PATH. Waits until it has ended. Error: why it could not be started.
std::expected<CommandResult, std::string> run_command(std::vector<std::string> words);

}  // namespace sluice::ctl
