// The one thread that appends: takes Groups in order, makes each durable, and reports back.
#pragma once

#include "storage/log/ledger.hpp"

#include <condition_variable>
#include <deque>
#include <expected>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace sluice::broker {

/// Groups go in from the loop; `done` is called on the committer's own thread, once per Group, in order. After the first error no
/// further Group is tried: the writer is poisoned, and only a restart that adopts what is on disk can tell what happened.
class Committer {
 public:
  using Result = std::expected<log::Appended, log::AppendError>;
  using Done = std::function<void(Result)>;
  /// Work on the ledger that belongs to the committer's thread beside appends: erasing an owner, purging what has expired.
  using Errand = std::function<void(log::Ledger&)>;

  Committer(log::Ledger& ledger, log::Epoch epoch, Done done);
  /// Finishes what was handed over, then ends the thread.
  ~Committer();

  void hand_over(log::Sequence first, log::Group group, log::Derived derived);
  void run(Errand errand);

 private:
  struct Work {
    log::Sequence first = 0;
    log::Group group;
    log::Derived derived;
    Errand errand;  ///< when set, the rest is empty
  };
  void loop(std::stop_token stop);

  log::Ledger& ledger_;
  log::Epoch const epoch_;
  Done const done_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Work> queue_;
  std::jthread thread_;
};

}  // namespace sluice::broker
