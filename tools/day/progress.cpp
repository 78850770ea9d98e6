// Goes to standard error, so that standard output holds the report alone.
#include "tools/day/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace sluice::day {

Progress::Progress() : terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::now(std::string const& line) {
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    shown_ = true;
  } else {
    using namespace std::chrono;
    std::int64_t const at = duration_cast<seconds>(steady_clock::now().time_since_epoch()).count();
    if (at - last_s_ < 10) return;
    last_s_ = at;
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void Progress::note(std::string const& line) {
  finish();
  fmt::print(stderr, "{}\n", line);
}

void Progress::finish() {
  if (terminal_ && shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace sluice::day
