// fork, redirect, exec; a pseudo-terminal where one is asked for.
#include "tests/tools/ctl/run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sluice::ctl_test {
namespace {

void redirect(std::string const& path, int target, int flags) {
  int const opened = ::open(path.c_str(), flags, 0600);
  if (opened < 0 || ::dup2(opened, target) < 0) ::_exit(126);
  ::close(opened);
}

}  // namespace

Folder::Folder() {
  std::string name = std::filesystem::temp_directory_path() / "sluicectl-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::file(std::string const& name, std::string const& content) const {
  auto const path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path.string();
}

std::string read_file(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Ran run(std::vector<std::string> const& arguments, How const& how) {
  Folder const folder;
  auto const home = folder.path() / "home";
  std::filesystem::create_directory(home);
  auto const input = folder.file("in", how.input);
  auto const out = folder.file("out", "");
  auto const err = folder.file("err", "");

  std::vector<std::string> words = {SLUICECTL_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::map<std::string, std::string> variables = {{"PATH", "/usr/bin:/bin"}, {"HOME", home.string()}, {"LANG", "C.UTF-8"}};
  if (how.terminal) variables["TERM"] = "xterm";
  for (auto const& [name, value] : how.environment) variables[name] = value;
  // Sanitizers are told by the environment where to report.
  for (char const* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (char const* const value = std::getenv(name)) variables[name] = value;
  }
  std::vector<std::string> settings;
  for (auto const& [name, value] : variables) settings.push_back(fmt::format("{}={}", name, value));
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (auto& setting : settings) envp.push_back(setting.data());
  envp.push_back(nullptr);

  Ran ran;
  int master = -1;
  winsize const size{24, 200, 0, 0};
  pid_t const child = how.terminal ? ::forkpty(&master, nullptr, nullptr, &size) : ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    redirect(input, STDIN_FILENO, O_RDONLY);
    if (!how.terminal) {
      redirect(how.output.empty() ? out : how.output, STDOUT_FILENO, O_WRONLY);
      redirect(err, STDERR_FILENO, O_WRONLY);
    }
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  if (how.terminal) {
    std::array<char, 4096> buffer{};
    for (;;) {
      auto const got = ::read(master, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;  // EIO: the other side has closed
      ran.out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(master);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (!how.terminal) {
    ran.out = read_file(out);
    ran.err = read_file(err);
  }
  return ran;
}

}  // namespace sluice::ctl_test
