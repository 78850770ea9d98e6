#include "storage/rocks/directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::rocks {

std::expected<DirectoryLock, OpenError> DirectoryLock::take(std::string const& path) {
  DirectoryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd_ >= 0 && ::flock(lock.fd_, LOCK_EX | LOCK_NB) == 0) return lock;
  if (lock.fd_ >= 0 && errno == EWOULDBLOCK) {
    return std::unexpected(
        OpenError{OpenError::Kind::locked, path + ": another process has this ledger open; stop it, or choose another directory"});
  }
  return std::unexpected(OpenError{OpenError::Kind::io, fmt::format("lock {}: {}; the directory must be writable, and belong to the user "
                                                                    "this process runs as",
                                                                    path, std::strerror(errno))});
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace sluice::rocks
