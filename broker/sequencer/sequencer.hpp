// The only writer: stamps events, applies them, appends them in Groups, and only then lets anyone know.
#pragma once

#include "broker/clock.hpp"
#include "broker/sequencer/committer.hpp"
#include "policy/apply.hpp"
#include "storage/log/event_codec.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::broker {

/// What became of a submission's events, once durable.
struct Applied {
  log::Sequence first = 0;  ///< sequence of its first own event (forced events may stand before it)
  std::size_t count = 0;    ///< own events applied
  policy::Timestamp at;
};

/// Why a submission was not applied, or not wholly.
struct Rejected {
  enum class Kind : std::uint8_t {
    refused,     ///< the state machine said no; nothing of the refused event happened
    overloaded,  ///< too much waits already: try again later
    stopping,    ///< the daemon is going down; nothing happened
    no_room,     ///< the disk is nearly full; nothing happened
    storage,     ///< the append failed or its outcome is unknown: the daemon restarts and adopts what is on disk
  };
  Kind kind = Kind::refused;
  policy::Refusal refusal;  ///< for `refused`
  std::size_t applied = 0;  ///< events of the same submission that did apply before it
};

using Outcome = std::expected<Applied, Rejected>;

/// Gives a submission's next event for the state as it is, at the time it will be stamped with; nullopt ends it.
using EventSource = std::function<std::optional<policy::Event>(policy::State const&, policy::Timestamp)>;

/// A unit that stays together: its events are applied back to back and appended in one Group.
struct Submission {
  EventSource events;
  std::vector<log::PrivatePart> private_parts;
  /// Called right after each own event was applied, still before anything is durable: may pin a view or add private parts that depend on
  /// the sequence number (a stored answer). Must not submit.
  std::function<void(log::Sequence, policy::Effects const&, std::vector<log::PrivatePart>&)> applied;
  bool only_waits = false;  ///< has no events: wants to know when what was applied before is durable
};

/// A submission of events known beforehand.
Submission submission_of(std::vector<policy::Event> events);

/// One durable entry as subscribers see it.
struct Committed {
  log::Sequence sequence = 0;
  policy::Stamped stamped;
  policy::Effects effects;
};

struct SequencerOptions {
  std::size_t group_entries_max = 2'048;   ///< a Group is closed at this many entries
  std::size_t group_bytes_max = 4u << 20;  ///< or at this many bytes of entries and private parts
  std::size_t waiting_max = 20'000;        ///< submissions that may wait for their Group; beyond: overloaded
  /// Whether the disk has room for another Group. While it has not, nothing is applied, so that the state never runs ahead of a disk that
  /// cannot follow: reads go on, and everything that would write is refused. Absent: always.
  std::function<bool()> disk_has_room;
};

/// Lives on the loop; not thread-safe. Nothing leaves it before batch and high-water mark are synced.
class Sequencer {
 public:
  /// Called on the loop with every durable Group, in order.
  using Subscriber = std::function<void(std::vector<Committed> const&)>;
  /// Called on the loop once, when the writer can no longer be trusted: the daemon must exit and start again.
  using Fatal = std::function<void(std::string what, bool invariant)>;

  /// Loads the state from the ledger's rows; a new ledger gets genesis and engine.activated. Error: what is wrong with the stored state.
  static std::expected<std::unique_ptr<Sequencer>, std::string> open(boost::asio::io_context& loop, log::Ledger& ledger, Clock const& clock,
                                                                     std::string origin, SequencerOptions options, Fatal fatal);
  ~Sequencer();
  Sequencer(Sequencer const&) = delete;
  Sequencer& operator=(Sequencer const&) = delete;

  void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

  /// Returns when the submission's events are durable, or were refused on a durable state.
  boost::asio::awaitable<Outcome> submit(Submission submission);
  /// Returns when everything applied so far is durable: what was read from state() before may then be shown.
  boost::asio::awaitable<void> settled();
  /// Returns at once when entry `sequence` is durable, else when it is.
  boost::asio::awaitable<void> durable(log::Sequence sequence);

  /// The state as applied, which may be ahead of what is durable by the Groups under way.
  policy::State const& state() const { return state_; }
  log::Sequence durable_size() const { return durable_size_; }
  std::size_t waiting() const { return waiting_.size() + pending_.waiters.size() + in_flight_.waiters.size(); }
  /// How long the Group under way has been waiting for the disk; 0 when none is.
  std::int64_t append_under_way_ms() const { return committing_ ? clock_.since_boot_ms() - handed_over_at_ms_ : 0; }
  /// Time as the next entry would be stamped.
  policy::Timestamp now() const;

  /// Work on the ledger that belongs to the committer's thread; done some time after what was handed over before.
  void run_on_committer(Committer::Errand errand) { committer_->run(std::move(errand)); }
  /// The same, and returns when it is done.
  boost::asio::awaitable<void> finish_on_committer(Committer::Errand errand);

  /// No more submissions; returns when all earlier ones are durable.
  boost::asio::awaitable<void> stop();

 private:
  using Handler = boost::asio::any_completion_handler<void(Outcome)>;
  struct Waiter {
    Handler handler;
    Outcome outcome;
  };
  struct Queued {
    Submission submission;
    Handler handler;
  };
  struct OpenGroup {
    log::Sequence first = 0;
    log::Group group;
    std::vector<Committed> committed;
    std::vector<Waiter> waiters;
    std::size_t bytes = 0;
    bool empty() const { return group.entries.empty(); }
  };

  Sequencer(boost::asio::io_context& loop, log::Ledger& ledger, Clock const& clock, SequencerOptions options, Fatal fatal);
  std::optional<policy::Refusal> append_event(policy::Timestamp at, policy::Event event);
  void apply_forced(policy::Timestamp at);
  void admit(Queued queued);
  void pump();
  void schedule_pump();
  bool has_room() const;  ///< in the Group that gathers
  void hand_over_pending();
  bool disk_has_room() const { return !options_.disk_has_room || options_.disk_has_room(); }
  void refuse_for_want_of_room();
  void on_appended(Committer::Result result);
  void arm_timer();
  void fail(std::string what, bool invariant);
  void release(std::vector<Waiter>& waiters);
  bool idle() const;

  boost::asio::io_context& loop_;
  Clock const& clock_;
  SequencerOptions const options_;
  Fatal const fatal_;
  policy::State state_;
  std::unique_ptr<Committer> committer_;
  std::vector<Subscriber> subscribers_;
  std::deque<Queued> waiting_;  ///< no vector: Boost 1.81 wraps a handler once more each time it is move-assigned
  OpenGroup pending_;
  OpenGroup in_flight_;
  bool committing_ = false;
  std::int64_t handed_over_at_ms_ = 0;
  bool pump_scheduled_ = false;
  bool stopping_ = false;
  bool failed_ = false;
  log::Sequence durable_size_ = 0;
  boost::asio::steady_timer due_timer_;
  boost::asio::steady_timer became_idle_;                       ///< never expires; cancelled when stop() may go on
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< false once destroyed: the committer's late posts then do nothing
};

}  // namespace sluice::broker
