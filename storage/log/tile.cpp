#include "storage/log/tile.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::log {
namespace {

constexpr std::uint64_t index_limit = std::uint64_t{1} << 55;  // 2^63 entries / 256

// Groups of three digits, all but the last with an "x": 1234067 is x001/x234/067.
std::string index_path(std::uint64_t index) {
  std::string path;
  auto three = [](std::uint64_t n) {
    std::string digits = std::to_string(n);
    return std::string(3 - digits.size(), '0') + digits;
  };
  path = three(index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = "x" + three(index % 1000) + "/" + path;
  return path;
}

std::string partial_suffix(std::uint32_t width) {
  assert(width >= 1 && width <= tile_width);
  return width == tile_width ? std::string{} : ".p/" + std::to_string(width);
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Decimal without leading zeros, 0 … max.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t max) {
  std::size_t digits = 0;
  std::uint64_t value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<std::uint64_t>(text[digits] - '0');
    if (value > max) return std::nullopt;
    if (++digits > 1 && text[0] == '0') return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

std::optional<std::uint64_t> take_three(std::string_view& text) {
  if (text.size() < 3) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text.substr(0, 3)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  text.remove_prefix(3);
  return value;
}

std::optional<std::uint64_t> take_index(std::string_view& text) {
  std::uint64_t index = 0;
  bool first = true;
  while (take(text, "x")) {
    auto const group = take_three(text);
    if (!group || !take(text, "/")) return std::nullopt;
    if (first && *group == 0) return std::nullopt;  // a leading group of zeros is another spelling
    first = false;
    index = index * 1000 + *group;
    if (index >= index_limit) return std::nullopt;
  }
  auto const last = take_three(text);
  if (!last) return std::nullopt;
  index = index * 1000 + *last;
  if (index >= index_limit) return std::nullopt;
  return index;
}

}  // namespace

std::uint32_t tile_width_at(std::uint64_t size, std::uint8_t level, std::uint64_t index) {
  if (level >= tile_levels || index >= index_limit) return 0;
  std::uint64_t const hashes = size >> (tile_height * level);
  std::uint64_t const first = index * tile_width;
  if (hashes <= first) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(hashes - first, tile_width));
}

std::string tile_path(TileId const& tile) {
  return "tile/" + std::to_string(tile.level) + "/" + index_path(tile.index) + partial_suffix(tile.width);
}

std::string bundle_path(std::uint64_t index, std::uint32_t width) { return "tile/entries/" + index_path(index) + partial_suffix(width); }

std::optional<TilePath> parse_tile_path(std::string_view path) {
  TilePath parsed;
  if (!take(path, "tile/")) return std::nullopt;
  if (take(path, "entries/")) {
    parsed.entries = true;
  } else {
    auto const level = take_number(path, tile_levels - 1);
    if (!level || !take(path, "/")) return std::nullopt;
    parsed.tile.level = static_cast<std::uint8_t>(*level);
  }
  auto const index = take_index(path);
  if (!index) return std::nullopt;
  parsed.tile.index = *index;
  if (take(path, ".p/")) {
    auto const width = take_number(path, tile_width - 1);
    if (!width || *width == 0) return std::nullopt;
    parsed.tile.width = static_cast<std::uint32_t>(*width);
  }
  if (!path.empty()) return std::nullopt;
  return parsed;
}

void append_to_bundle(std::string& bundle, std::string_view entry) {
  assert(entry.size() <= 0xffff);
  bundle.push_back(static_cast<char>(entry.size() >> 8));
  bundle.push_back(static_cast<char>(entry.size() & 0xff));
  bundle.append(entry);
}

std::expected<BundledEntry, std::string> BundleCursor::next() {
  assert(!at_end());
  std::size_t const left = bundle_.size() - offset_;
  if (left < 2) return std::unexpected("the bundle ends inside a length prefix");
  auto const high = static_cast<std::uint8_t>(bundle_[offset_]);
  auto const low = static_cast<std::uint8_t>(bundle_[offset_ + 1]);
  std::size_t const length = static_cast<std::size_t>(high) << 8 | low;
  if (length > left - 2) {
    return std::unexpected("an entry of " + std::to_string(length) + " bytes is announced, " + std::to_string(left - 2) + " are left");
  }
  BundledEntry entry{offset_, bundle_.substr(offset_ + 2, length)};
  offset_ += 2 + length;
  return entry;
}

}  // namespace sluice::log
