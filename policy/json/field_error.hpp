// One thing wrong with one field of a JSON document.
#pragma once

#include <string>
#include <string_view>

namespace sluice::json {

/// `code` is stable: required, wrong_type, out_of_range, too_long, too_short, too_many, too_few, unknown_key, not_allowed, bad_format,
/// too_many_errors, or a code of the caller's own.
struct FieldError {
  std::string pointer;    ///< RFC 6901, "" is the whole document
  std::string_view code;  ///< a literal
  std::string detail;     ///< what is wrong, what is allowed; English
  bool operator==(FieldError const&) const = default;
};

}  // namespace sluice::json
