// Questions about text from outside that several readers ask.
#pragma once

#include <string_view>

namespace sluice::json {

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text);

/// True for text with C0, DEL, C1, U+2028 or U+2029, which can break a line or drive a terminal. REQUIRES: valid UTF-8.
bool has_control_character(std::string_view text);

}  // namespace sluice::json
