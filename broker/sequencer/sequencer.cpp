// Stamp, apply, append, release.
#include "broker/sequencer/sequencer.hpp"

#include "broker/sequencer/row_pages.hpp"
#include "policy/entry_check.hpp"
#include "policy/invariants.hpp"
#include "policy/state/rows.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cassert>
#include <chrono>
#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t submissions_per_turn = 64;  ///< applied before others on the loop get their turn
constexpr std::int64_t room_looked_at_every_ms = 1'000;

}  // namespace

Submission submission_of(std::vector<policy::Event> events) {
  auto list = std::make_shared<std::vector<policy::Event>>(std::move(events));
  auto next = std::make_shared<std::size_t>(0);
  Submission submission;
  submission.events = [list, next](policy::State const&, policy::Timestamp) -> std::optional<policy::Event> {
    if (*next == list->size()) return std::nullopt;
    return std::move((*list)[(*next)++]);
  };
  return submission;
}

std::expected<std::unique_ptr<Sequencer>, std::string> Sequencer::open(asio::io_context& loop, log::Ledger& ledger, Clock const& clock,
                                                                       std::string origin, SequencerOptions options, Fatal fatal) {
  std::unique_ptr<Sequencer> sequencer(new Sequencer(loop, ledger, clock, options, std::move(fatal)));
  RowPages pages(ledger);
  auto state = policy::load_state([&pages] { return pages.next(); });
  if (!pages.error().empty()) return std::unexpected("reading the state's rows: " + pages.error());
  if (!state) return std::unexpected("the state's rows: " + state.error());
  sequencer->state_ = std::move(*state);
  sequencer->durable_size_ = ledger.size();
  if (sequencer->state_.governance.sequence != ledger.size())
    return std::unexpected("the state's rows stand after entry " + std::to_string(sequencer->state_.governance.sequence) +
                           " but the log has " + std::to_string(ledger.size()) + " entries: rebuild the state from the log");
  if (ledger.size() > 0 && sequencer->state_.governance.origin != origin)
    return std::unexpected("this ledger belongs to the log \"" + sequencer->state_.governance.origin + "\", not to \"" + origin +
                           "\": correct log.origin in the configuration, or use another data directory");

  sequencer->committer_ = std::make_unique<Committer>(ledger, ledger.epoch() + 1,
                                                      [raw = sequencer.get(), alive = sequencer->alive_, &loop](Committer::Result result) {
                                                        auto shared = std::make_shared<Committer::Result>(std::move(result));
                                                        asio::post(loop, [raw, alive, shared] {
                                                          if (*alive) raw->on_appended(std::move(*shared));
                                                        });
                                                      });
  if (ledger.size() == 0) {
    policy::Timestamp const at = sequencer->now();
    auto const genesis = sequencer->append_event(at, policy::Genesis{std::move(origin)});
    auto const activated = genesis ? genesis : sequencer->append_event(at, policy::EngineActivated{});
    if (activated) return std::unexpected("the first entries were refused at " + activated->where);
    sequencer->schedule_pump();
  }
  sequencer->arm_timer();
  return sequencer;
}

Sequencer::Sequencer(asio::io_context& loop, log::Ledger&, Clock const& clock, SequencerOptions options, Fatal fatal)
    : loop_(loop), clock_(clock), options_(options), fatal_(std::move(fatal)), due_timer_(loop), became_idle_(loop) {}

Sequencer::~Sequencer() { *alive_ = false; }

policy::Timestamp Sequencer::now() const { return std::max(clock_.wall(), state_.governance.at); }

asio::awaitable<Outcome> Sequencer::submit(Submission submission) {
  auto started = [this](auto handler, Submission moved) { admit({std::move(moved), Handler(std::move(handler))}); };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Outcome)>(started, asio::use_awaitable,
                                                                                        std::move(submission));
}

asio::awaitable<void> Sequencer::settled() {
  if (state_.governance.sequence > durable_size_) co_await durable(state_.governance.sequence - 1);
}

asio::awaitable<void> Sequencer::durable(log::Sequence sequence) {
  while (sequence >= durable_size_ && !failed_) {
    // An empty submission is released with the Group that is open or under way when it is admitted.
    auto nothing = submission_of({});
    nothing.only_waits = true;
    Outcome const outcome = co_await submit(std::move(nothing));
    if (!outcome) co_return;
  }
}

