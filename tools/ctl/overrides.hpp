// Decisions on money that two people take, as more than one verb proposes them.
#pragma once

#include "tools/ctl/session.hpp"

#include <string>

namespace sluice::ctl {

/// Proposes an OverrideRequest of the contract and prints what now waits for a second person.
Result<ExitCode> propose_override(Session& session, nlohmann::json const& request, std::string const& key);

}  // namespace sluice::ctl
