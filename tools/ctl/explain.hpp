// Why a job is where it is.
#pragma once

#include "tools/ctl/session.hpp"

#include <string>

namespace sluice::ctl {

/// Prints the server's five lines; with `details` also verdict per cluster, history and remedies.
Result<ExitCode> explain(Session& session, std::string const& job, bool details);

}  // namespace sluice::ctl
