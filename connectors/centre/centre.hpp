// The `centre` protocol: a plain HTTP/JSON API for compute centres, described in openapi.json beside this file.
#pragma once

#include "connectors/protocol.hpp"

#include <expected>
#include <memory>
#include <string>

namespace sluice::connectors::centre {

/// Credentials: one value "token", sent as Bearer. Settings: none. Error: what is wrong with the options.
std::expected<std::unique_ptr<Protocol>, std::string> make_protocol(ClusterOptions const& options);

}  // namespace sluice::connectors::centre
