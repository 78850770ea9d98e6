// The arithmetic of tiles: 256 hashes each, level n+1 holds one hash per full tile of level n.
#include "tools/ctl/checkpoint.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sluice::ctl {
namespace {

constexpr std::uint64_t tile_width = 256;

// Hashes at a level; entries below level 0.
std::uint64_t hashes_at(std::uint64_t size, int level) {
  for (int i = 0; i < level; ++i) size /= tile_width;
  return size;
}

std::string_view take_line(std::string_view& text) {
  auto const end = text.find('\n');
  auto const line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// x001/x234/067: three digits each, all but the last marked.
std::string index_path(std::uint64_t index) {
  std::string path = fmt::format("{:03}", index % 1000);
  while ((index /= 1000) > 0) path = fmt::format("x{:03}/{}", index % 1000, path);
  return path;
}

}  // namespace

Result<Checkpoint> read_checkpoint(std::string_view note) {
  auto const wrong = [](std::string_view what) {
    return fail(ExitCode::failure, fmt::format("The checkpoint {}.", what), "Check that --server names a Sluice broker.");
  };
  if (note.size() > 65'536) return wrong("is larger than 64 KiB");
  Checkpoint checkpoint;
  checkpoint.origin = take_line(note);
  auto const size = take_line(note);
  checkpoint.root = take_line(note);
  auto const [end, error] = std::from_chars(size.data(), size.data() + size.size(), checkpoint.size);
  bool const canonical = !size.empty() && (size == "0" || size.front() != '0');
  if (error != std::errc{} || end != size.data() + size.size() || !canonical) return wrong("states no size on its second line");
  if (checkpoint.origin.empty() || checkpoint.root.size() != 44 || !checkpoint.root.ends_with('='))
    return wrong("lacks its origin or root hash");
  while (!note.empty() && !take_line(note).empty()) {  // extension lines, up to the blank one
  }
  while (!note.empty()) {
    if (!take_line(note).starts_with("\u2014 ")) return wrong("has a line among its signatures that is none");
    ++checkpoint.signatures;
  }
  if (checkpoint.signatures == 0) return wrong("is not signed");
  return checkpoint;
}

std::string Tile::full_path() const { return fmt::format("tile/{}/{}", level < 0 ? "entries" : std::to_string(level), index_path(index)); }
std::string Tile::path() const { return width == tile_width ? full_path() : fmt::format("{}.p/{}", full_path(), width); }

bool TileWalk::next(Tile& tile) {
  for (;;) {
    auto const hashes = hashes_at(size_, level_ < 0 ? 0 : level_);
    if (hashes == 0) return false;
    if (index_ * tile_width < hashes) break;
    ++level_;
    index_ = 0;
  }
  auto const hashes = hashes_at(size_, level_ < 0 ? 0 : level_);
  auto const left = hashes - index_ * tile_width;
  tile = {level_, index_, static_cast<int>(left < tile_width ? left : tile_width)};
  ++index_;
  return true;
}

std::uint64_t TileWalk::count(std::uint64_t size) {
  std::uint64_t total = (size + tile_width - 1) / tile_width;  // entry bundles
  for (; size > 0; size /= tile_width) total += (size + tile_width - 1) / tile_width;
  return total;
}

std::expected<std::size_t, std::string> bundle_bytes(std::string_view bundle, int width, bool exact) {
  std::size_t at = 0;
  for (int i = 0; i < width; ++i) {
    if (bundle.size() - at < 2) return std::unexpected(fmt::format("holds {} entries where {} were due", i, width));
    auto const length =
        (static_cast<std::size_t>(static_cast<unsigned char>(bundle[at])) << 8) | static_cast<unsigned char>(bundle[at + 1]);
    if (bundle.size() - at - 2 < length) return std::unexpected(fmt::format("ends inside entry {} at byte {}", i, at));
    at += 2 + length;
  }
  if (exact && at != bundle.size()) return std::unexpected(fmt::format("has {} bytes after its {} entries", bundle.size() - at, width));
  return at;
}

}  // namespace sluice::ctl
