// posix_spawnp with a pipe.
#include "tools/ctl/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace sluice::ctl {
namespace {

constexpr std::size_t output_bytes_max = 65'536;

}  // namespace

std::expected<CommandResult, std::string> run_command(std::vector<std::string> words) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return std::unexpected(fmt::format("no pipe: {}", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
  std::vector<char*> arguments;
  for (auto& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  int const error = ::posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  if (error != 0) {
    ::close(pipe[0]);
    return std::unexpected(fmt::format("{} could not be started: {}", words.front(), std::strerror(error)));
  }
  CommandResult result;
  std::array<char, 4096> buffer{};
  for (;;) {
    auto const got = ::read(pipe[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    // What is too much is read all the same, so that the program does not block on a full pipe.
    auto const room = output_bytes_max - result.output.size();
    result.output.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  }
  ::close(pipe[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  while (result.output.ends_with('\n')) result.output.pop_back();
  return result;
}

}  // namespace sluice::ctl
