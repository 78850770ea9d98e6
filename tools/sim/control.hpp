// The simulator's own endpoints: time, troubles, traces, and the record of every run.
#pragma once

#include "tools/sim/world.hpp"

#include <string>
#include <string_view>

namespace sluice::sim {

/// GET /control/state, GET /control/runs, POST /control/advance {"ms"}, POST /control/trouble {"line"},
/// POST /control/set {"centre","accelerator","background"|"list_yuan"}. `path` is what follows "/control".
Reply handle_control(World& world, std::string_view method, std::string_view path, std::string const& body, policy::Timestamp wall);

}  // namespace sluice::sim
