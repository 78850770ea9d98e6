#include "storage/rocks/manifest_watch.hpp"

#include "storage/log/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace sluice::rocks {
namespace {

// CURRENT holds "MANIFEST-000123\n".
std::expected<std::uint64_t, std::string> current_manifest(std::string const& directory) {
  auto const current = log::read_file(directory + "/CURRENT", 4096);
  if (!current) return std::unexpected(current.error());
  constexpr std::string_view prefix = "MANIFEST-";
  std::uint64_t number = 0;
  if (*current && (*current)->starts_with(prefix) && (*current)->ends_with('\n')) {
    char const* const end = (*current)->data() + (*current)->size() - 1;
    auto const [stop, problem] = std::from_chars((*current)->data() + prefix.size(), end, number);
    if (problem == std::errc{} && stop == end) return number;
  }
  return std::unexpected(fmt::format("{}/CURRENT is missing or names no MANIFEST", directory));
}

std::string manifest_path(std::string const& directory, std::uint64_t number) {
  return fmt::format("{}/MANIFEST-{:06}", directory, number);
}

// SHA-256 of the first `bytes` bytes, in bounded memory.
std::expected<policy::Hash, std::string> hash_prefix(int fd, std::uint64_t bytes, std::string const& name) {
  policy::Sha256 hasher;
  std::array<char, 65'536> buffer;
  for (std::uint64_t done = 0; done < bytes;) {
    ssize_t const n = ::pread(fd, buffer.data(), std::min<std::uint64_t>(buffer.size(), bytes - done), static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::unexpected(fmt::format("{}: {} at byte {}", name, n < 0 ? std::strerror(errno) : "it ends", done));
    hasher.update(std::string_view(buffer.data(), static_cast<std::size_t>(n)));
    done += static_cast<std::uint64_t>(n);
  }
  return hasher.finish();
}

}  // namespace

std::expected<void, std::string> check_manifest(std::string const& directory, ManifestPoint const& point) {
  if (point.number == 0) return {};
  auto const number = current_manifest(directory);
  if (!number) return std::unexpected(number.error());
  if (*number > point.number) return {};
  std::string const path = manifest_path(directory, *number);
  if (*number < point.number) {
    return std::unexpected(fmt::format("{}/CURRENT names {}, MANIFEST-{:06} was in use already: an older version was put back", directory,
                                       path, point.number));
  }
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  auto const hash = hash_prefix(fd, point.bytes, path);
  ::close(fd);
  if (!hash) return std::unexpected(fmt::format("{}; it had {} bytes", hash.error(), point.bytes));
  if (*hash != point.hash) return std::unexpected(fmt::format("{}: its first {} bytes have changed", path, point.bytes));
  return {};
}

ManifestWatch::ManifestWatch(ManifestWatch&& other) noexcept
    : directory_(std::move(other.directory_)), fd_(std::exchange(other.fd_, -1)), point_(other.point_) {}
ManifestWatch::~ManifestWatch() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<void, std::string> ManifestWatch::reopen() {
  auto const number = current_manifest(directory_);
  if (!number) return std::unexpected(number.error());
  if (fd_ >= 0) ::close(fd_);
  std::string const path = manifest_path(directory_, *number);
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  point_ = {*number, 0, {}};
  return {};
}

std::expected<ManifestPoint, std::string> ManifestWatch::observe() {
  struct stat status{};
  bool const stale = fd_ < 0 || ::fstat(fd_, &status) != 0 || status.st_nlink == 0;  // RocksDB replaces a MANIFEST that grew huge
  if (stale) {
    if (auto opened = reopen(); !opened) return std::unexpected(opened.error());
    if (::fstat(fd_, &status) != 0) return std::unexpected(fmt::format("{}: MANIFEST: {}", directory_, std::strerror(errno)));
  }
  auto const bytes = static_cast<std::uint64_t>(status.st_size);
  if (bytes == point_.bytes) return point_;
  if (::fdatasync(fd_) != 0) return std::unexpected(fmt::format("{}: sync MANIFEST: {}", directory_, std::strerror(errno)));
  auto const hash = hash_prefix(fd_, bytes, directory_ + ": MANIFEST");
  if (!hash) return std::unexpected(hash.error());
  point_.bytes = bytes;
  point_.hash = *hash;
  return point_;
}

}  // namespace sluice::rocks
