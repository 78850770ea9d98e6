// A directory that is gone when the test is.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sluice::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory(std::filesystem::temp_directory_path()) {}
  /// In memory where the system has such a place: for tests that reopen a ledger many times and end processes, not machines.
  static TemporaryDirectory in_memory() {
    std::error_code problem;
    bool const there = std::filesystem::is_directory("/dev/shm", problem) && ::access("/dev/shm", W_OK) == 0;
    return TemporaryDirectory(there ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path());
  }
  explicit TemporaryDirectory(std::filesystem::path const& parent) {
    std::string pattern = (parent / "sluice-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  std::string const& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice::test
