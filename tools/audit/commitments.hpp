// How many private parts an entry binds without showing them: what an audit without openings cannot judge.
#pragma once

#include "policy/events/event.hpp"

#include <cstdint>

namespace sluice::audit {

/// Salted hashes of private parts in the event: identities, reasons, contracts, decisions, references, payloads, remote ids, raw responses.
std::uint64_t private_commitments(policy::Event const& event);

}  // namespace sluice::audit
