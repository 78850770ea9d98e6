// One call about one attempt at a time: send it, ask about it, stop it; and what the answers mean.
#include "broker/dispatch/dispatcher.hpp"
#include "broker/dispatch/listing.hpp"
#include "broker/dispatch/order.hpp"
#include "broker/dispatch/remote_events.hpp"
#include "broker/evidence.hpp"
#include "broker/logging.hpp"
#include "broker/secrets.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace sluice::broker {
namespace asio = boost::asio;
using policy::AttemptStatus;

namespace {

/// Faults after which the cluster certainly has nothing of ours and a later try may go through.
bool may_try_again(connectors::Fault const& fault) {
  return !fault.outcome_unknown && (connectors::is_passing(fault.kind) || fault.kind == connectors::FaultKind::not_asked ||
                                    fault.kind == connectors::FaultKind::unauthorised);
}

bool cites_evidence(policy::Event const& event) {
  return std::visit(
      [](auto const& each) {
        if constexpr (requires { each.evidence; }) return true;
        return false;
      },
      event);
}

}  // namespace

std::string Dispatcher::credential_of(policy::Attempt const& known) const {
  auto const& accounts = sequencer_.state().catalogue->accounts;
  auto const it = accounts.find(known.allocation.account);
  return it == accounts.end() ? std::string() : it->second.credential.text;
}

std::optional<connectors::RemoteHandle> Dispatcher::handle_of(Desk& desk, policy::Attempt const& known) const {
  if (auto const held = desk.handles.find(known.id); held != desk.handles.end()) return held->second;
  if (!known.remote) return std::nullopt;
  std::string const key(reinterpret_cast<char const*>(known.remote->bytes.data()), known.remote->bytes.size());
  auto const part = ledger_.private_part(log::PrivateKind::payload, "operator", key);
  if (!part || !*part) return std::nullopt;
  return desk.handles.emplace(known.id, connectors::RemoteHandle{std::string(content_of((*part)->bytes))}).first->second;
}

asio::awaitable<void> Dispatcher::record(std::vector<policy::Event> events, std::vector<log::PrivatePart> parts) {
  if (events.empty()) co_return;
  Submission submission = submission_of(std::move(events));
  submission.private_parts = std::move(parts);
  // A refusal means that the state has moved on since; the next look at it decides anew.
  co_await sequencer_.submit(std::move(submission));
}

void Dispatcher::heard_from(Desk& desk, std::string const& credential) {
  desk.silent_since_ms.reset();
  desk.refused_credentials.erase(credential);
}

void Dispatcher::not_heard_from(Desk& desk) const {
  if (!desk.silent_since_ms && !desk.attempts.empty()) desk.silent_since_ms = sequencer_.now().ms;
}

/// What a fault says of the cluster as a whole.
void Dispatcher::take_fault(Site const& site, Desk& desk, std::string const& credential, connectors::Fault const& fault) {
  // Held back by our own breaker is silence too, or a cluster that only polls are let through to would never be given up.
  bool const silent = connectors::counts_against_cluster(fault.kind) || fault.kind == connectors::FaultKind::not_asked;
  if (silent) not_heard_from(desk);
  if (fault.kind == connectors::FaultKind::unauthorised && desk.refused_credentials.insert(credential).second)
    log_line(Severity::error, "credential_refused",
             {{"cluster", site.cluster.text}, {"credential", credential}, {"what", fault.what}, {"to_do", fault.to_do}});
}

