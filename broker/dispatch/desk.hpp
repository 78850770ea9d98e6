// One cluster's attempts, and what is remembered of them between two looks.
#pragma once

#include "connectors/observations.hpp"
#include "policy/identifiers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace sluice::broker {

/// Nothing here has to survive a restart: the state and the cluster say all of it again.
struct Desk {
  explicit Desk(boost::asio::io_context& loop) : wake(loop) {}

  std::set<policy::AttemptId> attempts;  ///< not yet settled or refused
  std::set<policy::AttemptId> pending;   ///< those of them that want a call by what the state says: to be sent, asked about, stopped
  std::set<policy::AttemptId> busy;      ///< a call about it is under way
  std::set<policy::AttemptId> changed;   ///< the cluster has news of it: ask
  std::map<policy::AttemptId, connectors::RemoteHandle> handles;
  std::map<policy::AttemptId, std::int64_t> certainly_not_sent_since_ms;
  std::map<policy::AttemptId, std::int64_t> metered_at_ms;
  std::map<policy::AttemptId, std::int64_t> looked_up_at_ms;

  std::map<std::string, std::set<std::string>> strays_seen;  ///< credential → handles of the last list that should not be there
  std::set<std::string> strangers;                           ///< names that the cluster says are taken by another order: left alone
  std::set<std::string> refused_credentials;                 ///< told of once
  std::optional<std::int64_t> silent_since_ms;
  std::optional<std::int64_t> listed_at_ms;
  boost::asio::steady_timer wake;
  bool nudged = false;
  bool waits_for_turn = false;  ///< calls are due that this turn had no room for
  bool stopped = false;

  void nudge() {
    if (std::exchange(nudged, true)) return;
    wake.cancel();
  }
  void forget(policy::AttemptId const& id) {
    attempts.erase(id);
    pending.erase(id);
    changed.erase(id);
    handles.erase(id);
    certainly_not_sent_since_ms.erase(id);
    metered_at_ms.erase(id);
    looked_up_at_ms.erase(id);
  }
};
using DeskPointer = std::shared_ptr<Desk>;

/// Marks an attempt as being talked about, from before the call's coroutine first runs until it has ended, however it ends.
class BusyMark {
 public:
  BusyMark(DeskPointer desk, policy::AttemptId id) : desk_(std::move(desk)), id_(id) { desk_->busy.insert(id_); }
  ~BusyMark() { desk_->busy.erase(id_); }
  BusyMark(BusyMark const&) = delete;
  BusyMark& operator=(BusyMark const&) = delete;

 private:
  DeskPointer desk_;
  policy::AttemptId id_;
};

}  // namespace sluice::broker
