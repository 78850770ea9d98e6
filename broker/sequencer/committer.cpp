// The committer's thread.
#include "broker/sequencer/committer.hpp"

#include <pthread.h>

#include <utility>

namespace sluice::broker {

Committer::Committer(log::Ledger& ledger, log::Epoch epoch, Done done)
    : ledger_(ledger), epoch_(epoch), done_(std::move(done)), thread_([this](std::stop_token stop) { loop(stop); }) {
  pthread_setname_np(thread_.native_handle(), "sluice-commit");
}

Committer::~Committer() {
  thread_.request_stop();
  wake_.notify_all();
}

void Committer::hand_over(log::Sequence first, log::Group group, log::Derived derived) {
  {
    std::lock_guard const lock(mutex_);
    queue_.push_back({first, std::move(group), std::move(derived), {}});
  }
  wake_.notify_one();
}

void Committer::run(Errand errand) {
  {
    std::lock_guard const lock(mutex_);
    queue_.push_back({0, {}, {}, std::move(errand)});
  }
  wake_.notify_one();
}

void Committer::loop(std::stop_token stop) {
  bool poisoned = false;
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    if (work.errand) {
      work.errand(ledger_);
      continue;
    }
    if (poisoned) {
      done_(std::unexpected(log::AppendError{log::AppendError::Kind::poisoned, "an earlier append failed"}));
      continue;
    }
    Result result = ledger_.append(epoch_, work.first, work.group, work.derived);
    poisoned = !result.has_value();
    done_(std::move(result));
  }
}

}  // namespace sluice::broker
