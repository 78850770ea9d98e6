// Rounds, one after the other.
#include "broker/rounds/round_runner.hpp"

#include "broker/rounds/round_index.hpp"
#include "policy/placing.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

/// A placement takes some 20 µs and a submission is applied in one go: so many hold the loop for a millisecond or two.
constexpr std::size_t placements_per_turn = 64;

}  // namespace

RoundRunner::RoundRunner(asio::io_context& loop, Sequencer& sequencer, FreshOffers fresh_offers, RoundOptions options)
    : loop_(loop),
      sequencer_(sequencer),
      fresh_offers_(std::move(fresh_offers)),
      options_(options),
      decider_(options.solver_effort),
      wake_(loop) {}

RoundRunner::~RoundRunner() = default;

void RoundRunner::nudge() {
  if (nudged_) return;
  nudged_ = true;
  wake_.cancel();
}

void RoundRunner::stop() {
  stopping_ = true;
  wake_.cancel();
}

bool RoundRunner::worth_a_round() const {
  policy::State const& state = sequencer_.state();
  return state.queue.size() > 0 && !state.governance.rounds_paused && state.round.phase == policy::RoundPhase::idle;
}

asio::awaitable<void> RoundRunner::run() {
  if (sequencer_.state().round.phase != policy::RoundPhase::idle) co_await abandon(policy::Reason::none, "the daemon restarted");
  boost::system::error_code cancelled;
  while (!stopping_) {
    if (!nudged_) {
      if (sequencer_.state().queue.size() > 0) {
        wake_.expires_after(options_.longest_pause);
      } else {
        wake_.expires_at(asio::steady_timer::time_point::max());
      }
      cancelled.clear();
      co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      if (!cancelled) nudged_ = true;  // the pause is over
      continue;
    }
    wake_.expires_after(options_.gather);
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (stopping_) co_return;
    nudged_ = false;
    if (worth_a_round()) co_await run_one_round();
    // A round whose end could not be written, for want of room on the disk, is not left open.
    if (!stopping_ && sequencer_.state().round.phase != policy::RoundPhase::idle)
      co_await abandon(policy::Reason::none, "its end could not be written");
  }
}

asio::awaitable<void> RoundRunner::run_one_round() {
  // 1. What is known of the offers becomes part of the log, so that replay sees what the decision saw.
  std::optional<Submission> observed = fresh_offers_();
  if (observed) co_await sequencer_.submit(std::move(*observed));

  // 2. Open the round and pin the state exactly as it stands after that entry.
  policy::RoundNumber const number{sequencer_.state().round.round.value + 1};
  std::vector<policy::Event> opening;
  opening.emplace_back(policy::RoundOpened{number});
  Submission open = submission_of(std::move(opening));
  std::shared_ptr<policy::PinnedMarket const> market;
  open.applied = [&market, this](log::Sequence, policy::Effects const&, std::vector<log::PrivatePart>&) {
    market = std::make_shared<policy::PinnedMarket const>(sequencer_.state(), sequencer_.state().governance.at);
  };
  Outcome const opened = co_await sequencer_.submit(std::move(open));
  if (!opened || !market) co_return;
  ++figures_.opened;

  // 3. Decide off the loop.
  deciding_ = true;
  std::expected<Decision, std::string> decision = co_await decision_on(std::move(market));
  deciding_ = false;
  if (!decision) {
    co_await abandon(policy::Reason::certificate_refused, decision.error());
    co_return;
  }
  figures_.last_build_ms = decision->build_ms;
  figures_.last_solve_ms = decision->solve_ms;
  figures_.last_check_ms = decision->check_ms;

  // 4. Record the decision with its proof, then carry it out on the state as it is by then.
  std::int64_t const gap = gap_ppm(decision->event.cost, decision->event.bound);
  std::vector<policy::Event> decided;
  decided.emplace_back(std::move(decision->event));
  Submission decide = submission_of(std::move(decided));
  Outcome const recorded = co_await sequencer_.submit(std::move(decide));
  if (!recorded) {
    co_await abandon(policy::Reason::none, "the decision was refused");
    co_return;
  }
  ++figures_.decided;
  figures_.last_decided = RoundFigures::Decided{number, recorded->at, gap};
  while (co_await place_all()) {
  }
}

/// Places up to one Group's worth; true while placements are left.
asio::awaitable<bool> RoundRunner::place_all() {
  Submission batch;
  auto left = std::make_shared<std::size_t>(std::min(options_.allocations_per_group, placements_per_turn));
  batch.events = [left](policy::State const& state, policy::Timestamp at) -> std::optional<policy::Event> {
    if (*left == 0) return std::nullopt;
    --*left;
    return policy::next_placement(state, at);
  };
  Outcome const placed = co_await sequencer_.submit(std::move(batch));
  co_return placed.has_value() && sequencer_.state().round.phase == policy::RoundPhase::decided;
}

asio::awaitable<void> RoundRunner::abandon(policy::Reason reason, std::string why) {
  ++figures_.abandoned;
  figures_.last_failure = std::move(why);
  std::vector<policy::Event> events;
  events.emplace_back(policy::RoundAbandoned{reason, sequencer_.state().round.round});
  Submission submission = submission_of(std::move(events));
  co_await sequencer_.submit(std::move(submission));
}

asio::awaitable<std::expected<Decision, std::string>> RoundRunner::decision_on(std::shared_ptr<policy::PinnedMarket const> market) {
  using Result = std::expected<Decision, std::string>;
  using Handler = asio::any_completion_handler<void(Result)>;
  auto start = [this](auto handler, std::shared_ptr<policy::PinnedMarket const> pinned) {
    auto shared = std::make_shared<Handler>(std::move(handler));
    decider_.decide(std::move(pinned), [this, shared](Result result) {
      auto answer = std::make_shared<Result>(std::move(result));
      asio::post(loop_, [shared, answer] { std::move (*shared)(std::move(*answer)); });
    });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result)>(start, asio::use_awaitable, std::move(market));
}

}  // namespace sluice::broker
