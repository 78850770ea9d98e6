// Carries attempts to their clusters and back: intent first, then the call; unknown is looked up, never sent again.
#pragma once

#include "broker/dispatch/desk.hpp"
#include "broker/dispatch/pace.hpp"
#include "broker/sequencer/sequencer.hpp"
#include "broker/sites.hpp"
#include "storage/log/ledger.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::broker {

struct DispatchOptions {
  std::string instance = "sluice";               ///< [a-z][a-z0-9]{0,7}: prefix of attempt names at sites
  std::chrono::milliseconds watch_every{2'000};  ///< how often a cluster with live attempts is asked about them
  std::int64_t look_up_every_ms = 5'000;         ///< between two look-ups of one unknown outcome
  std::size_t calls_per_cluster = 16;            ///< dispatches, look-ups and stops under way at once
  std::size_t calls_per_turn = 10;               ///< begun in one turn over all clusters: a burst of news leaves the loop to submissions
  std::chrono::milliseconds turn{10};
  std::int64_t meter_every_ms = 300'000;       ///< a meter reading is logged at most so often per attempt
  std::int64_t absence_grace_ms = 30'000;      ///< after the intent, before "no such attempt" is believed: the call is off the wire
  std::int64_t dispatch_patience_ms = 60'000;  ///< a cluster that certainly did not take an attempt for so long loses it
  std::int64_t lost_after_ms = 600'000;        ///< unreachable for so long: its attempts are lost
  std::int64_t limit_grace_ms = 120'000;       ///< beyond the granted limit, before a lost run is surely over
  std::int64_t moves_per_minute = 60;          ///< jobs that leave lost clusters, over all clusters
  std::int64_t reconcile_every_ms = 600'000;   ///< a cluster is asked for its list even when it should have nothing of ours
  std::int64_t checkpoint_grace_ms = 60'000;   ///< so long before its limit a job is told to save; at most a tenth of the limit
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
  using SitePointer = std::shared_ptr<Site>;
  using MarkPointer = std::shared_ptr<BusyMark>;

  // Watching (dispatcher.cpp).
  void follow(policy::AttemptId const& id);
  DeskPointer desk_of(policy::ClusterName const& cluster);
  static boost::asio::awaitable<void> watch(Dispatcher* self, policy::ClusterName cluster, DeskPointer desk,
                                            std::chrono::steady_clock::time_point ask_at);
  void start_calls(policy::ClusterName const& cluster, DeskPointer const& desk);
  boost::asio::awaitable<void> ask_for_list(SitePointer site, DeskPointer desk);
  void ask_about_each(Desk& desk);
  boost::asio::awaitable<void> give_up(DeskPointer desk, policy::ClusterName cluster);
  std::size_t moves_allowed();

  // One call each (calls.cpp).
  boost::asio::awaitable<void> send(SitePointer site, DeskPointer desk, policy::AttemptId id, MarkPointer mark);
  boost::asio::awaitable<void> inquire(SitePointer site, DeskPointer desk, policy::AttemptId id, MarkPointer mark);
  boost::asio::awaitable<void> end(SitePointer site, DeskPointer desk, policy::AttemptId id, MarkPointer mark);
  boost::asio::awaitable<void> stop_attempt(SitePointer site, DeskPointer desk, policy::AttemptId id, connectors::RemoteHandle handle,
                                            policy::Reason why);
  boost::asio::awaitable<void> stop_stray(SitePointer site, std::string credential, connectors::RemoteHandle handle);
  boost::asio::awaitable<void> take_status(SitePointer site, DeskPointer desk, policy::AttemptId id, connectors::RemoteStatus status,
                                           std::vector<connectors::RawReply> raw);
  boost::asio::awaitable<void> take_absence(SitePointer site, policy::AttemptId id, std::vector<connectors::RawReply> raw);
  boost::asio::awaitable<void> record(std::vector<policy::Event> events, std::vector<log::PrivatePart> parts);
  void take_fault(Site const& site, Desk& desk, std::string const& credential, connectors::Fault const& fault);
  void heard_from(Desk& desk, std::string const& credential);
  void not_heard_from(Desk& desk) const;

  policy::Attempt const* attempt(policy::AttemptId id) const;
  bool wants_stop(policy::Attempt const& attempt) const;
  bool meter_is_due(Desk const& desk, policy::AttemptId id) const;
  std::string credential_of(policy::Attempt const& attempt) const;
  std::optional<connectors::RemoteHandle> handle_of(Desk& desk, policy::Attempt const& attempt) const;

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  log::LedgerReader const& ledger_;
  Sites const& sites_;
  DispatchOptions const options_;
  std::map<policy::ClusterName, DeskPointer> desks_;
  Pace pace_;  ///< over all clusters
  std::int64_t moves_counted_at_ms_ = 0;
  std::int64_t move_credit_ms_ = 0;  ///< a move costs a minute divided by moves_per_minute
  bool stopping_ = false;
};

}  // namespace sluice::broker
