// What the program's exit status means; documented in --help and README.md, so never renumber.
#pragma once

#include <cstdint>

namespace sluice::ctl {

enum class ExitCode : std::uint8_t {
  ok = 0,
  failure = 1,      ///< something else went wrong, a watched job did not complete, or doctor found a fault
  usage = 2,        ///< the command line is wrong
  not_found = 3,    ///< no such object, or not this key's
  conflict = 4,     ///< the state does not allow it now
  invalid = 5,      ///< the request is not valid: correct the file or flags
  refused = 6,      ///< valid but refused: key, role, or the broker's rules
  unavailable = 7,  ///< no answer, or not now: repeat
};

}  // namespace sluice::ctl
