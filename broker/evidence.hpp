// What a cluster answered, kept as evidence of the entry that rests on it.
#pragma once

#include "connectors/fault.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::broker {

/// Of one answer's body; a whole one is far smaller, and no cluster may fill our disk by talking much.
constexpr std::size_t evidence_body_bytes_max = std::size_t{64} << 10;

/// Request line, status and body of each answer, in order. A longer body is cut, and its SHA-256 stands for the rest.
std::string evidence_text(std::vector<connectors::RawReply> const& replies);

}  // namespace sluice::broker
