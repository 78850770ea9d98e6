// Watching: which attempt needs which call, what a cluster's list says, and when a silent cluster is given up.
#include "broker/dispatch/dispatcher.hpp"

#include "broker/dispatch/listing.hpp"
#include "broker/dispatch/remote_events.hpp"
#include "broker/logging.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
using policy::AttemptStatus;

namespace {
constexpr std::size_t given_up_at_once_max = 64;  // a cluster that blinks must not fill a Group
constexpr std::int64_t lost_look_up_factor = 6;   // what a cluster that answers does not know may wait for two people's decision
}  // namespace

Dispatcher::Dispatcher(asio::io_context& loop, Sequencer& sequencer, log::LedgerReader const& ledger, Sites const& sites,
                       DispatchOptions options)
    : loop_(loop),
      sequencer_(sequencer),
      ledger_(ledger),
      sites_(sites),
      options_(std::move(options)),
      pace_(options_.calls_per_turn, options_.turn) {}

Dispatcher::~Dispatcher() { stop(); }

void Dispatcher::start() {
  for (auto const& [id, attempt] : sequencer_.state().attempts) follow(id);
  // Where we have an account something of ours may run that the state has done with: those clusters are asked for their list too.
  for (auto const& [id, account] : sequencer_.state().catalogue->accounts)
    if (!account.closed) desk_of(account.cluster);
  sequencer_.subscribe([this](std::vector<Committed> const& group) {
    for (Committed const& entry : group) {
      for (policy::AttemptId const id : entry.effects.attempts) follow(id);
      for (policy::JobId const job : entry.effects.jobs) {
        auto const it = sequencer_.state().jobs.find(job);
        if (it == sequencer_.state().jobs.end()) continue;
        for (auto each = sequencer_.state().attempts.lower_bound({job, 0});
             each != sequencer_.state().attempts.end() && each->first.job == job; ++each)
          follow(each->first);
      }
      if (std::holds_alternative<policy::DispatchResumed>(entry.stamped.event))
        for (auto& [cluster, desk] : desks_) desk->wake.cancel();
    }
  });
}

void Dispatcher::stop() {
  stopping_ = true;
  for (auto& [cluster, desk] : desks_) {
    desk->stopped = true;
    desk->wake.cancel();
  }
}

policy::Attempt const* Dispatcher::attempt(policy::AttemptId id) const {
  auto const it = sequencer_.state().attempts.find(id);
  return it == sequencer_.state().attempts.end() ? nullptr : &it->second;
}

void Dispatcher::follow(policy::AttemptId const& id) {
  policy::Attempt const* known = attempt(id);
  if (stopping_) return;
  bool const open = known != nullptr && (policy::is_live(known->status) || known->status == AttemptStatus::lost);
  if (!open) {  // settled or refused, or left for history with its job
    for (auto& [cluster, desk] : desks_)
      if (known == nullptr || cluster == known->allocation.cluster) desk->forget(id);
    return;
  }
  DeskPointer const desk = desk_of(known->allocation.cluster);
  if (desk->attempts.empty()) desk->silent_since_ms.reset();  // a silence that nobody waited through says nothing of this attempt
  desk->attempts.insert(id);
  bool const runs_quietly =
      (known->status == AttemptStatus::acknowledged || known->status == AttemptStatus::running) && !wants_stop(*known);
  if (runs_quietly) {
    desk->pending.erase(id);
  } else {
    desk->pending.insert(id);
  }
  desk->nudge();
}

