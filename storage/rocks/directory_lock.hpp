// One process at a time: a lock held while a ledger is open, which the kernel drops with the process.
#pragma once

#include "storage/rocks/rocks_ledger.hpp"

#include <expected>
#include <string>

namespace sluice::rocks {

class DirectoryLock {
 public:
  /// Takes the lock at `path`, creating the file; never waits. Error: another process holds it, or the system's reason.
  static std::expected<DirectoryLock, OpenError> take(std::string const& path);
  DirectoryLock(DirectoryLock&& other) noexcept;
  ~DirectoryLock();
  DirectoryLock(DirectoryLock const&) = delete;
  DirectoryLock& operator=(DirectoryLock const&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace sluice::rocks
