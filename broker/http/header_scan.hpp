// Finds the end of a request's header as bytes arrive, and refuses on the way whatever two readers could frame differently.
#pragma once

#include "broker/http/gate.hpp"
#include "broker/http/options.hpp"

#include <cstddef>
#include <string_view>

namespace sluice::http {

/// Looks at raw bytes, before any parser: line endings are CRLF and nothing else, no folded fields, no control characters, sizes and
/// counts within Options. One per request; feed it the same growing text again and again, each byte is looked at once.
class HeaderScan {
 public:
  enum class State { more, complete, refused };

  State scan(std::string_view received, Options const& options);
  /// After complete: where the request line begins (an empty line before it is skipped, RFC 9112 §2.2) and where the body begins.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return line_; }
  /// After refused.
  Refusal refusal() const { return refusal_; }

 private:
  State refuse(Refusal refusal);

  std::size_t begin_ = 0;
  std::size_t line_ = 0;  ///< start of the line being read
  std::size_t seen_ = 0;  ///< no line feed between line_ and here
  std::size_t fields_ = 0;
  bool request_line_ = true;
  Refusal refusal_ = Refusal::malformed_request_line;
};

}  // namespace sluice::http
