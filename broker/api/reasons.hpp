// Why a person did something: a text that becomes a private part, bound by its hash in the entry.
#pragma once

#include "broker/api/api.hpp"
#include "broker/secrets.hpp"

#include <expected>
#include <string_view>

namespace sluice::broker::api {

/// Reads the `reason` of a body that holds nothing else, or of the query for requests without a body.
/// Error: malformed_json, invalid_body or malformed_query.
std::expected<Sealed, http::Problem> read_reason(Call const& call);
/// Seals a reason that was read with other members.
Sealed seal_reason(std::string_view text);

}  // namespace sluice::broker::api