asio::awaitable<void> Dispatcher::send(SitePointer site, DeskPointer desk, policy::AttemptId id, [[maybe_unused]] MarkPointer mark) {
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
      order_for_attempt(sequencer_.state(), ledger_, *site, *known, options_.instance, options_.checkpoint_grace_ms);
  if (!order) {
    std::vector<policy::Event> refused;
    refused.emplace_back(policy::AttemptRefused{id, std::nullopt, order.error()});
    // Without its private part no cluster can ever run it: the job ends here rather than come round again.
    if (order.error() == policy::Reason::payload_missing) refused.emplace_back(policy::JobFailed{id.job, policy::Reason::payload_missing});
    co_await record(std::move(refused), {});
    co_return;
  }
  std::string const credential = credential_of(*known);
  connectors::AttemptName const name = order->attempt;
  connectors::Outcome<connectors::DispatchReceipt> answer = co_await site->connector->dispatch(credential, std::move(*order));
  if (desk->stopped) co_return;
  if (answer) {
    heard_from(*desk, credential);
    desk->certainly_not_sent_since_ms.erase(id);
    co_await take_status(site, desk, id, std::move(answer->value.status), std::move(answer->raw));
    co_return;
  }
  connectors::Fault const& fault = answer.error();
  take_fault(*site, *desk, credential, fault);
  if (fault.outcome_unknown) {  // the next look-up tells
    desk->certainly_not_sent_since_ms.erase(id);
    co_return;
  }
  std::int64_t const now_ms = sequencer_.now().ms;
  auto const [since, first] = desk->certainly_not_sent_since_ms.try_emplace(id, now_ms);
  if (may_try_again(fault) && now_ms - since->second < options_.dispatch_patience_ms) co_return;
  desk->certainly_not_sent_since_ms.erase(id);
  if (fault.kind == connectors::FaultKind::conflict) desk->strangers.insert(name.text);
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

// By its handle where we know it, else, and when the cluster knows no such handle, by its name.
asio::awaitable<void> Dispatcher::inquire(SitePointer site, DeskPointer desk, policy::AttemptId id, [[maybe_unused]] MarkPointer mark) {
  policy::Attempt const* asked = attempt(id);
  if (asked == nullptr) co_return;
  std::string const credential = credential_of(*asked);
  if (auto const handle = handle_of(*desk, *asked)) {
    connectors::Outcome<connectors::RemoteStatus> answer = co_await site->connector->status(credential, *handle);
    if (desk->stopped) co_return;
    if (answer) {
      heard_from(*desk, credential);
      bool const alive = answer->value.phase != connectors::RemotePhase::ended && answer->value.phase != connectors::RemotePhase::unknown;
      co_await take_status(site, desk, id, std::move(answer->value), std::move(answer->raw));
      if (desk->stopped) co_return;
      policy::Attempt const* known = attempt(id);
      if (alive && known != nullptr && is_superseded(sequencer_.state(), *known))
        co_await stop_attempt(site, desk, id, *handle, policy::Reason::allocation_superseded);
      desk->nudge();
      co_return;
    }
    take_fault(*site, *desk, credential, answer.error());
    if (answer.error().kind != connectors::FaultKind::not_found) co_return;
  }
  connectors::AttemptName const name = connectors::attempt_name(options_.instance, id);
  connectors::Outcome<std::optional<connectors::RemoteStatus>> answer = co_await site->connector->look_up(credential, name);
  if (desk->stopped) co_return;
  if (!answer) {
    take_fault(*site, *desk, credential, answer.error());
    co_return;
  }
  heard_from(*desk, credential);
  if (answer->value) {
    co_await take_status(site, desk, id, std::move(*answer->value), std::move(answer->raw));
  } else {
    co_await take_absence(site, id, std::move(answer->raw));
  }
  desk->nudge();
}

// "No such attempt" proves something only when the protocol says so and the call has left the wire. What never ran is then taken as
// refused; what was seen running cannot be undone by not finding it, so its money stays disputed.
asio::awaitable<void> Dispatcher::take_absence(SitePointer site, policy::AttemptId id, std::vector<connectors::RawReply> raw) {
  policy::Attempt const* known = attempt(id);
  if (known == nullptr || !known->intended_at) co_return;
  policy::Timestamp const now = sequencer_.now();
  bool const off_the_wire = now.ms - known->intended_at->ms >= options_.absence_grace_ms;
  if (!off_the_wire || !site->connector->capabilities().absence_is_proof) co_return;
  bool const never_ran = !known->started_at && known->card_ms == 0;
  if (!never_ran && known->status == AttemptStatus::lost) co_return;  // recorded before
  log_line(
      Severity::warning, "attempt_not_found",
      {{"attempt", policy::to_string(id)},
       {"cluster", site->cluster.text},
       {"what", never_ran ? "the cluster knows no such attempt" : "the cluster no longer knows an attempt it had reported as running"}});
  Sealed evidence = seal(log::PrivateKind::evidence, "operator", evidence_text(raw), now.ms + options_.evidence_kept_ms);
  std::vector<policy::Event> events;
  std::vector<log::PrivatePart> parts;
  if (never_ran) {
    events.emplace_back(policy::AttemptRefused{id, evidence.commitment, policy::Reason::dispatch_refused});
    parts.push_back(std::move(evidence.part));
  } else {
    events.emplace_back(policy::AttemptLost{id, run_is_over(*known, now, options_.limit_grace_ms)});
  }
  co_await record(std::move(events), std::move(parts));
}

asio::awaitable<void> Dispatcher::end(SitePointer site, DeskPointer desk, policy::AttemptId id, [[maybe_unused]] MarkPointer mark) {
  policy::Attempt const* known = attempt(id);
  if (known == nullptr) co_return;
  if (auto const handle = handle_of(*desk, *known)) co_await stop_attempt(site, desk, id, *handle, policy::Reason::cancelled_by_tenant);
}

asio::awaitable<void> Dispatcher::stop_attempt(SitePointer site, DeskPointer desk, policy::AttemptId id, connectors::RemoteHandle handle,
                                               policy::Reason why) {
  policy::Attempt const* known = attempt(id);
  if (known == nullptr) co_return;
  std::string const credential = credential_of(*known);
  if (!known->stop_intended) {
    std::vector<policy::Event> intent;
    intent.emplace_back(policy::StopIntended{id, why});
    co_await record(std::move(intent), {});
    if (desk->stopped) co_return;
  }
  connectors::Outcome<connectors::CancelReceipt> answer = co_await site->connector->cancel(credential, handle);
  if (desk->stopped) co_return;
  if (!answer) {
    take_fault(*site, *desk, credential, answer.error());
    co_return;
  }
  heard_from(*desk, credential);
  connectors::Outcome<connectors::RemoteStatus> status = co_await site->connector->status(credential, handle);
  if (desk->stopped || !status) co_return;
  co_await take_status(site, desk, id, std::move(status->value), std::move(status->raw));
}

asio::awaitable<void> Dispatcher::stop_stray(SitePointer site, std::string credential, connectors::RemoteHandle handle) {
  connectors::Outcome<connectors::CancelReceipt> const answer = co_await site->connector->cancel(credential, handle);
  if (!answer)  // the next list names it again
    log_line(Severity::warning, "stray_job_not_stopped", {{"cluster", site->cluster.text}, {"what", answer.error().what}});
}

asio::awaitable<void> Dispatcher::take_status(SitePointer site, DeskPointer desk, policy::AttemptId id, connectors::RemoteStatus status,
                                              std::vector<connectors::RawReply> raw) {
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

  desk->handles.insert_or_assign(id, status.handle);
  bool const meter = meter_is_due(*desk, id);
  if (meter) desk->metered_at_ms[id] = now.ms;
  Sealed remote = seal(log::PrivateKind::payload, "operator", status.handle.id);
  Sealed evidence = seal(log::PrivateKind::evidence, "operator", evidence_text(raw), now.ms + options_.evidence_kept_ms);
  bool const superseded = is_superseded(sequencer_.state(), *known);
  std::vector<policy::Event> events =
      events_for(*known, status, remote.commitment, evidence.commitment, now, {.meter = meter, .superseded = superseded});
  if (events.empty()) co_return;
  std::vector<log::PrivatePart> parts;
  if (std::holds_alternative<policy::AttemptAcknowledged>(events.front())) parts.push_back(std::move(remote.part));
  if (std::ranges::any_of(events, cites_evidence)) parts.push_back(std::move(evidence.part));
  co_await record(std::move(events), std::move(parts));
}

}  // namespace sluice::broker
