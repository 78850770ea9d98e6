// What later entries tell about earlier ones: which states were digested, and the secrets of days that are over.
#pragma once

#include "storage/log/verified_tree.hpp"

#include <cstdint>
#include <map>
#include <set>

namespace sluice::audit {

struct Foretold {
  std::set<std::uint64_t> digested;              ///< entries whose following state a later entry gives the digest of
  std::map<std::int64_t, policy::Hash> secrets;  ///< lot secrets by day; to be confirmed by the entry that closes the day
};

/// Things kept of each kind; a log that tells more of them is compared with those only, and the report counts the rest.
constexpr std::size_t foretold_max = 1'000'000;

/// One quick pass over the entries as they lie. Nothing of it is proved: the replay, which reads proved entries, confirms each secret when
/// it comes to the day's end, and computes the digests itself.
Foretold foretell(log::VerifiedTree& tree);

}  // namespace sluice::audit
