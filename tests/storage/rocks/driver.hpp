// Runs the ledger driver, reads its acknowledgements, kills it when asked.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::test {

struct DriverRun {
  std::string output;
  int exit_code = -1;  ///< -1: ended by a signal
  int signal = 0;
  /// The size acknowledged last; 0: none.
  std::uint64_t acked() const {
    std::size_t const last = output.rfind("acked ");
    return last == std::string::npos ? 0 : std::stoull(output.substr(last + 6));
  }
  /// All "SIZE ROOT" that were acknowledged, one a line; a line cut short by the end of the process is left out.
  std::string roots() const {
    std::string found;
    for (std::size_t at = 0, end = 0; (end = output.find('\n', at)) != std::string::npos; at = end + 1) {
      if (output.compare(at, 6, "acked ") == 0) found += output.substr(at + 6, end + 1 - at - 6);
    }
    return found;
  }
};

/// Runs `arguments` (a program and its arguments). Once `kill_after` lines were read it is killed with SIGKILL; 0: never.
inline DriverRun run_driver(std::vector<std::string> const& arguments, std::size_t kill_after = 0) {
  DriverRun run;
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return run;
  std::vector<char*> argv;
  for (std::string const& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t const child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    int const null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  char buffer[4096];
  std::size_t lines = 0;
  for (ssize_t n = 0; (n = ::read(pipe[0], buffer, sizeof buffer)) > 0;) {
    run.output.append(buffer, static_cast<std::size_t>(n));
    for (ssize_t i = 0; i < n; ++i) lines += buffer[i] == '\n' ? 1 : 0;
    if (kill_after != 0 && lines >= kill_after) ::kill(child, SIGKILL);
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) run.signal = WTERMSIG(status);
  return run;
}

inline std::vector<std::string> append_command(std::string const& directory, std::uint64_t groups, std::uint64_t entries,
                                               std::string const& run = "") {
  return {SLUICE_LEDGER_DRIVER, "append", directory, std::to_string(groups), std::to_string(entries), run};
}

/// `roots_file`: all roots that were acknowledged, as DriverRun::roots() gives them; empty: not compared.
inline DriverRun verify_with_driver(std::string const& directory, std::uint64_t acked, std::string const& roots_file = "") {
  return run_driver({SLUICE_LEDGER_DRIVER, "verify", directory, std::to_string(acked), roots_file});
}

}  // namespace sluice::test
