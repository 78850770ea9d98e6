// Validates a JSON value against the subset of JSON Schema 2020-12 that openapi.json uses.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace sluice::test {

/// Every breach as "pointer: what". A keyword this does not know is a breach too, so that nothing goes unchecked.
std::vector<std::string> breaches(nlohmann::json const& document, nlohmann::json const& schema, nlohmann::json const& value,
                                  std::string const& at = "");

}  // namespace sluice::test
