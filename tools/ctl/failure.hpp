// Why a verb did not succeed: what, where, what to do, and the exit status that says it to a script.
#pragma once

#include "tools/ctl/exit_code.hpp"

#include <nlohmann/json.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ctl {

struct Failure {
  ExitCode exit = ExitCode::failure;
  std::string what;
  std::vector<std::string> where;         ///< one line each: a field with its pointer, a cluster with its reasons, a path
  std::string action;                     ///< what to do; empty when `what` says it
  std::optional<nlohmann::json> problem;  ///< the server's document, for --json
};

template <class T>
using Result = std::expected<T, Failure>;

/// A failure of our own making.
std::unexpected<Failure> fail(ExitCode exit, std::string what, std::string action = {});

/// Reads an answer that is not a success: an RFC 9457 document, or whatever else came. `language` ("en", "zh") picks the
/// texts of reasons. Never fails: a body that is no problem document gives a failure that says so.
Failure failure_of(int status, std::string_view content_type, std::string_view body, std::string_view request, std::string_view language);

/// The exit status that an HTTP status and problem code stand for.
ExitCode exit_of(int status, std::string_view code);

/// The text people read, several lines, each ending in a newline. Control characters are not yet escaped.
std::string to_text(Failure const& failure);

}  // namespace sluice::ctl