DeskPointer Dispatcher::desk_of(policy::ClusterName const& cluster) {
  auto const it = desks_.find(cluster);
  if (it != desks_.end()) return it->second;
  auto desk = std::make_shared<Desk>(loop_);
  // Clusters take turns: were all asked at once, their lists would come at once, and every two seconds the loop would read all of them.
  auto const phase = options_.watch_every * (desks_.size() * 618 % 1'000) / 1'000;
  desks_.emplace(cluster, desk);
  asio::co_spawn(loop_, watch(this, cluster, desk, std::chrono::steady_clock::now() + phase), asio::detached);
  return desk;
}

asio::awaitable<void> Dispatcher::watch(Dispatcher* self, policy::ClusterName cluster, DeskPointer desk,
                                        std::chrono::steady_clock::time_point ask_at) {
  bool asked = false;
  while (!desk->stopped) {
    desk->nudged = false;
    self->start_calls(cluster, desk);
    std::int64_t const now_ms = self->sequencer_.now().ms;
    bool const due_anyway = !desk->listed_at_ms || now_ms - *desk->listed_at_ms >= self->options_.reconcile_every_ms;
    if (auto const now = std::chrono::steady_clock::now(); now >= ask_at && (!desk->attempts.empty() || due_anyway)) {
      ask_at = now + self->options_.watch_every;
      asked = true;
      SitePointer const site = self->sites_.find(cluster);
      if (site == nullptr) {
        self->not_heard_from(*desk);
      } else if (site->connector->capabilities().lists_attempts) {
        co_await self->ask_for_list(site, desk);
      } else {
        self->ask_about_each(*desk);
      }
      if (desk->stopped) co_return;
      co_await self->give_up(desk, cluster);
      if (desk->stopped) co_return;
    }
    bool const idle = asked && desk->attempts.empty();
    auto wake_at = idle ? std::chrono::steady_clock::now() + std::chrono::seconds(30) : ask_at;
    if (desk->nudged || desk->waits_for_turn) {
      wake_at = std::chrono::steady_clock::now() + self->options_.turn;
      desk->nudged = true;  // nobody cuts it short: each look goes through all that wants a call, and news comes thick when many have some
    }
    desk->wake.expires_at(wake_at);
    boost::system::error_code cancelled;
    co_await desk->wake.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

void Dispatcher::start_calls(policy::ClusterName const& cluster, DeskPointer const& desk) {
  SitePointer const site = sites_.find(cluster);
  auto const now = std::chrono::steady_clock::now();
  desk->waits_for_turn = site != nullptr && !pace_.has_room(now);  // then it is not even worth looking
  if (site == nullptr || desk->waits_for_turn) return;
  std::int64_t const now_ms = sequencer_.now().ms;
  auto const look_up_is_due = [&](policy::AttemptId id, std::int64_t since_ms, std::int64_t every_ms) {
    auto const before = desk->looked_up_at_ms.find(id);
    return now_ms - (before == desk->looked_up_at_ms.end() ? since_ms : before->second) >= every_ms;
  };
  // Not all that run there: finding their jobs among a million would take longer than a handler may.
  std::vector<policy::AttemptId> due_perhaps;
  std::ranges::set_union(desk->pending, desk->changed, std::back_inserter(due_perhaps));
  for (policy::AttemptId const id : due_perhaps) {
    if (desk->busy.size() >= options_.calls_per_cluster) return;
    if (desk->busy.contains(id)) continue;
    policy::Attempt const* known = attempt(id);
    if (known == nullptr) continue;
    bool const never_sent = desk->certainly_not_sent_since_ms.contains(id);
    enum class Due : std::uint8_t { nothing, send, ask, end } due = Due::nothing;
    if (known->status == AttemptStatus::allocated || (known->status == AttemptStatus::intended && never_sent)) {
      if (!sequencer_.state().governance.dispatch_frozen) due = Due::send;
    } else if (known->status == AttemptStatus::intended) {
      bool const listed = desk->changed.contains(id);  // no need to wait: the cluster has named it
      if (listed || (known->intended_at && look_up_is_due(id, known->intended_at->ms, options_.look_up_every_ms))) due = Due::ask;
    } else if (known->status == AttemptStatus::lost) {
      // Whether it was ever taken, and what became of it, only the cluster can say, once it answers again.
      if (desk->silent_since_ms || !look_up_is_due(id, 0, lost_look_up_factor * options_.look_up_every_ms)) continue;
      if (!is_superseded(sequencer_.state(), *known) || desk->changed.contains(id)) due = Due::ask;
    } else if (desk->changed.contains(id)) {
      due = Due::ask;
    } else if (wants_stop(*known) && known->remote && look_up_is_due(id, 0, options_.look_up_every_ms)) {
      due = Due::end;
    }
    if (due == Due::nothing) continue;
    if (!pace_.has_room(now)) {
      desk->waits_for_turn = true;
      return;
    }
    pace_.take();
    auto mark = std::make_shared<BusyMark>(desk, id);
    if (due == Due::send) {
      asio::co_spawn(loop_, send(site, desk, id, std::move(mark)), asio::detached);
      continue;
    }
    desk->looked_up_at_ms[id] = now_ms;
    if (due == Due::end) {
      asio::co_spawn(loop_, end(site, desk, id, std::move(mark)), asio::detached);
      continue;
    }
    desk->changed.erase(id);
    asio::co_spawn(loop_, inquire(site, desk, id, std::move(mark)), asio::detached);
  }
}

bool Dispatcher::wants_stop(policy::Attempt const& known) const {
  if (!policy::is_live(known.status)) return false;
  auto const job = sequencer_.state().jobs.find(known.id.job);
  return known.stop_intended || (job != sequencer_.state().jobs.end() && job->second->cancel_requested);
}

bool Dispatcher::meter_is_due(Desk const& desk, policy::AttemptId id) const {
  auto const before = desk.metered_at_ms.find(id);
  return before == desk.metered_at_ms.end() || sequencer_.now().ms - before->second >= options_.meter_every_ms;
}

// One list per account: accounts see only what is theirs.
asio::awaitable<void> Dispatcher::ask_for_list(SitePointer site, DeskPointer desk) {
  std::map<std::string, std::set<policy::AttemptId>> by_credential;
  for (auto const& [id, account] : sequencer_.state().catalogue->accounts)
    if (account.cluster == site->cluster && !account.closed) by_credential[account.credential.text];
  for (policy::AttemptId const id : desk->attempts)
    if (policy::Attempt const* known = attempt(id)) by_credential[credential_of(*known)];
  for (auto const& [credential, nothing] : by_credential) {
    connectors::Outcome<connectors::AttemptList> answer = co_await site->connector->attempts(credential);
    co_await asio::post(loop_, asio::use_awaitable);  // reading a long list was a handler's work; comparing it is another's
    if (desk->stopped) co_return;
    if (!answer) {
      take_fault(*site, *desk, credential, answer.error());
      continue;
    }
    heard_from(*desk, credential);
    desk->listed_at_ms = sequencer_.now().ms;
    Followed followed{.of_account = {}, .handles = desk->handles, .meter_due = {}};
    for (policy::AttemptId const id : desk->attempts) {
      policy::Attempt const* known = attempt(id);
      if (known == nullptr || credential_of(*known) != credential) continue;
      followed.of_account.insert(id);
      if (known->status == AttemptStatus::running && meter_is_due(*desk, id)) followed.meter_due.insert(id);
      static_cast<void>(handle_of(*desk, *known));
    }
    Listing const listing = compare(sequencer_.state(), followed, answer->value, options_.instance);
    for (policy::AttemptId const id : listing.changed)
      if (!desk->busy.contains(id)) desk->changed.insert(id);
    for (auto const& [id, handle] : listing.adopted)
      if (!desk->busy.contains(id)) desk->handles.emplace(id, handle);
    // Only what two lists in a row name is stopped: one alone may be older than what we have recorded since it was asked for.
    std::set<std::string> const before = std::exchange(desk->strays_seen[credential], {});
    for (Stray const& stray : listing.strays) {
      desk->strays_seen[credential].insert(stray.handle.id);
      if (!before.contains(stray.handle.id) || desk->strangers.contains(stray.name.text)) continue;
      bool const ours_to_stop = stray.kind != Stray::Kind::not_ours;
      log_line(Severity::warning, "stray_job",
               {{"cluster", site->cluster.text},
                {"name", stray.name.text},
                {"kind", std::string(name_of(stray.kind))},
                {"to_do", ours_to_stop ? "none: it is stopped, and nobody pays for it"
                                       : "find out who sent it: this log has not come so far; it is left alone"}});
      if (!ours_to_stop) {
        desk->strangers.insert(stray.name.text);  // told of once
        continue;
      }
      co_await stop_stray(site, credential, stray.handle);
      if (desk->stopped) co_return;
    }
  }
  if (!desk->changed.empty()) desk->nudge();
}

// Where there is no list, each attempt is asked about by itself.
void Dispatcher::ask_about_each(Desk& desk) {
  desk.listed_at_ms = sequencer_.now().ms;
  for (policy::AttemptId const id : desk.attempts) {
    policy::Attempt const* known = attempt(id);
    if (known == nullptr || desk.busy.contains(id)) continue;
    bool const there = known->status == AttemptStatus::acknowledged || known->status == AttemptStatus::running;
    if (there || is_superseded(sequencer_.state(), *known)) desk.changed.insert(id);
  }
  if (!desk.changed.empty()) desk.nudge();
}

std::size_t Dispatcher::moves_allowed() {
  std::int64_t const now_ms = sequencer_.now().ms;
  std::int64_t const cost_ms = 60'000 / options_.moves_per_minute;
  std::int64_t const passed_ms = moves_counted_at_ms_ == 0 ? 60'000 : now_ms - moves_counted_at_ms_;
  moves_counted_at_ms_ = now_ms;
  move_credit_ms_ = std::min<std::int64_t>(60'000, move_credit_ms_ + passed_ms);
  return cost_ms == 0 ? given_up_at_once_max : static_cast<std::size_t>(move_credit_ms_ / cost_ms);
}

// A silent cluster's attempts are lost; a lost attempt's job moves, at a limited rate, once a second run cannot meet the first.
asio::awaitable<void> Dispatcher::give_up(DeskPointer desk, policy::ClusterName cluster) {
  policy::Timestamp const now = sequencer_.now();
  bool const given_up = desk->silent_since_ms && now.ms - *desk->silent_since_ms >= options_.lost_after_ms;
  std::size_t const allowed = moves_allowed();
  std::size_t moves = 0;
  std::vector<policy::Event> lost;
  for (policy::AttemptId const id : desk->attempts) {
    policy::Attempt const* known = attempt(id);
    if (known == nullptr || known->allocation.cluster != cluster || known->status == AttemptStatus::allocated) continue;
    bool const was_lost = known->status == AttemptStatus::lost;
    if (was_lost ? known->fenced || is_superseded(sequencer_.state(), *known) : !given_up) continue;
    // Its run is over for certain once the limit the cluster enforces has passed since it started. What has not started could still
    // start when the cluster returns, so nothing bounds it: the cluster's own word, or a person, allows a second run.
    bool const moves_on = run_is_over(*known, now, options_.limit_grace_ms) && moves < allowed;
    if (was_lost && !moves_on) continue;
    if (moves_on) ++moves;
    lost.emplace_back(policy::AttemptLost{id, moves_on});
    if (lost.size() == given_up_at_once_max) break;
  }
  move_credit_ms_ -= static_cast<std::int64_t>(moves) * (60'000 / options_.moves_per_minute);
  if (!lost.empty() && given_up)
    log_line(Severity::warning, "attempts_given_up",
             {{"cluster", cluster.text}, {"attempts", std::to_string(lost.size())}, {"moving", std::to_string(moves)}});
  co_await record(std::move(lost), {});
}

std::optional<std::int64_t> Dispatcher::silent_ms(policy::ClusterName const& cluster) const {
  auto const it = desks_.find(cluster);
  if (it == desks_.end() || !it->second->silent_since_ms || it->second->attempts.empty()) return std::nullopt;
  return sequencer_.now().ms - *it->second->silent_since_ms;
}

std::size_t Dispatcher::calls_under_way() const {
  std::size_t calls = 0;
  for (auto const& [cluster, desk] : desks_) calls += desk->busy.size();
  return calls;
}

}  // namespace sluice::broker
