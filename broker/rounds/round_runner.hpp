// When a round opens, and how its decision becomes allocations.
#pragma once

#include "broker/rounds/decider.hpp"
#include "broker/sequencer/sequencer.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::broker {

struct RoundOptions {
  std::chrono::milliseconds gather{500};            ///< a round opens this long after the first relevant change, to share one decision
  std::chrono::milliseconds longest_pause{30'000};  ///< while jobs wait, a round opens at least so often: waiting weighs more with age
  std::size_t allocations_per_group = 512;          ///< interleaved with submissions
  std::uint32_t solver_effort = 100;                ///< iterations
};

/// What the last rounds did, for metrics and `/v1/status`.
struct RoundFigures {
  std::uint64_t opened = 0;
  std::uint64_t decided = 0;
  std::uint64_t abandoned = 0;
  std::int64_t last_build_ms = 0;
  std::int64_t last_solve_ms = 0;
  std::int64_t last_check_ms = 0;
  struct Decided {
    policy::RoundNumber number;
    policy::Timestamp at;
    std::int64_t gap_ppm = 0;
  };
  std::optional<Decided> last_decided;  ///< since the daemon started
  std::string last_failure;             ///< why the last abandoned round was; empty when none was
};

/// One round at a time: offers as last seen, round.opened, decision off the loop, round.decided, allocations on the state as it is by then.
class RoundRunner {
 public:
  /// What was observed since the last round and could change a decision, to be logged before it; nullopt when nothing was.
  using FreshOffers = std::function<std::optional<Submission>()>;

  RoundRunner(boost::asio::io_context& loop, Sequencer& sequencer, FreshOffers fresh_offers, RoundOptions options);
  ~RoundRunner();

  /// Something changed that the next round could decide differently on. Cheap; call often.
  void nudge();
  /// Runs until the loop ends. Abandons a round that a former process left open.
  boost::asio::awaitable<void> run();
  void stop();

  RoundFigures const& figures() const { return figures_; }
  /// While a solve is under way: destroying this waits for it, however long it takes.
  bool deciding() const { return deciding_; }

 private:
  boost::asio::awaitable<void> run_one_round();
  boost::asio::awaitable<void> abandon(policy::Reason reason, std::string why);
  boost::asio::awaitable<bool> place_all();
  boost::asio::awaitable<std::expected<Decision, std::string>> decision_on(std::shared_ptr<policy::PinnedMarket const> market);
  bool worth_a_round() const;

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  FreshOffers const fresh_offers_;
  RoundOptions const options_;
  Decider decider_;
  boost::asio::steady_timer wake_;
  bool nudged_ = false;
  bool stopping_ = false;
  bool deciding_ = false;
  RoundFigures figures_;
};

}  // namespace sluice::broker
