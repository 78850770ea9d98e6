// What later entries tell about earlier ones: which states were digested, and the secrets of days that are over.
#pragma once

#include "storage/log/verified_tree.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <set>

namespace sluice::audit {

struct Foretold {
  std::set<std::uint64_t> digested;              ///< entries whose following state a later entry gives the digest of
  std::map<std::int64_t, policy::Hash> secrets;  ///< lot secrets by day; whether one is the secret promised is for the replay to say
};

/// Things kept of each kind; a log that tells more of them is compared with those only, and the report counts the rest.
constexpr std::size_t foretold_max = 1'000'000;

/// Reads every entry once and so proves them all; decodes only those that tell something.
std::expected<Foretold, log::Divergence> foretell(log::VerifiedTree& tree);

}  // namespace sluice::audit
