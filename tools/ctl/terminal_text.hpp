// Text from elsewhere made safe for a terminal, and how many columns it takes there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::ctl {

/// What stays as it is beside printable text.
enum class Keep {
  nothing,  ///< one line: line breaks and tabs are escaped too
  lines,    ///< line feeds and tabs stay: the output of a job
  json,     ///< line feeds stay; everything else becomes \uXXXX, which means the same inside a JSON string
};

/// Escapes what a terminal would act upon: C0, DEL, C1, bidirectional overrides, line and paragraph separators, bytes that are
/// not UTF-8. \x1b, \n, \u202e.
std::string escape_for_terminal(std::string_view text, Keep keep);

/// Columns in a terminal: wide East Asian characters take two, combining ones none (Unicode 15 ranges, without locale).
std::size_t display_width(std::string_view text);

}  // namespace sluice::ctl
