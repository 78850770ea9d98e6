// What a cluster's own list of live jobs says beside what the state says of them: pure.
#pragma once

#include "connectors/observations.hpp"
#include "policy/state/state.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::broker {

/// An attempt that was given up, and whose job went on or ended without it: at the cluster it may only end.
bool is_superseded(policy::State const& state, policy::Attempt const& attempt);

/// A job under one of our names that holds or waits for cards and should not.
struct Stray {
  enum class Kind : std::uint8_t {
    over,      ///< its attempt is settled or refused
    twice,     ///< the cluster runs one attempt a second time
    not_ours,  ///< a number this log has not reached: another broker of the same name, or a log older than the cluster's memory
  };
  Kind kind = Kind::over;
  connectors::AttemptName name;
  connectors::RemoteHandle handle;
};
std::string_view name_of(Stray::Kind kind);

/// What follows from a list.
struct Listing {
  std::set<policy::AttemptId> changed;                            ///< the list says something new of them, or no longer names them
  std::map<policy::AttemptId, connectors::RemoteHandle> adopted;  ///< without a known handle so far: the one the list gives
  std::vector<Stray> strays;
};

/// What the list is compared with.
struct Followed {
  std::set<policy::AttemptId> of_account;                                ///< attempts at this cluster under the account that was asked with
  std::map<policy::AttemptId, connectors::RemoteHandle> const& handles;  ///< those known, of the whole cluster
  std::set<policy::AttemptId> meter_due;                                 ///< their use should be read again
};

/// Compares one account's list of live jobs with the state.
Listing compare(policy::State const& state, Followed const& followed, connectors::AttemptList const& list, std::string_view instance);

}  // namespace sluice::broker
