// Attempts on their way to clusters and back.
#include "broker/dispatch/dispatcher.hpp"

#include "broker/dispatch/order.hpp"
#include "broker/dispatch/remote_events.hpp"
#include "broker/logging.hpp"
#include "broker/secrets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
using policy::AttemptStatus;

/// Marks an attempt as being talked about, from before the call's coroutine first runs until it has ended, however it ends.
class Dispatcher::BusyMark {
 public:
  BusyMark(DeskPointer desk, policy::AttemptId id) : desk_(std::move(desk)), id_(id) { desk_->busy.insert(id_); }
  ~BusyMark() { desk_->busy.erase(id_); }
  BusyMark(BusyMark const&) = delete;
  BusyMark& operator=(BusyMark const&) = delete;

 private:
  DeskPointer desk_;
  policy::AttemptId id_;
};

namespace {

std::string evidence_text(std::vector<connectors::RawReply> const& replies) {
  std::string text;
  for (connectors::RawReply const& reply : replies) text += reply.request + '\n' + std::to_string(reply.status) + '\n' + reply.body + '\n';
  return text;
}

/// Faults after which the cluster certainly has nothing of ours and a later try may go through.
bool may_try_again(connectors::Fault const& fault) {
  return !fault.outcome_unknown && (connectors::is_passing(fault.kind) || fault.kind == connectors::FaultKind::not_asked ||
                                    fault.kind == connectors::FaultKind::unauthorised);
}

}  // namespace

Dispatcher::Dispatcher(asio::io_context& loop, Sequencer& sequencer, log::LedgerReader const& ledger, Sites const& sites,
                       DispatchOptions options)
    : loop_(loop), sequencer_(sequencer), ledger_(ledger), sites_(sites), options_(std::move(options)) {}

Dispatcher::~Dispatcher() { stop(); }

