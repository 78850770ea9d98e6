// What is wrong with the files, each with its place: file:line:column: key: what to do.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// A place in a file; both count from 1, columns in characters.
struct Position {
  std::int32_t line = 1;
  std::int32_t column = 1;
  auto operator<=>(Position const&) const = default;
};

enum class Severity : std::uint8_t {
  error,    ///< the files are refused
  warning,  ///< they load, but someone should look
  note,     ///< worth knowing: a programme that stays inactive, a type that nothing stands in for
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string file;
  Position at;
  std::string key;   ///< dotted path, rows of a list counted from 0: "hardware[1].cards"; "file" for the file as a whole
  std::string text;  ///< what, what is allowed, did you mean
};

/// One line without its end: "clusters/wuhan.toml:12:9: hardware[0].cards: must be …". Warnings and notes say so after the place.
/// Control characters are escaped: a file cannot write to the reader's terminal.
std::string to_text(Diagnostic const& diagnostic);

struct Report {
  std::vector<Diagnostic> diagnostics;

  bool ok() const;  ///< no error among them
  std::size_t count(Severity severity) const;
  /// By file, place, key and text.
  void sort();
};

/// All diagnostics, one a line, and a closing line with their numbers: what `sluiced --check-config` prints.
std::string to_text(Report const& report);

/// The text with control, line separating and direction changing characters written as \xNN, cut to `bytes_max` at a character's border.
std::string printable(std::string_view text, std::size_t bytes_max = 80);

}  // namespace sluice::config
