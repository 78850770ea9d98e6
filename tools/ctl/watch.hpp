// Follows the broker's events until a job has ended, or for ever.
#pragma once

#include "tools/ctl/session.hpp"

#include <string>

namespace sluice::ctl {

struct Watch {
  std::string job;    ///< empty: everything this key may see
  std::string type;   ///< only event types that start so
  std::string since;  ///< a sequence; empty: from now on
};

/// Prints each event. With a job: ends with `ok` when it completed, `failure` when it ended otherwise. A broken connection is
/// resumed from the last event seen, so nothing is skipped; after five attempts without any event it is an error.
Result<ExitCode> watch(Session& session, Watch const& what);

/// True for completed, failed, cancelled and lost.
bool is_final(std::string_view state);

}  // namespace sluice::ctl