void Dispatcher::start() {
  for (auto const& [id, attempt] : sequencer_.state().attempts) follow(id);
  sequencer_.subscribe([this](std::vector<Committed> const& group) {
    for (Committed const& entry : group) {
      for (policy::AttemptId const id : entry.effects.attempts) follow(id);
      for (policy::JobId const job : entry.effects.jobs) {
        auto const it = sequencer_.state().jobs.find(job);
        if (it != sequencer_.state().jobs.end() && it->second->attempts > 0)
          follow({job, static_cast<std::uint32_t>(it->second->attempts)});
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
  if (known == nullptr || stopping_) return;
  bool const open = policy::is_live(known->status) || known->status == AttemptStatus::lost;
  if (!open) {
    auto const it = desks_.find(known->allocation.cluster);
    if (it == desks_.end()) return;
    it->second->attempts.erase(id);
    it->second->metered_at_ms.erase(id);
    it->second->certainly_not_sent_since_ms.erase(id);
    return;
  }
  DeskPointer const desk = desk_of(known->allocation.cluster);
  desk->attempts.insert(id);
  if (!desk->nudged) {
    desk->nudged = true;
    desk->wake.cancel();
  }
}

Dispatcher::DeskPointer Dispatcher::desk_of(policy::ClusterName const& cluster) {
  auto const it = desks_.find(cluster);
  if (it != desks_.end()) return it->second;
  auto desk = std::make_shared<Desk>(loop_);
  desks_.emplace(cluster, desk);
  asio::co_spawn(loop_, watch(this, cluster, desk), asio::detached);
  return desk;
}

asio::awaitable<void> Dispatcher::watch(Dispatcher* self, policy::ClusterName cluster, DeskPointer desk) {
  auto asked_at = std::chrono::steady_clock::time_point{};
  while (!desk->stopped) {
    desk->nudged = false;
    self->start_calls(cluster, desk);
    auto const now = std::chrono::steady_clock::now();
    if (now - asked_at >= self->options_.watch_every && !desk->attempts.empty()) {
      asked_at = now;
      std::shared_ptr<Site> const site = self->sites_.find(cluster);
      if (site == nullptr) {
        self->not_heard_from(*desk);
      } else if (site->connector->capabilities().lists_attempts) {
        co_await self->ask_about_all(site, desk);
      } else {
        co_await self->ask_one_by_one(site, desk);
      }
      if (desk->stopped) co_return;
      co_await self->give_up(desk, cluster);
      if (desk->stopped) co_return;
    }
    if (desk->nudged) continue;
    if (desk->attempts.empty()) {
      desk->wake.expires_at(asio::steady_timer::time_point::max());
    } else {
      desk->wake.expires_after(self->options_.watch_every);
    }
    boost::system::error_code cancelled;
    co_await desk->wake.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

void Dispatcher::start_calls(policy::ClusterName const& cluster, DeskPointer const& desk) {
  std::shared_ptr<Site> const site = sites_.find(cluster);
  if (site == nullptr) return;
  policy::Timestamp const now = sequencer_.now();
  for (policy::AttemptId const id : desk->attempts) {
    if (desk->busy.size() >= options_.calls_per_cluster) return;
    if (desk->busy.contains(id)) continue;
    policy::Attempt const* known = attempt(id);
    if (known == nullptr) continue;
    auto const mark = [&] { return std::make_shared<BusyMark>(desk, id); };
    bool const never_sent = desk->certainly_not_sent_since_ms.contains(id);
    if (known->status == AttemptStatus::allocated || (known->status == AttemptStatus::intended && never_sent)) {
      if (!sequencer_.state().governance.dispatch_frozen) asio::co_spawn(loop_, send(site, desk, id, mark()), asio::detached);
    } else if (known->status == AttemptStatus::intended && known->intended_at &&
               now.ms - known->intended_at->ms >= options_.watch_every.count()) {
      asio::co_spawn(loop_, resolve(site, desk, id, mark()), asio::detached);
    } else if (wants_stop(*known) && known->remote) {
      asio::co_spawn(loop_, end(site, desk, id, mark()), asio::detached);
    }
  }
}

bool Dispatcher::wants_stop(policy::Attempt const& known) const {
  if (!policy::is_live(known.status) && known.status != AttemptStatus::lost) return false;
  if (known.status == AttemptStatus::lost) return known.fenced;  // given up, and back: it must not go on
  auto const job = sequencer_.state().jobs.find(known.id.job);
  return known.stop_intended || (job != sequencer_.state().jobs.end() && job->second->cancel_requested);
}

std::string Dispatcher::credential_of(policy::Attempt const& known) const {
  auto const& accounts = sequencer_.state().catalogue->accounts;
  auto const it = accounts.find(known.allocation.account);
  return it == accounts.end() ? std::string() : it->second.credential.text;
}

std::optional<connectors::RemoteHandle> Dispatcher::handle_of(policy::Attempt const& known) const {
  if (!known.remote) return std::nullopt;
  std::string const key(reinterpret_cast<char const*>(known.remote->bytes.data()), known.remote->bytes.size());
  auto const part = ledger_.private_part(log::PrivateKind::payload, "operator", key);
  if (!part || !*part) return std::nullopt;
  return connectors::RemoteHandle{std::string(content_of((*part)->bytes))};
}

asio::awaitable<void> Dispatcher::record(std::vector<policy::Event> events, std::vector<log::PrivatePart> parts) {
  if (events.empty()) co_return;
  Submission submission = submission_of(std::move(events));
  submission.private_parts = std::move(parts);
  // A refusal means that the state has moved on since; the next look at it decides anew.
  co_await sequencer_.submit(std::move(submission));
}

void Dispatcher::not_heard_from(Desk& desk) {
  if (!desk.silent_since_ms) desk.silent_since_ms = sequencer_.now().ms;
}

asio::awaitable<void> Dispatcher::send(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id,
                                       [[maybe_unused]] std::shared_ptr<BusyMark> mark) {
  policy::Attempt const* now_known = attempt(id);
  if (now_known == nullptr) co_return;
  if (now_known->status == AttemptStatus::allocated) {
    std::vector<policy::Event> intent;
    intent.emplace_back(policy::DispatchIntended{id});
    Submission submission = submission_of(std::move(intent));
    Outcome const intended = co_await sequencer_.submit(std::move(submission));
    if (!intended || desk->stopped) co_return;
  }
  policy::Attempt const* known = attempt(id);
  if (known == nullptr || known->status != AttemptStatus::intended) co_return;
  std::expected<connectors::DispatchOrder, policy::Reason> order =
      order_for_attempt(sequencer_.state(), ledger_, *site, *known, options_.instance);
  if (!order) {
    std::vector<policy::Event> refused;
    refused.emplace_back(policy::AttemptRefused{id, std::nullopt, order.error()});
    // Without its private part no cluster can ever run it: the job ends here rather than come round again.
    if (order.error() == policy::Reason::payload_missing) refused.emplace_back(policy::JobFailed{id.job, policy::Reason::payload_missing});
    co_await record(std::move(refused), {});
    co_return;
  }
  std::string const credential = credential_of(*known);
  connectors::Outcome<connectors::DispatchReceipt> answer = co_await site->connector->dispatch(credential, std::move(*order));
  if (desk->stopped) co_return;
  if (answer) {
    heard_from(*desk);
    desk->certainly_not_sent_since_ms.erase(id);
    co_await take_status(site, desk, id, std::move(answer->value.status), std::move(answer->raw));
    co_return;
  }
  connectors::Fault const& fault = answer.error();
  if (fault.outcome_unknown) {  // the next look-up tells
    desk->certainly_not_sent_since_ms.erase(id);
    co_return;
  }
  std::int64_t const now_ms = sequencer_.now().ms;
  auto const [since, first] = desk->certainly_not_sent_since_ms.try_emplace(id, now_ms);
  if (may_try_again(fault) && now_ms - since->second < options_.dispatch_patience_ms) co_return;
  desk->certainly_not_sent_since_ms.erase(id);
  log_line(Severity::warning, "dispatch_refused",
           {{"attempt", policy::to_string(id)},
            {"cluster", site->cluster.text},
            {"kind", std::string(connectors::name_of(fault.kind))},
            {"code", std::string(connectors::name_of(fault.refusal))},
            {"what", fault.what}});
  std::vector<policy::Event> events;
  std::vector<log::PrivatePart> parts;
  policy::AttemptRefused refused{id, std::nullopt, policy::Reason::dispatch_refused};
  if (!fault.raw.empty()) {
    Sealed evidence = seal(log::PrivateKind::evidence, "operator", evidence_text(fault.raw), now_ms + options_.evidence_kept_ms);
    refused.evidence = evidence.commitment;
    parts.push_back(std::move(evidence.part));
  }
  events.emplace_back(std::move(refused));
  co_await record(std::move(events), std::move(parts));
}

asio::awaitable<void> Dispatcher::resolve(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id,
                                          [[maybe_unused]] std::shared_ptr<BusyMark> mark) {
  policy::Attempt const* asked = attempt(id);
  if (asked == nullptr) co_return;
  connectors::AttemptName const name = connectors::attempt_name(options_.instance, id);
  std::string const credential = credential_of(*asked);
  connectors::Outcome<std::optional<connectors::RemoteStatus>> answer = co_await site->connector->look_up(credential, name);
  if (desk->stopped) co_return;
  if (!answer) {
    if (connectors::counts_against_cluster(answer.error().kind)) not_heard_from(*desk);
    co_return;
  }
  heard_from(*desk);
  policy::Attempt const* known = attempt(id);
  if (known == nullptr || known->status != AttemptStatus::intended) co_return;
  if (answer->value) {
    co_await take_status(site, desk, id, std::move(*answer->value), std::move(answer->raw));
    co_return;
  }
  // Absence proves something only when the protocol says so and the call has left the wire.
  bool const off_the_wire = sequencer_.now().ms - known->intended_at->ms >= options_.absence_grace_ms;
  if (!off_the_wire || !site->connector->capabilities().absence_is_proof) co_return;
  std::vector<policy::Event> events;
  std::vector<log::PrivatePart> parts;
  Sealed evidence =
      seal(log::PrivateKind::evidence, "operator", evidence_text(answer->raw), sequencer_.now().ms + options_.evidence_kept_ms);
  events.emplace_back(policy::AttemptRefused{id, evidence.commitment, policy::Reason::dispatch_refused});
  parts.push_back(std::move(evidence.part));
  co_await record(std::move(events), std::move(parts));
}

asio::awaitable<void> Dispatcher::end(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id,
                                      [[maybe_unused]] std::shared_ptr<BusyMark> mark) {
  policy::Attempt const* known = attempt(id);
  if (known == nullptr) co_return;
  auto const handle = handle_of(*known);
  std::string const credential = credential_of(*known);
  if (!handle) co_return;
  if (!known->stop_intended && policy::is_live(known->status)) {
    std::vector<policy::Event> intent;
    intent.emplace_back(policy::StopIntended{id, policy::Reason::cancelled_by_tenant});
    co_await record(std::move(intent), {});
    if (desk->stopped) co_return;
  }
  connectors::Outcome<connectors::CancelReceipt> answer = co_await site->connector->cancel(credential, *handle);
  if (desk->stopped || !answer) co_return;
  heard_from(*desk);
  connectors::Outcome<connectors::RemoteStatus> status = co_await site->connector->status(credential, *handle);
  if (desk->stopped || !status) co_return;
  co_await take_status(site, desk, id, std::move(status->value), std::move(status->raw));
}

asio::awaitable<void> Dispatcher::ask_about_all(std::shared_ptr<Site> site, DeskPointer desk) {
  // One listing per account: accounts see only what is theirs.
  std::set<std::string> credentials;
  for (policy::AttemptId const id : desk->attempts)
    if (policy::Attempt const* known = attempt(id)) credentials.insert(credential_of(*known));
  for (std::string const& credential : credentials) {
    connectors::Outcome<connectors::AttemptList> answer = co_await site->connector->attempts(credential);
    if (desk->stopped) co_return;
    if (!answer) {
      if (connectors::counts_against_cluster(answer.error().kind)) not_heard_from(*desk);
      continue;
    }
    heard_from(*desk);
    for (connectors::RemoteStatus& status : answer->value.attempts) {
      if (!status.attempt) continue;
      auto const id = connectors::attempt_of(options_.instance, *status.attempt);
      if (!id || !desk->attempts.contains(*id) || desk->busy.contains(*id)) continue;
      BusyMark const mark(desk, *id);
      co_await take_status(site, desk, *id, std::move(status), {});
      if (desk->stopped) co_return;
    }
  }
}

asio::awaitable<void> Dispatcher::ask_one_by_one(std::shared_ptr<Site> site, DeskPointer desk) {
  std::vector<policy::AttemptId> const ids(desk->attempts.begin(), desk->attempts.end());
  for (policy::AttemptId const id : ids) {
    policy::Attempt const* known = attempt(id);
    if (known == nullptr || desk->busy.contains(id)) continue;
    auto const handle = handle_of(*known);
    if (!handle) continue;
    std::string const credential = credential_of(*known);
    BusyMark const mark(desk, id);
    connectors::Outcome<connectors::RemoteStatus> answer = co_await site->connector->status(credential, *handle);
    if (desk->stopped) co_return;
    if (!answer) {
      if (!connectors::counts_against_cluster(answer.error().kind)) continue;
      not_heard_from(*desk);
      co_return;  // the others would only wait for the same silence
    }
    heard_from(*desk);
    co_await take_status(site, desk, id, std::move(answer->value), std::move(answer->raw));
    if (desk->stopped) co_return;
  }
}

asio::awaitable<void> Dispatcher::take_status(std::shared_ptr<Site> site, DeskPointer desk, policy::AttemptId id,
                                              connectors::RemoteStatus status, std::vector<connectors::RawReply> raw) {
  policy::Attempt const* known = attempt(id);
  if (known == nullptr) co_return;
  policy::Timestamp const now = sequencer_.now();

  bool const unknown_use = status.phase == connectors::RemotePhase::ended && !status.card_ms;
  if (unknown_use && site->connector->capabilities().meters_usage) {
    std::string const credential = credential_of(*known);
    connectors::Outcome<connectors::Usage> usage = co_await site->connector->usage(credential, status.handle);
    if (desk->stopped) co_return;
    known = attempt(id);
    if (known == nullptr) co_return;
    if (usage) {
      status.card_ms = usage->value.card_ms;
      raw.insert(raw.end(), usage->raw.begin(), usage->raw.end());
    }
  }

  auto const metered = desk->metered_at_ms.find(id);
  bool const meter = metered == desk->metered_at_ms.end() || now.ms - metered->second >= options_.meter_every_ms;
  Sealed remote = seal(log::PrivateKind::payload, "operator", status.handle.id);
  std::optional<Sealed> evidence;
  if (!raw.empty()) evidence = seal(log::PrivateKind::evidence, "operator", evidence_text(raw), now.ms + options_.evidence_kept_ms);
  std::vector<policy::Event> events =
      events_for(*known, status, remote.commitment, evidence ? std::optional(evidence->commitment) : std::nullopt, now, meter);
  if (events.empty()) co_return;
  if (meter) desk->metered_at_ms[id] = now.ms;
  std::vector<log::PrivatePart> parts;
  if (std::holds_alternative<policy::AttemptAcknowledged>(events.front())) parts.push_back(std::move(remote.part));
  if (evidence) parts.push_back(std::move(evidence->part));
  co_await record(std::move(events), std::move(parts));
}

asio::awaitable<void> Dispatcher::give_up(DeskPointer desk, policy::ClusterName cluster) {
  policy::Timestamp const now = sequencer_.now();
  if (!desk->silent_since_ms || now.ms - *desk->silent_since_ms < options_.lost_after_ms) co_return;
  std::vector<policy::Event> lost;
  for (policy::AttemptId const id : desk->attempts) {
    policy::Attempt const* known = attempt(id);
    if (known == nullptr || known->allocation.cluster != cluster || known->status == AttemptStatus::allocated) continue;
    // Its run is over for certain once the limit the cluster enforces has passed since it started. What has not started could still
    // start when the cluster returns, so nothing bounds it and only a person may allow a second run.
    bool const over = known->started_at && now.ms > known->started_at->ms + known->allocation.limit_ms + options_.limit_grace_ms;
    if (known->status == AttemptStatus::lost ? (over && !known->fenced) : true) lost.emplace_back(policy::AttemptLost{id, over});
    if (lost.size() == 64) break;  // a limited rate: a cluster that blinks must not move everything at once
  }
  co_await record(std::move(lost), {});
}

std::optional<std::int64_t> Dispatcher::silent_ms(policy::ClusterName const& cluster) const {
  auto const it = desks_.find(cluster);
  if (it == desks_.end() || !it->second->silent_since_ms) return std::nullopt;
  return sequencer_.now().ms - *it->second->silent_since_ms;
}

std::size_t Dispatcher::calls_under_way() const {
  std::size_t calls = 0;
  for (auto const& [cluster, desk] : desks_) calls += desk->busy.size();
  return calls;
}

}  // namespace sluice::broker
