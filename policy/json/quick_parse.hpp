// The common case of strict reading, by way of simdjson: a third of the time.
#pragma once

#include "policy/json/strict.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string_view>

namespace sluice::json {

/// What parse_strict gives for `text`, when it accepts it; nullopt when it may refuse it, or when only the slow way can tell.
/// Recurses no deeper than limits.depth_max. Keeps its buffers, a dozen times the longest text that the thread has read.
std::optional<nlohmann::json> parse_quickly(std::string_view text, Limits const& limits);

/// Longer texts are left to the slow way, so that the buffers stay bounded.
constexpr std::size_t quick_bytes_max = 1024 * 1024;

}  // namespace sluice::json
