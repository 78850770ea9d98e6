// Periodic work, off the loop where it takes long.
#include "broker/housekeeping.hpp"

#include "broker/sequencer/row_pages.hpp"
#include "policy/invariants.hpp"
#include "policy/state/rows.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

constexpr auto tick_every = std::chrono::seconds(10);
constexpr std::size_t purge_at_once = 1'000;

asio::awaitable<void> record(Sequencer* sequencer, policy::StateDigested digest) {
  std::vector<policy::Event> events;
  events.emplace_back(digest);
  Submission submission = submission_of(std::move(events));
  co_await sequencer->submit(std::move(submission));
}

}  // namespace

Housekeeping::Housekeeping(asio::io_context& loop, Sequencer& sequencer, log::Ledger& ledger, HousekeepingOptions options, Alarm alarm)
    : loop_(loop), sequencer_(sequencer), ledger_(ledger), options_(options), alarm_(std::move(alarm)), timer_(loop) {}

Housekeeping::~Housekeeping() {
  *alive_ = false;
  timer_.cancel();
}

void Housekeeping::start() {
  digested_size_ = ledger_.size();
  digested_day_ = policy::shanghai_day(sequencer_.now());
  tick();
}

void Housekeeping::stop() { timer_.cancel(); }

void Housekeeping::tick() {
  std::int64_t const day = policy::shanghai_day(sequencer_.now());
  std::int64_t const now_ms = sequencer_.now().ms;
  bool const digest_due = ledger_.size() >= digested_size_ + options_.digest_every_entries || day != digested_day_;
  bool const check_due = checked_at_ms_ < 0 || now_ms - checked_at_ms_ >= options_.full_check_every_ms;
  bool const small_enough = sequencer_.state().jobs.size() <= options_.full_check_jobs_max;
  if (!examining_ && (digest_due || (check_due && small_enough))) {
    if (check_due) checked_at_ms_ = now_ms;
    examine(check_due && small_enough);
  }
  purge();
  timer_.expires_after(tick_every);
  timer_.async_wait([this, alive = alive_](boost::system::error_code const& error) {
    if (*alive && !error) tick();
  });
}

void Housekeeping::purge() {
  std::int64_t const now_ms = sequencer_.now().ms;
  sequencer_.run_on_committer([now_ms](log::Ledger& ledger) {
    // A failed purge is tried again at the next tick; a poisoned ledger is noticed by the next append.
    static_cast<void>(ledger.purge_expired(now_ms, purge_at_once));
  });
}

void Housekeeping::examine(bool full) {
  examining_ = true;
  std::shared_ptr<log::LedgerReader> snapshot = ledger_.snapshot();
  examiner_ = std::jthread([this, snapshot, full, alive = alive_] {
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 15);
    policy::RowDigest digest;
    std::string wrong;
    RowPages pages(*snapshot);
    while (auto const row = pages.next()) digest.add(row->first, row->second);
    wrong = pages.error();
    policy::Hash const value = digest.finish();
    if (full && wrong.empty()) {
      RowPages again(*snapshot);
      auto const state = policy::load_state([&again] { return again.next(); });
      if (!state) {
        wrong = state.error();
      } else if (auto const broken = policy::check_all(*state)) {
        wrong = *broken;
      } else if (policy::digest(*state) != value) {
        wrong = "the state loaded from the rows does not give the rows back";
      }
    }
    std::uint64_t const size = snapshot->size();
    asio::post(loop_, [this, alive, size, value, wrong] {
      if (*alive) examined(size, value, wrong);
    });
  });
}

void Housekeeping::examined(std::uint64_t size, policy::Hash digest, std::string wrong) {
  examining_ = false;
  if (!wrong.empty()) {
    alarm_(std::move(wrong));
    return;
  }
  bool const due = size >= digested_size_ + options_.digest_every_entries || policy::shanghai_day(sequencer_.now()) != digested_day_;
  if (!due || size == 0) return;
  digested_size_ = size;
  digested_day_ = policy::shanghai_day(sequencer_.now());
  asio::co_spawn(loop_, record(&sequencer_, policy::StateDigested{digest, size - 1}), asio::detached);
}

}  // namespace sluice::broker
