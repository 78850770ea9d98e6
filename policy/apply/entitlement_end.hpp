// How a voucher ends: by time or by decision, its unspent rest goes back to the purse it came from.
#pragma once

#include "policy/state/editor.hpp"

namespace sluice::policy {

/// Closes the voucher. What live attempts hold of it stays theirs; what they do not use follows to the purse when they settle.
void end_entitlement(Editor& editor, EntitlementId id);

}  // namespace sluice::policy
