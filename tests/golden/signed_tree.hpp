// Any entries as a signed and exported log: true ones, and those that only a hostile owner of a key would write.
#pragma once

#include "policy/events/event.hpp"
#include "storage/log/group.hpp"
#include "storage/log/note.hpp"

#include <string>
#include <vector>

namespace sluice::golden {

/// The key of every log here: no secret.
log::NoteSigner signer();

/// Entries and blobs of these events.
log::Group group_of(std::vector<policy::Stamped> const& entries);

/// Writes the log to `directory` as an export does. Throws std::runtime_error where the ledger or the disk refuses.
void write_tree(log::Group const& group, std::string const& directory);

}  // namespace sluice::golden
