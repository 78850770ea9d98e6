// How long a sampled drill runs: a fixed sample every time, all of it in a long run (tools/test --long).
#pragma once

#include <cstdlib>
#include <string_view>

namespace sluice::tests {

/// Whether this is a long run: the environment says SLUICE_LONG=1.
inline bool is_long_run() {
  const char* value = std::getenv("SLUICE_LONG");
  return value != nullptr && std::string_view(value) == "1";
}

/// The number of rounds, seeds or moments to try. Example: drill_length(20, 500) kills twenty times, or five hundred in a long run.
template <typename Count>
Count drill_length(Count usual, Count in_a_long_run) {
  return is_long_run() ? in_a_long_run : usual;
}

}  // namespace sluice::tests
