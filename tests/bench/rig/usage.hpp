// What a process has used, read from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace sluice::bench {

/// CPU seconds (user and system) of a process by thread name, threads of one name together. Differences count; a thread that has ended is
/// missing from its name but not from `whole`.
struct CpuUse {
  double whole = 0;
  std::map<std::string, double> threads;

  double of(std::string const& thread) const;
};
CpuUse cpu_use(pid_t pid);
CpuUse operator-(CpuUse const& later, CpuUse const& earlier);

/// Resident memory in bytes, now.
std::uint64_t resident_bytes(pid_t pid);

/// "Linux 6.1, 2 CPUs (model), load 3.1": what every report begins with.
std::string machine();

}  // namespace sluice::bench
