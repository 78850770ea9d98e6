#include "storage/log/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace sluice::log {
namespace {

// An open descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  int get() const { return fd_; }
  /// close() reports late write errors on some file systems.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

std::unexpected<std::string> failed(char const* step, std::string const& path) {
  return std::unexpected(fmt::format("{} {}: {}", step, path, std::strerror(errno)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

std::expected<std::optional<std::string>, std::string> read_file(std::string const& path, std::size_t max_bytes) {
  Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return failed("open", path);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed("stat", path);
  if (!S_ISREG(status.st_mode)) return std::unexpected(path + ": not a regular file");
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(status.st_size) <= max_bytes ? static_cast<std::size_t>(status.st_size) + 1 : 0);
  if (bytes.empty()) return std::unexpected(fmt::format("{}: {} bytes, at most {} belong there", path, status.st_size, max_bytes));
  std::size_t used = 0;
  while (true) {  // one byte beyond the size tells a file that grew meanwhile
    ssize_t const n = ::read(file.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", path);
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
    if (used == bytes.size()) return std::unexpected(path + ": it grew while being read");
  }
  bytes.resize(used);
  return bytes;
}

std::expected<void, std::string> write_file(std::string const& path, std::string_view bytes, Durability durability, mode_t mode) {
  std::string const temporary = path + ".tmp";
  {
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file.get() < 0) return failed("create", temporary);
    char const* step = nullptr;
    if (!write_all(file.get(), bytes)) {
      step = "write";
    } else if (durability == Durability::synced && ::fdatasync(file.get()) != 0) {
      step = "sync";
    } else if (!file.close()) {
      step = "close";
    }
    if (step != nullptr) {
      auto error = failed(step, temporary);
      ::unlink(temporary.c_str());
      return error;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    auto error = failed("rename to", path);
    ::unlink(temporary.c_str());
    return error;
  }
  if (durability == Durability::renamed) return {};
  std::size_t const slash = path.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
}

std::expected<void, std::string> sync_directory(std::string const& path) {
  Descriptor const directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return failed("open", path);
  if (::fsync(directory.get()) != 0) return failed("sync", path);
  return {};
}

}  // namespace sluice::log
