// One coroutine per cluster asks for offers and voucher terms; what it learns waits here until a round needs it.
#pragma once

#include "broker/polling/observation.hpp"
#include "broker/sequencer/sequencer.hpp"
#include "broker/sites.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace sluice::broker {

struct PollOptions {
  std::string instance = "sluice";                          ///< how our attempts are named at sites
  std::int64_t evidence_kept_ms = 90 * policy::ms_per_day;  ///< raw answers behind logged observations
};

/// How the last conversation with a cluster went, for `/v1/clusters`, metrics and readiness.
struct PollHealth {
  std::uint64_t answers = 0;
  std::uint64_t faults = 0;
  std::optional<policy::Timestamp> last_answer;
  std::string last_fault;           ///< for people; empty after an answer
  bool credential_refused = false;  ///< nothing is asked until the credential changes or an operator resumes the cluster
  std::vector<std::string> doubts;
};

/// Lives on the loop. Observations that a decision would not notice are not logged.
class Poller {
 public:
  Poller(boost::asio::io_context& loop, Sequencer& sequencer, Sites const& sites, PollOptions options);
  ~Poller();

  /// Starts polling clusters that have a site and stops those that no longer have one. Call after every change of the sites.
  void follow_sites();
  void stop();

  /// Called when an observation came in that differs from what the log says: a round may be worth opening.
  void on_news(std::function<void()> news) { news_ = std::move(news); }
  /// Everything learnt and not logged that a decision could notice, as one submission with its evidence.
  std::optional<Submission> take_fresh();

  std::map<policy::ClusterName, PollHealth> const& health() const { return health_; }

 private:
  struct Learnt {
    policy::OffersObserved observation;
    std::string evidence;
  };
  struct Watch {
    explicit Watch(boost::asio::io_context& loop) : pause(loop) {}
    boost::asio::steady_timer pause;
    bool stopped = false;
  };
  static boost::asio::awaitable<void> watch(Poller* self, policy::ClusterName cluster, std::shared_ptr<Watch> watch);
  boost::asio::awaitable<void> ask(std::shared_ptr<Site> site);
  void learn(policy::ClusterName const& cluster, Learnt learnt);

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  Sites const& sites_;
  PollOptions const options_;
  std::function<void()> news_;
  std::map<policy::ClusterName, std::shared_ptr<Watch>> watches_;
  std::map<policy::ClusterName, Learnt> learnt_;
  std::map<policy::ClusterName, PollHealth> health_;
};

}  // namespace sluice::broker
