// Periodic work, off the loop where it takes long.
#include "broker/housekeeping.hpp"

#include "broker/logging.hpp"
#include "broker/sequencer/row_pages.hpp"
#include "policy/invariants.hpp"
#include "policy/state/rows.hpp"
#include "storage/log/event_codec.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <stop_token>
#include <string_view>
#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t purge_at_once = 1'000;
constexpr std::string_view digest_entry = R"({"@":"state.digested/)";

asio::awaitable<void> record(Sequencer* sequencer, policy::StateDigested digest) {
  std::vector<policy::Event> events;
  events.emplace_back(digest);
  Submission submission = submission_of(std::move(events));
  co_await sequencer->submit(std::move(submission));
}

}  // namespace

std::expected<LastDigest, std::string> find_last_digest(log::LedgerReader const& ledger, std::uint64_t entries) {
  LastDigest last;
  log::EntryDecoder decoder;
  std::string wrong;
  std::uint64_t const first = ledger.size() - std::min(ledger.size(), entries);
  auto const scanned = ledger.scan_entries(first, ledger.size() - first, [&](log::Sequence sequence, std::string_view bytes) {
    bool const begins_the_log = sequence == 0;
    if (!begins_the_log && !bytes.starts_with(digest_entry)) return true;
    auto const stamped = decoder.decode(bytes);
    if (!stamped) {
      wrong = "entry " + std::to_string(sequence) + ": " + stamped.error();
      return false;
    }
    last = {begins_the_log ? 0 : sequence + 1, policy::shanghai_day(stamped->at)};
    return true;
  });
  if (!scanned) return std::unexpected(scanned.error().message);
  if (!wrong.empty()) return std::unexpected(wrong);
  return last;
}

Housekeeping::Housekeeping(asio::io_context& loop, Sequencer& sequencer, log::Ledger& ledger, HousekeepingOptions options, Alarm alarm)
    : loop_(loop), sequencer_(sequencer), ledger_(ledger), options_(options), alarm_(std::move(alarm)), timer_(loop) {}

Housekeeping::~Housekeeping() {
  *alive_ = false;
  timer_.cancel();
}

void Housekeeping::start() {
  finish_erasures();
  look_back();
}

void Housekeeping::stop() { timer_.cancel(); }

// An erasure is an entry first, and then the end of the key: whatever a crash came between is finished here. Erasing twice is harmless.
void Housekeeping::finish_erasures() {
  for (auto const& [name, tenant] : sequencer_.state().tenants) {
    if (tenant.status != policy::TenantStatus::erased) continue;
    sequencer_.run_on_committer([owner = name.text](log::Ledger& ledger) {
      if (auto const erased = ledger.erase_owner(owner); !erased)
        log_line(Severity::error, "erasure_unfinished", {{"tenant", owner}, {"what", erased.error().message}});
    });
  }
}

// A restart must not put off a digest that is due.
void Housekeeping::look_back() {
  examining_ = true;
  std::shared_ptr<log::LedgerReader> snapshot = ledger_.snapshot();
  examiner_ = std::jthread([this, snapshot, alive = alive_] {
    auto found = find_last_digest(*snapshot, options_.digest_every_entries);
    asio::post(loop_, [this, alive, found = std::move(found)] {
      if (!*alive) return;
      examining_ = false;
      if (!found) return alarm_(found.error());
      digested_ = *found;
      tick();
    });
  });
}

bool Housekeeping::digest_due(std::uint64_t size) const {
  return size >= digested_.size + options_.digest_every_entries || policy::shanghai_day(sequencer_.now()) != digested_.day;
}

void Housekeeping::tick() {
  std::int64_t const now_ms = sequencer_.now().ms;
  bool const check_due = checked_at_ms_ < 0 || now_ms - checked_at_ms_ >= options_.full_check_every_ms;
  bool const small_enough = sequencer_.state().jobs.size() <= options_.full_check_jobs_max;
  if (!examining_ && (digest_due(ledger_.size()) || (check_due && small_enough))) {
    if (check_due) checked_at_ms_ = now_ms;
    examine(check_due && small_enough);
  }
  if (!purging_) purge();
  timer_.expires_after(options_.tick_every);
  timer_.async_wait([this, alive = alive_](boost::system::error_code const& error) {
    if (*alive && !error) tick();
  });
}

// A batch at a time, so that appends come between; again at once while there is more, or a busy day would outrun the purge.
void Housekeeping::purge() {
  purging_ = true;
  std::int64_t const now_ms = sequencer_.now().ms;
  sequencer_.run_on_committer([this, now_ms, alive = alive_, &loop = loop_](log::Ledger& ledger) {
    // A failed purge is tried again at the next tick; a poisoned ledger is noticed by the next append.
    auto const purged = ledger.purge_expired(now_ms, purge_at_once);
    bool const more = purged && *purged == purge_at_once;
    asio::post(loop, [this, alive, more] {
      if (!*alive) return;
      purging_ = false;
      if (more) purge();
    });
  });
}

void Housekeeping::examine(bool full) {
  examining_ = true;
  std::shared_ptr<log::LedgerReader> snapshot = ledger_.snapshot();
  examiner_ = std::jthread([this, snapshot, full, alive = alive_](std::stop_token stop) {
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 15);
    policy::RowDigest digest;
    std::string wrong;
    RowPages pages(*snapshot);
    while (auto const row = pages.next()) {
      if (stop.stop_requested()) return;  // a stopping daemon does not wait for a million rows
      digest.add(row->first, row->second);
    }
    wrong = pages.error();
    policy::Hash const value = digest.finish();
    if (full && wrong.empty()) {
      RowPages again(*snapshot);
      auto const state = policy::load_state([&again, &stop] { return stop.stop_requested() ? std::nullopt : again.next(); });
      if (stop.stop_requested()) return;
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
  if (size == 0 || !digest_due(size)) return;
  digested_ = {size, policy::shanghai_day(sequencer_.now())};
  asio::co_spawn(loop_, record(&sequencer_, policy::StateDigested{digest, size - 1}), asio::detached);
}

}  // namespace sluice::broker
