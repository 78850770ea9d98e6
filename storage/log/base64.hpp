// Base64 (RFC 4648 §4) with exactly one accepted spelling per value.
#pragma once

#include "policy/hash.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::log {

/// Standard alphabet with padding.
std::string to_base64(policy::Bytes data);
/// nullopt unless `text` is exactly what to_base64 writes for some bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice::log
