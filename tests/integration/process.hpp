// A program of ours as a child process: started, heard, signalled, waited for.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tests {

/// Kills its child when destroyed. Standard error goes to a file, so that a failing test can show it.
class Process {
 public:
  struct Options {
    std::vector<std::string> arguments;    ///< the program first
    std::filesystem::path errors;          ///< where standard error goes
    std::vector<std::string> environment;  ///< "NAME=value", added to ours
    bool listens = false;                  ///< its standard output is read with read_line()
  };
  explicit Process(Options const& options);
  ~Process();
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  /// One line of standard output without its end; nullopt when the program has closed it.
  std::optional<std::string> read_line();
  void signal(int number);
  /// Waits for the end: the exit code, or minus the signal that killed it.
  int wait();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

/// Runs to the end and gives exit code and standard output.
struct Finished {
  int code = 0;
  std::string output;
};
Finished run(std::vector<std::string> const& arguments, std::filesystem::path const& errors);

/// Receives sd_notify(3) messages: how a test learns that the daemon is ready, without asking again and again.
class NotifySocket {
 public:
  explicit NotifySocket(std::filesystem::path const& path);
  ~NotifySocket();
  NotifySocket(NotifySocket const&) = delete;
  NotifySocket& operator=(NotifySocket const&) = delete;

  /// Blocks until a message holds READY=1; false when `process` ended first, or after 120 s.
  bool wait_until_ready(Process& process);
  std::string environment() const { return "NOTIFY_SOCKET=" + path_.string(); }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// A folder of the test's own, removed at the end unless the test failed.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::tests
