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

/// What one subscriber sees.
struct EventFilter {
  std::optional<policy::TenantName> tenant;  ///< only entries about this tenant; absent: all
};

/// An entry as the contract's Event; nullopt when the filter hides it. `tenant_of_job` tells whose a job is.
std::optional<std::string> event_json(log::Sequence sequence, policy::Stamped const& stamped, EventFilter const& filter,
                                      std::function<std::optional<policy::TenantName>(policy::JobId)> const& tenant_of_job);

/// Lives on the loop.
class EventHub {
 public:
  EventHub(boost::asio::io_context& loop, Sequencer& sequencer, log::LedgerReader const& ledger);
  ~EventHub();

  /// A stream of everything from `from` on that the filter shows, forever.
  std::shared_ptr<http::EventStream> open(EventFilter filter, log::Sequence from);
  /// Up to `limit` events from `from` on, and where to go on.
  std::pair<std::vector<std::string>, log::Sequence> read(EventFilter const& filter, log::Sequence from, std::size_t limit);
  /// Calls back once when an entry at or beyond `from` is durable, or never.
  void on_entry(log::Sequence from, std::function<void()> callback);
  /// Whose job it is, open or finished; nullopt when there is no such job.
  std::optional<policy::TenantName> tenant_of(policy::JobId job) const;
  std::size_t streams() const { return clients_.size(); }
  /// Ends all streams: the daemon stops.
  void close();

 private:
  struct Client {
    EventFilter filter;
    log::Sequence next = 0;
    std::shared_ptr<http::EventStream> stream;
    bool reading = false;
  };
  void feed(std::shared_ptr<Client> const& client);

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  log::LedgerReader const& ledger_;
  std::list<std::shared_ptr<Client>> clients_;
  std::vector<std::pair<log::Sequence, std::function<void()>>> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::broker
