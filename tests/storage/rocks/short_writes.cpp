// Preloaded into a process: every write to a regular file takes only a part of what it is given, as a kernel is free to do.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>

namespace {

std::atomic<std::uint64_t> cut = 0;

// At least one byte; the part is drawn by the number of the call.
std::size_t part_of(int fd, std::size_t bytes) {
  struct stat status{};
  if (bytes < 2 || ::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return bytes;
  std::uint64_t const drawn = (cut++ + 1) * 0x9E3779B97F4A7C15u;
  return 1 + static_cast<std::size_t>(drawn >> 16) % (bytes - 1);
}

template <class Function>
Function* real(char const* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

struct Report {
  ~Report() { std::printf("writes cut short: %llu\n", static_cast<unsigned long long>(cut.load())); }
} const report;

}  // namespace

extern "C" {
ssize_t write(int fd, void const* data, std::size_t bytes) {
  static auto* const system = real<ssize_t(int, void const*, std::size_t)>("write");
  return system(fd, data, part_of(fd, bytes));
}
ssize_t pwrite(int fd, void const* data, std::size_t bytes, off_t offset) {
  static auto* const system = real<ssize_t(int, void const*, std::size_t, off_t)>("pwrite");
  return system(fd, data, part_of(fd, bytes), offset);
}
ssize_t pwrite64(int fd, void const* data, std::size_t bytes, off64_t offset) {
  static auto* const system = real<ssize_t(int, void const*, std::size_t, off64_t)>("pwrite64");
  return system(fd, data, part_of(fd, bytes), offset);
}
}
