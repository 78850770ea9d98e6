// The only file that writes to the standard streams.
#include "tools/ctl/output.hpp"

#include "tools/ctl/settings.hpp"
#include "tools/ctl/terminal_text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sluice::ctl {

Output::Output(bool colour_allowed, bool json)
    : json_(json), terminal_(::isatty(STDOUT_FILENO) == 1), error_terminal_(::isatty(STDERR_FILENO) == 1) {
  bool const dumb = process_environment("TERM").value_or("dumb") == "dumb";
  colour_ = terminal_ && colour_allowed && !json && !dumb && !process_environment("NO_COLOR");
}

void Output::write(std::string_view text) {
  first_ = false;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_error();
}

void Output::note_error() {
  good_ = false;
  reader_left_ = reader_left_ || errno == EPIPE;
}

void Output::line(std::string_view text) { write(escape_for_terminal(text, Keep::nothing) + "\n"); }

void Output::heading(std::string_view text) {
  auto const safe = escape_for_terminal(text, Keep::nothing);
  write(fmt::format("{}{}{}{}\n", first_ ? "" : "\n", colour_ ? "\x1b[1m" : "", safe, colour_ ? "\x1b[0m" : ""));
}

void Output::table(Table const& table) { write(table.render(colour_)); }

void Output::document(nlohmann::json const& value) {
  auto const text = value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  write((terminal_ ? escape_for_terminal(text, Keep::json) : text) + "\n");
}

void Output::compact(nlohmann::json const& value) {
  auto const text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  write((terminal_ ? escape_for_terminal(text, Keep::json) : text) + "\n");
  if (std::fflush(stdout) != 0) note_error();
}

void Output::raw(std::string_view bytes) {
  write(terminal_ ? escape_for_terminal(bytes, Keep::lines) : std::string(bytes));
  if (std::fflush(stdout) != 0) note_error();
}

void Output::note(std::string_view text) {
  auto const safe = escape_for_terminal(text, Keep::lines) + "\n";
  std::fwrite(safe.data(), 1, safe.size(), stderr);
}

void Output::failure(Failure const& failure) {
  if (json_ && failure.problem) {
    auto const text = failure.problem->dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
    auto const safe = (error_terminal_ ? escape_for_terminal(text, Keep::json) : text) + "\n";
    std::fwrite(safe.data(), 1, safe.size(), stderr);
    return;
  }
  // Line breaks inside a server's text would forge lines of ours: each part is escaped before the parts are laid out.
  Failure safe = failure;
  safe.what = escape_for_terminal(failure.what, Keep::nothing);
  safe.action = escape_for_terminal(failure.action, Keep::nothing);
  for (auto& each : safe.where) each = escape_for_terminal(each, Keep::nothing);
  auto const text = to_text(safe);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Output::finding(std::string_view label, std::string_view subject, std::string_view detail, std::string_view action) {
  char const* const colour = label == "ok" ? "\x1b[32m" : label == "FAIL" ? "\x1b[31m" : "\x1b[33m";
  auto const safe = [](std::string_view text) { return escape_for_terminal(text, Keep::nothing); };
  write(fmt::format("{}{:<4}{}  {}: {}\n", colour_ ? colour : "", label, colour_ ? "\x1b[0m" : "", safe(subject), safe(detail)));
  if (!action.empty()) write(fmt::format("      do: {}\n", safe(action)));
}

bool Output::flush() {
  if (std::fflush(stdout) != 0) note_error();
  return good_;
}

}  // namespace sluice::ctl
