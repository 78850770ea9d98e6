// Carries attempts to their clusters and back: intent first, then the call; unknown is looked up, never sent again.
#pragma once

#include "broker/sequencer/sequencer.hpp"
#include "broker/sites.hpp"
#include "storage/log/ledger.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::broker {

struct DispatchOptions {
  std::string instance = "sluice";               ///< [a-z][a-z0-9]{0,7}: prefix of attempt names at sites
  std::chrono::milliseconds watch_every{2'000};  ///< how often a cluster with live attempts is asked about them
  std::size_t calls_per_cluster = 16;            ///< dispatches, look-ups and stops under way at once
  std::int64_t meter_every_ms = 300'000;         ///< a meter reading is logged at most so often per attempt
  std::int64_t absence_grace_ms = 30'000;        ///< after the intent, before "no such attempt" is believed: the call is off the wire
  std::int64_t dispatch_patience_ms = 60'000;    ///< a cluster that certainly did not take an attempt for so long loses it
  std::int64_t lost_after_ms = 600'000;          ///< unreachable for so long: its attempts are lost
  std::int64_t limit_grace_ms = 120'000;         ///< beyond the granted limit, before a lost run is surely over
  std::int64_t evidence_kept_ms = 90 * policy::ms_per_day;
};

/// Level-triggered: looks at what the state says of each attempt, not at how it came to be. Lives on the loop.
class Dispatcher {
 public:
  Dispatcher(boost::asio::io_context& loop, Sequencer& sequencer, log::LedgerReader const& ledger, Sites const& sites,
             DispatchOptions options);
  ~Dispatcher();

  /// Takes over every attempt the state knows, then follows what is committed.
  void start();
  void stop();

  /// How long a cluster has not answered about attempts; nullopt while it does, or has none.
  std::optional<std::int64_t> silent_ms(policy::ClusterName const& cluster) const;
  std::size_t calls_under_way() const;

 private:
  /// One cluster's attempts and the coroutine that watches them.
  struct Desk {
    explicit Desk(boost::asio::io_context& loop) : wake(loop) {}
    std::set<policy::AttemptId> attempts;  ///< not yet settled or refused
    std::set<policy::AttemptId> busy;      ///< a call about it is under way
    std::map<policy::AttemptId, std::int64_t> certainly_not_sent_since_ms;
    std::map<policy::AttemptId, std::int64_t> metered_at_ms;
    std::optional<std::int64_t> silent_since_ms;
    boost::asio::steady_timer wake;
    bool nudged = false;
    bool stopped = false;
  };
  using DeskPointer = std::shared_ptr<Desk>;
  class BusyMark;

  void follow(policy::AttemptId const& id);
  DeskPointer desk_of(policy::ClusterName const& cluster);
  static boost::asio::awaitable<void> watch(Dispatcher* self, policy::ClusterName cluster, DeskPointer desk);
  void start_calls(policy::ClusterName const& cluster, DeskPointer const& desk);
  boost::asio::awaitable<void> send(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id, std::shared_ptr<BusyMark> mark);
  boost::asio::awaitable<void> resolve(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id, std::shared_ptr<BusyMark> mark);
  boost::asio::awaitable<void> end(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id, std::shared_ptr<BusyMark> mark);
  boost::asio::awaitable<void> ask_about_all(std::shared_ptr<Site> site, DeskPointer desk);
  boost::asio::awaitable<void> ask_one_by_one(std::shared_ptr<Site> site, DeskPointer desk);
  boost::asio::awaitable<void> take_status(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id,
                                           connectors::RemoteStatus status, std::vector<connectors::RawReply> raw);
  boost::asio::awaitable<void> give_up(DeskPointer desk, policy::ClusterName cluster);
  boost::asio::awaitable<void> record(std::vector<policy::Event> events, std::vector<log::PrivatePart> parts);
  void heard_from(Desk& desk) { desk.silent_since_ms.reset(); }
  void not_heard_from(Desk& desk);

  policy::Attempt const* attempt(policy::AttemptId id) const;
  bool wants_stop(policy::Attempt const& attempt) const;
  std::string credential_of(policy::Attempt const& attempt) const;
  std::optional<connectors::RemoteHandle> handle_of(policy::Attempt const& attempt) const;

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  log::LedgerReader const& ledger_;
  Sites const& sites_;
  DispatchOptions const options_;
  std::map<policy::ClusterName, DeskPointer> desks_;
  bool stopping_ = false;
};

}  // namespace sluice::broker
