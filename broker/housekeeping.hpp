// What has to be done from time to time: state digests, full invariant checks, purging what has expired; and at start, finishing erasures.
#pragma once

#include "broker/sequencer/sequencer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace sluice::broker {

struct HousekeepingOptions {
  std::chrono::milliseconds tick_every{10'000};  ///< how often it is asked what is due
  std::uint64_t digest_every_entries = 100'000;  ///< a digest is recorded at least so often, and daily
  std::int64_t full_check_every_ms = 3'600'000;  ///< all invariants on a snapshot of the database: at start and then so often
  std::size_t full_check_jobs_max = 250'000;     ///< with more open jobs the check would double the memory in use: digests go on alone
};

/// The last digest that is on record.
struct LastDigest {
  std::uint64_t size = 0;  ///< entries in the log up to and with it; 0: there is none yet
  std::int64_t day = 0;    ///< the day it was recorded, or the log begun
};

/// Looks through the last `entries` entries; whatever is older is as good as none. Error: the ledger cannot be read.
std::expected<LastDigest, std::string> find_last_digest(log::LedgerReader const& ledger, std::uint64_t entries);

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
  void finish_erasures();
  void look_back();
  void tick();
  void purge();
  void examine(bool full);
  void examined(std::uint64_t size, policy::Hash digest, std::string wrong);
  bool digest_due(std::uint64_t size) const;

  boost::asio::io_context& loop_;
  Sequencer& sequencer_;
  log::Ledger& ledger_;
  HousekeepingOptions const options_;
  Alarm const alarm_;
  boost::asio::steady_timer timer_;
  std::jthread examiner_;
  bool examining_ = false;
  bool purging_ = false;
  LastDigest digested_;
  std::int64_t checked_at_ms_ = -1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::broker
