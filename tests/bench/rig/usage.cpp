// /proc/PID/task/TID/{comm,schedstat}: nanoseconds where the kernel keeps them, not the 10 ms ticks of stat.
#include "tests/bench/rig/usage.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::bench {
namespace {

namespace fs = std::filesystem;

std::string first_line(fs::path const& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The line's value behind `key`, blanks dropped.
std::string value_of(fs::path const& path, std::string const& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    auto const at = line.find_first_not_of(" \t:", key.size());
    return at == std::string::npos ? std::string() : line.substr(at);
  }
  return {};
}

}  // namespace

double CpuUse::of(std::string const& thread) const {
  auto const it = threads.find(thread);
  return it == threads.end() ? 0 : it->second;
}

CpuUse cpu_use(pid_t pid) {
  CpuUse use;
  fs::path const process = fs::path("/proc") / std::to_string(pid);
  // Fields 14 and 15 behind the name, which may hold blanks.
  std::string const stat = first_line(process / "stat");
  auto const name_end = stat.rfind(')');
  if (name_end == std::string::npos) throw std::runtime_error("no process " + std::to_string(pid));
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  use.whole = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  for (auto const& task : fs::directory_iterator(process / "task")) {
    std::string const on_cpu = first_line(task.path() / "schedstat");
    use.threads[first_line(task.path() / "comm")] += std::strtod(on_cpu.c_str(), nullptr) * 1e-9;
  }
  return use;
}

CpuUse operator-(CpuUse const& later, CpuUse const& earlier) {
  CpuUse difference{later.whole - earlier.whole, {}};
  for (auto const& [name, seconds] : later.threads) difference.threads[name] = seconds - earlier.of(name);
  return difference;
}

std::uint64_t resident_bytes(pid_t pid) {
  std::string const kib = value_of(fs::path("/proc") / std::to_string(pid) / "status", "VmRSS");
  return std::strtoull(kib.c_str(), nullptr, 10) << 10;
}

std::string machine() {
  utsname system{};
  ::uname(&system);
  return fmt::format("{} {}, {} CPUs ({}), load {}", system.sysname, system.release, ::sysconf(_SC_NPROCESSORS_ONLN),
                     value_of("/proc/cpuinfo", "model name"), first_line("/proc/loadavg"));
}

}  // namespace sluice::bench
