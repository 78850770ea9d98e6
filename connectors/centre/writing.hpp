// Writing an order as the centre protocol wants it, and reading the one figure that comes in a header.
#pragma once

#include "connectors/options.hpp"
#include "connectors/order.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::connectors::centre {

/// The body of POST /v1/jobs: canonical JSON, so that the same order is the same bytes. Our accelerator name becomes the site's.
std::string write_order(DispatchOrder const& order, ClusterOptions const& options);

/// Decimal digits only; nullopt otherwise.
std::optional<std::uint64_t> read_count(std::string_view text);

}  // namespace sluice::connectors::centre
