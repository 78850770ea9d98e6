#include "storage/rocks/high_water_mark.hpp"

#include "storage/log/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace sluice::rocks {
namespace {

// Slot: "sluiceHW" ‖ be64 counter ‖ be64 size ‖ root (32) ‖ be64 MANIFEST number ‖ be64 its bytes ‖ their hash (32) ‖ SHA-256 of all
// this, then zeros. One slot a page, so that a torn page never takes both.
constexpr std::string_view mark_magic = "sluiceHW";
constexpr std::size_t slot_bytes = 4096;
constexpr std::size_t body_bytes = 8 + 8 + 8 + 32 + 8 + 8 + 32;
constexpr std::size_t written_bytes = 512;  // a sector: body, hash, zeros

void put_be64(std::string& bytes, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
}
std::uint64_t get_be64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::string encode(std::uint64_t counter, Mark const& mark) {
  std::string bytes(mark_magic);
  put_be64(bytes, counter);
  put_be64(bytes, mark.size);
  bytes.append(reinterpret_cast<char const*>(mark.root.bytes.data()), 32);
  put_be64(bytes, mark.manifest.number);
  put_be64(bytes, mark.manifest.bytes);
  bytes.append(reinterpret_cast<char const*>(mark.manifest.hash.bytes.data()), 32);
  policy::Hash const hash = policy::sha256(bytes);
  bytes.append(reinterpret_cast<char const*>(hash.bytes.data()), 32);
  bytes.resize(written_bytes, '\0');
  return bytes;
}

std::optional<std::pair<std::uint64_t, Mark>> decode(std::string_view slot) {
  if (slot.size() < body_bytes + 32 || !slot.starts_with(mark_magic)) return std::nullopt;
  policy::Hash const hash = policy::sha256(slot.substr(0, body_bytes));
  if (std::memcmp(hash.bytes.data(), slot.data() + body_bytes, 32) != 0) return std::nullopt;
  Mark mark;
  mark.size = get_be64(slot.substr(16));
  std::memcpy(mark.root.bytes.data(), slot.data() + 24, 32);
  mark.manifest.number = get_be64(slot.substr(56));
  mark.manifest.bytes = get_be64(slot.substr(64));
  std::memcpy(mark.manifest.hash.bytes.data(), slot.data() + 72, 32);
  return std::pair{get_be64(slot.substr(8)), mark};
}

}  // namespace

HighWaterMark::HighWaterMark(HighWaterMark&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), mark_(other.mark_), counter_(other.counter_) {}
HighWaterMark& HighWaterMark::operator=(HighWaterMark&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(mark_, other.mark_);
  std::swap(counter_, other.counter_);
  return *this;
}
HighWaterMark::~HighWaterMark() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<std::optional<HighWaterMark>, std::string> HighWaterMark::open(std::string const& path) {
  auto const bytes = log::read_file(path, 2 * slot_bytes);
  if (!bytes) return std::unexpected("high-water mark: " + bytes.error());
  if (!*bytes) return std::nullopt;
  HighWaterMark mark(::open(path.c_str(), O_WRONLY | O_CLOEXEC), path);
  if (mark.fd_ < 0) return std::unexpected(fmt::format("high-water mark: open {}: {}", path, std::strerror(errno)));
  bool whole = false;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    if ((*bytes)->size() < (slot + 1) * slot_bytes) break;
    auto const decoded = decode(std::string_view(**bytes).substr(slot * slot_bytes, slot_bytes));
    if (!decoded || decoded->first % 2 != slot || (whole && decoded->first < mark.counter_)) continue;
    std::tie(mark.counter_, mark.mark_) = *decoded;
    whole = true;
  }
  if (!whole) return std::unexpected(fmt::format("high-water mark {}: neither of its two slots is whole", path));
  return mark;
}

std::expected<HighWaterMark, std::string> HighWaterMark::create(std::string const& path, Mark const& mark) {
  std::string bytes = encode(0, mark);
  bytes.resize(slot_bytes, '\0');
  bytes += encode(1, mark);
  bytes.resize(2 * slot_bytes, '\0');
  if (auto written = log::write_file(path, bytes, log::Durability::synced, 0600); !written) {
    return std::unexpected("high-water mark: " + written.error());
  }
  auto opened = open(path);
  if (!opened) return std::unexpected(opened.error());
  if (!*opened) return std::unexpected("high-water mark: " + path + " vanished");
  return std::move(**opened);
}

std::expected<void, std::string> HighWaterMark::write(Mark const& mark) {
  std::string const bytes = encode(counter_ + 1, mark);
  auto const offset = static_cast<off_t>((counter_ + 1) % 2 * slot_bytes);
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t const n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done, offset + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::unexpected(fmt::format("high-water mark: write {}: {}", path_, std::strerror(n < 0 ? errno : EIO)));
    done += static_cast<std::size_t>(n);
  }
  if (::fdatasync(fd_) != 0) return std::unexpected(fmt::format("high-water mark: sync {}: {}", path_, std::strerror(errno)));
  mark_ = mark;
  ++counter_;
  return {};
}

}  // namespace sluice::rocks
