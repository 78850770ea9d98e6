#include "storage/rocks/disk_space.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sluice::rocks {

std::expected<FreeSpace, std::string> free_space(std::string const& path) {
  struct statvfs status{};
  int result = 0;
  do {
    result = ::statvfs(path.c_str(), &status);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return std::unexpected(fmt::format("statvfs {}: {}", path, std::strerror(errno)));
  return FreeSpace{std::uint64_t{status.f_bavail} * status.f_frsize, std::uint64_t{status.f_blocks} * status.f_frsize};
}

std::optional<std::string> too_little_room_to_open(std::string const& directory, std::string const& database, std::string const& ballast) {
  constexpr std::uint64_t own_files = 8u << 20;  // a new MANIFEST, OPTIONS, LOG and log file, and some air
  auto const space = free_space(directory);
  if (!space) return space.error();
  std::uint64_t wanted = own_files;
  std::error_code problem;
  for (std::filesystem::directory_iterator file(database, problem), end; !problem && file != end; file.increment(problem)) {
    std::error_code vanished;
    if (file->path().extension() == ".log") wanted += file->file_size(vanished);
  }
  if (space->available_bytes >= wanted) return std::nullopt;
  bool const ballast_there = std::filesystem::exists(ballast, problem);
  return fmt::format("{}: {} bytes free, opening the database takes up to {}; make room{}", directory, space->available_bytes, wanted,
                     ballast_there ? ", for a start by deleting " + ballast : std::string());
}

std::expected<bool, std::string> place_ballast(std::string const& path, std::uint64_t bytes, std::uint64_t keep_free_bytes) {
  struct stat status{};
  bool const there = ::stat(path.c_str(), &status) == 0;
  if (there && bytes > 0 && static_cast<std::uint64_t>(status.st_size) == bytes) return true;
  if (auto released = release_ballast(path); !released) return std::unexpected(released.error());
  if (bytes == 0) return false;
  std::size_t const slash = path.rfind('/');
  auto const space = free_space(slash == std::string::npos ? "." : path.substr(0, slash + 1));
  if (!space) return std::unexpected(space.error());
  if (space->available_bytes < keep_free_bytes || space->available_bytes - keep_free_bytes < bytes) return false;
  int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(fmt::format("create ballast {}: {}", path, std::strerror(errno)));
  int const error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  ::close(fd);
  if (error == 0) return true;
  ::unlink(path.c_str());
  if (error == ENOSPC) return false;
  return std::unexpected(fmt::format("allocate ballast {}: {}", path, std::strerror(error)));
}

std::expected<void, std::string> release_ballast(std::string const& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return std::unexpected(fmt::format("delete ballast {}: {}", path, std::strerror(errno)));
  return {};
}

}  // namespace sluice::rocks
