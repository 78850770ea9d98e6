// One pass over UTF-8, shared by escaping and by measuring.
#include "tools/ctl/terminal_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::ctl {
namespace {

struct Decoded {
  char32_t point = 0;
  std::size_t bytes = 1;
  bool valid = true;
};

// RFC 3629, strict: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char const first = byte(0);
  if (first < 0x80) return {first, 1, true};
  std::size_t const length = first >= 0xF0 && first <= 0xF4   ? 4
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xC2 && first <= 0xDF ? 2
                                                              : 0;
  if (length == 0 || text.size() < length) return {first, 1, false};
  auto point = static_cast<char32_t>(first & (0x7Fu >> length));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return {first, 1, false};
    point = (point << 6) | (byte(i) & 0x3Fu);
  }
  bool const overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (overlong || (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF) return {first, 1, false};
  return {point, length, true};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t n>
bool within(std::array<Range, n> const& ranges, char32_t point) {
  return std::any_of(ranges.begin(), ranges.end(), [&](Range const& range) { return point >= range.first && point <= range.last; });
}

constexpr std::array<Range, 27> wide = {{{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x26A1, 0x26A1},   {0x2705, 0x2705},
                                         {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2753, 0x2757},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},
                                         {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97C},
                                         {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
                                         {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF},
                                         {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 8> no_column = {{{0x0300, 0x036F},
                                             {0x0483, 0x0489},
                                             {0x1AB0, 0x1AFF},
                                             {0x1DC0, 0x1DFF},
                                             {0x200B, 0x200D},
                                             {0x20D0, 0x20FF},
                                             {0xFE00, 0xFE0F},
                                             {0xFE20, 0xFE2F}}};
// DEL and C1; marks and overrides of direction; separators; the invisible mark that starts a file.
constexpr std::array<Range, 7> acted_upon = {
    {{0x7F, 0x9F}, {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}}};

}  // namespace

std::string escape_for_terminal(std::string_view text, Keep keep) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    Decoded const next = decode(text);
    if (!next.valid) {
      result += keep == Keep::json ? std::string("\\ufffd") : fmt::format("\\x{:02x}", static_cast<std::uint32_t>(next.point));
    } else if (next.point == '\n' && keep != Keep::nothing) {
      result += '\n';
    } else if (next.point == '\t' && keep == Keep::lines) {
      result += '\t';
    } else if (next.point == '\n') {
      result += "\\n";
    } else if (next.point == '\t' && keep == Keep::nothing) {
      result += "\\t";
    } else if (next.point < 0x20 || within(acted_upon, next.point)) {
      bool const brief = next.point < 0x80 && keep != Keep::json;
      if (brief) {
        fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<std::uint32_t>(next.point));
      } else {
        fmt::format_to(std::back_inserter(result), "\\u{:04x}", static_cast<std::uint32_t>(next.point));
      }
    } else {
      result += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    Decoded const next = decode(text);
    width += within(no_column, next.point) ? 0U : within(wide, next.point) ? 2U : 1U;
    text.remove_prefix(next.bytes);
  }
  return width;
}

}  // namespace sluice::ctl