void Sequencer::admit(Queued queued) {
  if (stopping_ || failed_) {
    auto const kind = failed_ ? Rejected::Kind::storage : Rejected::Kind::stopping;
    asio::post(loop_,
               [handler = std::move(queued.handler), kind]() mutable { std::move(handler)(std::unexpected(Rejected{kind, {}, 0})); });
    return;
  }
  if (waiting() >= options_.waiting_max) {
    asio::post(loop_, [handler = std::move(queued.handler)]() mutable {
      std::move(handler)(std::unexpected(Rejected{Rejected::Kind::overloaded, {}, 0}));
    });
    return;
  }
  waiting_.push_back(std::move(queued));
  schedule_pump();
}

asio::awaitable<void> Sequencer::finish_on_committer(Committer::Errand errand) {
  using Done = asio::any_completion_handler<void()>;
  auto start = [this](auto handler, Committer::Errand work) {
    auto shared = std::make_shared<Done>(std::move(handler));
    committer_->run([this, shared, work = std::move(work)](log::Ledger& ledger) {
      work(ledger);
      asio::post(loop_, [shared] { std::move (*shared)(); });
    });
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(start, asio::use_awaitable, std::move(errand));
}

// Submissions of one turn of the loop share a Group: the pump runs after the handlers that are ready now.
void Sequencer::schedule_pump() {
  if (pump_scheduled_) return;
  pump_scheduled_ = true;
  asio::post(loop_, [this, alive = alive_] {
    if (!*alive) return;
    pump_scheduled_ = false;
    pump();
  });
}

std::optional<policy::Refusal> Sequencer::append_event(policy::Timestamp at, policy::Event event) {
  log::Sequence const sequence = state_.governance.sequence;
  auto transition = policy::apply(state_, at, event);
  if (!transition) return std::move(transition.error());
  if (pending_.empty()) pending_.first = sequence;
  pending_.committed.push_back({sequence, {at, std::move(event)}, std::move(*transition)});
  policy::Stamped const& entry = pending_.committed.back().stamped;
  pending_.group.entries.push_back(log::encode_entry(entry));
  pending_.bytes += pending_.group.entries.back().size();
  log::collect_blobs(entry.event, pending_.group.blobs);
  if (auto const violation = policy::check_entry(state_, at, entry.event))
    fail("invariant broken, nothing was appended: " + *violation, true);
  return std::nullopt;
}

void Sequencer::apply_forced(policy::Timestamp at) {
  while (auto const forced = policy::next_forced(state_, at)) {
    auto const refusal = append_event(at, *forced);
    if (refusal) {
      fail("the state machine refused its own forced event at " + refusal->where, true);
      return;
    }
  }
}

void Sequencer::pump() {
  if (failed_) return;
  // While a Group is being synced the next one gathers; it is stamped and applied already, so the state runs ahead of the disk.
  if (!disk_has_room()) {
    refuse_for_want_of_room();
    hand_over_pending();
    if (idle()) became_idle_.cancel();
    arm_timer();
    return;
  }
  policy::Timestamp const at = now();
  apply_forced(at);
  for (std::size_t taken = 0; taken < submissions_per_turn && !waiting_.empty() && has_room(); ++taken) {
    Queued& queued = waiting_.front();  // stays there until it is through: fail() tells all that wait
    Applied applied{.first = state_.governance.sequence, .count = 0, .at = at};
    std::optional<Rejected> rejected;
    while (auto event = queued.submission.events(state_, at)) {
      log::Sequence const sequence = state_.governance.sequence;
      if (auto refusal = append_event(at, std::move(*event))) {
        rejected = Rejected{Rejected::Kind::refused, std::move(*refusal), applied.count};
        break;
      }
      if (failed_) return;  // every handler has been told, this one's too
      if (applied.count++ == 0) applied.first = sequence;
      if (queued.submission.applied) queued.submission.applied(sequence, pending_.committed.back().effects, pending_.group.private_parts);
      apply_forced(at);
      if (failed_) return;
    }
    if (applied.count > 0) {
      for (log::PrivatePart& part : queued.submission.private_parts) {
        pending_.bytes += part.bytes.size();
        pending_.group.private_parts.push_back(std::move(part));
      }
    }
    pending_.waiters.push_back({std::move(queued.handler), rejected ? Outcome(std::unexpected(std::move(*rejected))) : Outcome(applied)});
    waiting_.pop_front();
  }
  bool const more = !waiting_.empty() && has_room();
  if (more) {
    schedule_pump();  // others get their turn before the rest of this Group
  } else {
    hand_over_pending();
  }
  if (idle()) became_idle_.cancel();
  arm_timer();
}

bool Sequencer::has_room() const {
  return !failed_ && pending_.group.entries.size() < options_.group_entries_max && pending_.bytes < options_.group_bytes_max;
}

void Sequencer::refuse_for_want_of_room() {
  for (Queued& queued : std::exchange(waiting_, {})) {
    if (queued.submission.only_waits) {
      pending_.waiters.push_back(
          {std::move(queued.handler), Outcome(Applied{.first = state_.governance.sequence, .count = 0, .at = now()})});
      continue;
    }
    asio::post(loop_, [handler = std::move(queued.handler)]() mutable {
      std::move(handler)(std::unexpected(Rejected{Rejected::Kind::no_room, {}, 0}));
    });
  }
}

void Sequencer::hand_over_pending() {
  if (committing_ || failed_) return;
  if (pending_.empty()) {
    // Nothing was written and nothing is under way: what these waiters were told rests on a durable state.
    auto waiters = std::exchange(pending_.waiters, {});
    release(waiters);
    return;
  }
  auto changed = policy::take_changed_rows(state_);
  if (auto const violation = policy::check_touched(state_, changed)) {
    fail("invariant broken, nothing was appended: " + *violation, true);
    return;
  }
  // The next Group will be about as large: growing moves every event in it again.
  OpenGroup next;
  next.group.entries.reserve(pending_.group.entries.size());
  next.group.private_parts.reserve(pending_.group.private_parts.size());
  next.committed.reserve(pending_.committed.size());
  next.waiters.reserve(pending_.waiters.size());
  in_flight_ = std::exchange(pending_, std::move(next));
  committing_ = true;
  handed_over_at_ms_ = clock_.since_boot_ms();
  log::Derived derived{std::move(changed), policy::take_history_rows(state_)};
  committer_->hand_over(in_flight_.first, std::move(in_flight_.group), std::move(derived));
}

void Sequencer::on_appended(Committer::Result result) {
  if (failed_) return;
  if (!result) {
    fail("append failed: " + result.error().message, false);
    return;
  }
  committing_ = false;
  durable_size_ = result->size;
  OpenGroup done = std::exchange(in_flight_, {});
  // The disk first: what has gathered meanwhile need not wait until everybody has been told.
  if (!pending_.empty()) hand_over_pending();
  for (Subscriber const& subscriber : subscribers_) subscriber(done.committed);
  release(done.waiters);
  if (!waiting_.empty() || !pending_.waiters.empty()) schedule_pump();
  if (idle()) became_idle_.cancel();
}

bool Sequencer::idle() const { return failed_ || (!committing_ && pending_.empty() && waiting_.empty() && pending_.waiters.empty()); }

void Sequencer::release(std::vector<Waiter>& waiters) {
  for (Waiter& waiter : waiters) {
    asio::post(loop_, [handler = std::move(waiter.handler), outcome = std::move(waiter.outcome)]() mutable {
      std::move(handler)(std::move(outcome));
    });
  }
  waiters.clear();
}

void Sequencer::fail(std::string what, bool invariant) {
  if (failed_) return;
  failed_ = true;
  for (OpenGroup* group : {&in_flight_, &pending_}) {
    for (Waiter& waiter : group->waiters) waiter.outcome = std::unexpected(Rejected{Rejected::Kind::storage, {}, 0});
    release(group->waiters);
  }
  for (Queued& queued : std::exchange(waiting_, {})) {
    asio::post(loop_, [handler = std::move(queued.handler)]() mutable {
      std::move(handler)(std::unexpected(Rejected{Rejected::Kind::storage, {}, 0}));
    });
  }
  became_idle_.cancel();
  fatal_(std::move(what), invariant);
}

void Sequencer::arm_timer() {
  if (state_.due.empty() || failed_) return;
  // The steady clock only wakes us; what is due is decided by the time the next Group is stamped with.
  // What is due while the disk has no room is looked at again after a while.
  std::int64_t const soonest_ms = disk_has_room() ? 1 : room_looked_at_every_ms;
  std::int64_t const wait_ms = std::max(soonest_ms, state_.due.begin()->at.ms - now().ms);
  due_timer_.expires_after(std::chrono::milliseconds(std::min<std::int64_t>(wait_ms, policy::ms_per_hour)));
  due_timer_.async_wait([this, alive = alive_](boost::system::error_code const& error) {
    if (!*alive || error) return;
    schedule_pump();
  });
}

asio::awaitable<void> Sequencer::stop() {
  stopping_ = true;
  due_timer_.cancel();
  while (!idle()) {
    became_idle_.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code cancelled;
    co_await became_idle_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

}  // namespace sluice::broker
