// Durable entries on their way to subscribers: history first, then what comes, each client at its own pace.
#pragma once

#include "broker/http/event_stream.hpp"
#include "broker/sequencer/sequencer.hpp"
#include "storage/log/ledger.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::broker {

/// What one subscriber wants to see, and may.
struct EventFilter {
  std::optional<policy::TenantName> tenant;  ///< only entries about this tenant; absent: all
  std::optional<policy::JobId> job;          ///< only entries about this job
  std::string type_prefix;                   ///< only types that begin so; empty: all
  std::optional<policy::Timestamp> until;    ///< when its reader's key expires: nothing is shown from then on
};

/// What an entry is about, as far as the contract's Event names it.
struct About {
  std::string_view type;  ///< the event's own literal
  std::optional<policy::JobId> job;
  std::optional<policy::AttemptId> attempt;
  std::optional<policy::TenantName> tenant;
  std::optional<policy::ClusterName> cluster;
  std::optional<policy::RoundNumber> round;
  std::optional<policy::Reason> reason;
};
/// `tenant_of_job` tells whose a job is.
About about(log::Sequence sequence, policy::Event const& event,
            std::function<std::optional<policy::TenantName>(policy::JobId)> const& tenant_of_job);
bool shows(EventFilter const& filter, About const& about);
/// The contract's Event.
std::string event_json(log::Sequence sequence, policy::Timestamp at, About const& about);

/// Lives on the loop.
class EventHub {
 public:
  EventHub(boost::asio::io_context& loop, Sequencer& sequencer, log::LedgerReader const& ledger);
  ~EventHub();

  /// A stream of everything from `from` on that the filter shows, forever; null when `owner` has `most` streams open already.
  std::shared_ptr<http::EventStream> open(EventFilter filter, log::Sequence from, std::string owner, std::size_t most);
  /// Up to `limit` events from `from` on, and where to go on. Looks at some hundred entries at most, so that it never holds the loop: ask
  /// again while it has not come to the log's end.
  std::pair<std::vector<std::string>, log::Sequence> read(EventFilter const& filter, log::Sequence from, std::size_t limit) const;
  /// Calls back once when an entry at or beyond `from` is durable, or when the hub closes.
  void on_entry(log::Sequence from, std::function<void()> callback);
  /// Whose job it is, open or finished; nullopt when there is no such job.
  std::optional<policy::TenantName> tenant_of(policy::JobId job) const;
  std::size_t streams() const { return clients_.size(); }
  /// Ends all streams and waits: the daemon stops.
  void close();
  bool closed() const { return closed_; }

 private:
  struct Client {
    EventFilter filter;
    log::Sequence next = 0;
    std::shared_ptr<http::EventStream> stream;
    std::string owner;
    bool reading = false;
  };
  void feed(std::shared_ptr<Client> const& client);
  void announce(std::vector<Committed> const& group);
  void end_streams_of_revoked_keys(std::vector<Committed> const& group);
  bool ended_with_its_key(Client const& client) const;
  void wake(log::Sequence size);
  bool owner_under_way(About const& about) const;

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  log::LedgerReader const& ledger_;
  std::list<std::shared_ptr<Client>> clients_;
  std::vector<std::pair<log::Sequence, std::function<void()>>> waiting_;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::broker
