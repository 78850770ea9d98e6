// What has to be done from time to time: state digests, full invariant checks, purging what has expired.
#pragma once

#include "broker/sequencer/sequencer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

namespace sluice::broker {

struct HousekeepingOptions {
  std::uint64_t digest_every_entries = 100'000;  ///< a digest is recorded at least so often, and daily
  std::int64_t full_check_every_ms = 3'600'000;  ///< all invariants on a snapshot of the database: at start and then so often
  std::size_t full_check_jobs_max = 250'000;     ///< with more open jobs the check would double the memory in use: digests go on alone
};

/// Lives on the loop; reads snapshots on a thread of its own.
class Housekeeping {
 public:
  /// Called on the loop when the database does not say what the invariants demand, or what was digested.
  using Alarm = std::function<void(std::string what)>;

  Housekeeping(boost::asio::io_context& loop, Sequencer& sequencer, log::Ledger& ledger, HousekeepingOptions options, Alarm alarm);
  ~Housekeeping();
  void start();
  void stop();

 private:
  void tick();
  void purge();
  void examine(bool full);
  void examined(std::uint64_t size, policy::Hash digest, std::string wrong);

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  log::Ledger& ledger_;
  HousekeepingOptions const options_;
  Alarm const alarm_;
  boost::asio::steady_timer timer_;
  std::jthread examiner_;
  bool examining_ = false;
  std::uint64_t digested_size_ = 0;
  std::int64_t digested_day_ = 0;
  std::int64_t checked_at_ms_ = -1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::broker
