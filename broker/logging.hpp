// Structured log lines: one event a line, values escaped, never a body or a key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::broker {

enum class Severity : std::uint8_t { debug, info, warning, error };
enum class LineFormat : std::uint8_t {
  journal,  ///< "<priority>event key=value …": journald reads the priority
  json,     ///< one object a line
  text,     ///< for a terminal
};

/// Before the first line; standard error is where lines go.
void start_logging(Severity least, LineFormat format);

using Field = std::pair<std::string_view, std::string>;

/// One line. Control characters, line separators and direction marks in values are escaped, so that no value can forge a line.
void log_line(Severity severity, std::string_view event, std::initializer_list<Field> fields = {});

/// The text with everything that could disturb a terminal or a log written as \xNN or \uNNNN.
std::string escaped(std::string_view text);

}  // namespace sluice::broker
