#include "tests/integration/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace sluice::tests {
namespace {

[[noreturn]] void die(std::string const& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

}  // namespace

Process::Process(Options const& options) {
  std::array<int, 2> ends{-1, -1};
  if (options.listens && ::pipe2(ends.data(), O_CLOEXEC) != 0) die("pipe");
  std::vector<char*> arguments;
  for (std::string const& argument : options.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) die("fork");
  if (pid_ == 0) {
    int const errors = ::open(options.errors.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int const nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(options.listens ? ends[1] : nothing, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    for (std::string const& variable : options.environment) ::putenv(const_cast<char*>(variable.c_str()));
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  if (options.listens) {
    ::close(ends[1]);
    output_ = ends[0];
  }
}

Process::~Process() {
  if (pid_ > 0) {
    signal(SIGKILL);
    wait();
  }
  if (output_ >= 0) ::close(output_);
}

std::optional<std::string> Process::read_line() {
  while (true) {
    if (auto const end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> piece{};
    ssize_t const got = ::read(output_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

void Process::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

int Process::wait() {
  if (pid_ <= 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Finished run(std::vector<std::string> const& arguments, std::filesystem::path const& errors) {
  Process process({.arguments = arguments, .errors = errors, .environment = {}, .listens = true});
  Finished finished;
  while (auto const line = process.read_line()) finished.output += *line + '\n';
  finished.code = process.wait();
  return finished;
}

NotifySocket::NotifySocket(std::filesystem::path const& path) : path_(path) {
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) die("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.string().size() >= sizeof address.sun_path) throw std::runtime_error("path too long for a socket: " + path_.string());
  std::strcpy(address.sun_path, path_.c_str());
  ::unlink(path_.c_str());
  if (::bind(fd_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) die("bind");
}

NotifySocket::~NotifySocket() {
  ::close(fd_);
  ::unlink(path_.c_str());
}

bool NotifySocket::wait_until_ready(Process& process) {
  for (int second = 0; second < 120; ++second) {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, 1'000) > 0) {
      std::array<char, 4096> message{};
      ssize_t const got = ::recv(fd_, message.data(), message.size() - 1, 0);
      if (got > 0 && std::strstr(message.data(), "READY=1") != nullptr) return true;
      continue;
    }
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(process.pid()), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0) return false;
  }
  return false;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) die("mkdtemp");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  if (testing::Test::HasFailure()) return;  // what is left there explains the failure
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sluice::tests
