#include "config/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::config {
namespace {

/// Length of the character at the front of the text, and whether a terminal could act on it. Bytes that are no UTF-8 count alone.
struct Character {
  std::size_t bytes = 1;
  bool acts = false;
};

Character first_character(std::string_view text) {
  auto const byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  auto const follows = [&](std::size_t count) {
    if (text.size() <= count) return false;
    for (std::size_t at = 1; at <= count; ++at) {
      if ((byte(at) & 0xC0U) != 0x80U) return false;
    }
    return true;
  };
  unsigned char const lead = byte(0);
  if (lead < 0x80) return {1, lead < 0x20 || lead == 0x7F};
  if (lead >= 0xC2 && lead < 0xE0 && follows(1)) return {2, lead == 0xC2 && byte(1) < 0xA0};
  if (lead >= 0xE0 && lead < 0xF0 && follows(2)) {
    // U+200B … U+200F, U+2028 … U+202E, U+2060 … U+206F, U+FEFF: invisible, breaking lines or turning the direction of writing.
    bool const general =
        lead == 0xE2 && ((byte(1) == 0x80 && ((byte(2) >= 0x8B && byte(2) <= 0x8F) || (byte(2) >= 0xA8 && byte(2) <= 0xAE))) ||
                         (byte(1) == 0x81 && byte(2) >= 0xA0 && byte(2) <= 0xAF));
    return {3, general || (lead == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF)};
  }
  if (lead >= 0xF0 && lead < 0xF5 && follows(3)) return {4, false};
  return {1, true};
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    Character const next = first_character(text);
    std::string piece;
    if (next.acts) {
      for (std::size_t at = 0; at < next.bytes; ++at) piece += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[at]));
    } else {
      piece = text.substr(0, next.bytes);
    }
    if (out.size() + piece.size() > bytes_max) return out + "…";
    out += piece;
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string to_text(Diagnostic const& diagnostic) {
  static constexpr std::string_view words[] = {"", "warning: ", "note: "};
  return printable(fmt::format("{}:{}:{}: {}{}: {}", diagnostic.file, diagnostic.at.line, diagnostic.at.column,
                               words[static_cast<std::size_t>(diagnostic.severity)], diagnostic.key, diagnostic.text),
                   8'192);
}

bool Report::ok() const { return count(Severity::error) == 0; }

std::size_t Report::count(Severity severity) const {
  return static_cast<std::size_t>(std::ranges::count(diagnostics, severity, &Diagnostic::severity));
}

void Report::sort() {
  std::ranges::stable_sort(diagnostics, [](Diagnostic const& a, Diagnostic const& b) {
    return std::tie(a.file, a.at, a.key, a.text) < std::tie(b.file, b.at, b.key, b.text);
  });
}

std::string to_text(Report const& report) {
  std::string out;
  for (Diagnostic const& diagnostic : report.diagnostics) out += to_text(diagnostic) + "\n";
  auto const number = [&](Severity severity, std::string_view word) {
    std::size_t const count = report.count(severity);
    return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
  };
  return out + fmt::format("{}: {}, {}, {}\n", report.ok() ? "configuration is valid" : "configuration is refused",
                           number(Severity::error, "error"), number(Severity::warning, "warning"), number(Severity::note, "note"));
}

}  // namespace sluice::config
