// Replaying an exported log: every entry, invariant, round and digest again, from genesis, with no daemon and no database.
#pragma once

#include "storage/log/note.hpp"
#include "storage/log/tree_source.hpp"
#include "tools/audit/findings.hpp"

#include <functional>
#include <string>

namespace sluice::audit {

struct ReplayOptions {
  bool apply = true;                         ///< false: bytes and signatures only
  bool rounds = true;                        ///< false: certificates are not checked, which the report then says
  std::uint64_t full_check_every = 100'000;  ///< entries between full invariant checks; touched rows are checked after every entry
};

/// Told now and then how many of `size` entries are done.
using Progress = std::function<void(std::uint64_t done, std::uint64_t size)>;

/// In the order of the checks: signature, every byte against the checkpoint; then entry by entry canonical form, blobs, state machine and
/// invariants, each lot against the day's secret once told, each round's certificate against the problem rebuilt, each recorded state
/// digest. Stops at the first divergence. Memory is bounded by the state and by what foretold.hpp keeps, not by the log.
Report replay(log::TreeSource& source, log::NoteVerifier const& key, ReplayOptions const& options, Progress const& progress = {});

}  // namespace sluice::audit
