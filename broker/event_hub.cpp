// Feeding event streams from the ledger.
#include "broker/event_hub.hpp"

#include "policy/enum_names.hpp"
#include "policy/state/rows.hpp"
#include "storage/log/event_codec.hpp"

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t entries_per_turn = 256;  // a client far behind must not hold the loop

/// What an event is about, as far as the contract's Event names it.
struct About {
  std::optional<policy::JobId> job;
  std::optional<policy::AttemptId> attempt;
  std::optional<policy::TenantName> tenant;
  std::optional<policy::ClusterName> cluster;
  std::optional<policy::RoundNumber> round;
  std::optional<policy::Reason> reason;
};

template <class Event>
void read_subject(Event const& event, log::Sequence sequence, About& about) {
  if constexpr (std::is_same_v<Event, policy::JobAccepted>) about.job = policy::JobId{sequence};
  if constexpr (requires { event.job; }) about.job = event.job;
  if constexpr (requires { event.attempt; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.attempt)>, policy::AttemptId>) {
      about.attempt = event.attempt;
      about.job = event.attempt.job;
    }
  }
  if constexpr (requires { event.tenant; }) about.tenant = policy::TenantName(event.tenant);
  if constexpr (requires { event.holder; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.holder)>, policy::TenantName>) about.tenant = event.holder;
  }
  if constexpr (requires { event.cluster; }) about.cluster = event.cluster;
  if constexpr (requires { event.allocation; }) about.cluster = event.allocation.cluster;
  if constexpr (requires { event.round; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.round)>, policy::RoundNumber>) about.round = event.round;
  }
  if constexpr (requires { event.reason; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.reason)>, policy::Reason>) about.reason = event.reason;
  }
}

// Optional tenants (keys, accounts) name theirs only when there is one.
void read_subject(policy::KeyIssued const& event, log::Sequence, About& about) { about.tenant = event.tenant; }
void read_subject(policy::AccountOpened const& event, log::Sequence, About& about) {
  about.cluster = event.cluster;
  about.tenant = event.holder;
}

}  // namespace

std::optional<std::string> event_json(log::Sequence sequence, policy::Stamped const& stamped, EventFilter const& filter,
                                      std::function<std::optional<policy::TenantName>(policy::JobId)> const& tenant_of_job) {
  About about;
  std::visit([&](auto const& event) { read_subject(event, sequence, about); }, stamped.event);
  if (about.job && !about.tenant) about.tenant = tenant_of_job(*about.job);
  if (filter.tenant && about.tenant != filter.tenant) return std::nullopt;

  nlohmann::ordered_json out{{"sequence", std::to_string(sequence)}, {"at", policy::format_rfc3339(stamped.at)}};
  out["type"] = policy::type_of(stamped.event);
  if (about.job) out["job"] = std::to_string(about.job->value);
  if (about.attempt) out["attempt"] = policy::to_string(*about.attempt);
  if (about.tenant) out["tenant"] = about.tenant->text;
  if (about.cluster) out["cluster"] = about.cluster->text;
  if (about.round) out["round"] = std::to_string(about.round->value);
  if (about.reason && *about.reason != policy::Reason::none)
    out["reason"] = {
        {"code", policy::code(*about.reason)}, {"en", policy::text_english(*about.reason)}, {"zh", policy::text_chinese(*about.reason)}};
  return out.dump();
}

EventHub::EventHub(asio::io_context& loop, Sequencer& sequencer, log::LedgerReader const& ledger)
    : loop_(loop), sequencer_(sequencer), ledger_(ledger) {
  sequencer_.subscribe([this](std::vector<Committed> const& group) {
    for (auto const& client : std::list(clients_)) feed(client);
    log::Sequence const size = group.empty() ? 0 : group.back().sequence + 1;
    auto due = std::ranges::partition(waiting_, [size](auto const& each) { return each.first >= size; });
    std::vector<std::function<void()>> callbacks;
    for (auto& each : due) callbacks.push_back(std::move(each.second));
    waiting_.erase(due.begin(), due.end());
    for (auto const& callback : callbacks) callback();
  });
}

EventHub::~EventHub() {
  *alive_ = false;
  close();
}

void EventHub::close() {
  for (auto const& client : std::list(clients_)) client->stream->close();
  clients_.clear();
}

std::optional<policy::TenantName> EventHub::tenant_of(policy::JobId job) const {
  auto const it = sequencer_.state().jobs.find(job);
  if (it != sequencer_.state().jobs.end()) return it->second->tenant;
  auto const row = ledger_.row(log::Table::history, policy::history_key(job));
  if (!row || !*row) return std::nullopt;
  auto const finished = policy::decode_finished_job(**row);
  if (!finished) return std::nullopt;
  return finished->job.tenant;
}

std::shared_ptr<http::EventStream> EventHub::open(EventFilter filter, log::Sequence from) {
  auto client = std::make_shared<Client>(Client{std::move(filter), from, std::make_shared<http::EventStream>(), false});
  clients_.push_back(client);
  client->stream->on_closed([this, alive = alive_, weak = std::weak_ptr(client)] {
    if (!*alive) return;
    if (auto const gone = weak.lock()) clients_.remove(gone);
  });
  client->stream->on_room([this, alive = alive_, weak = std::weak_ptr(client)] {
    if (!*alive) return;
    if (auto const ready = weak.lock()) feed(ready);
  });
  feed(client);
  return client->stream;
}

void EventHub::feed(std::shared_ptr<Client> const& client) {
  if (client->reading || client->stream->closed()) return;
  client->reading = true;
  log::Sequence const from = client->next;
  auto const tenant = [this](policy::JobId job) { return tenant_of(job); };
  log::EntryDecoder decoder;
  auto const scanned = ledger_.scan_entries(from, entries_per_turn, [&](log::Sequence sequence, std::string_view entry) {
    if (!client->stream->has_room()) return false;
    auto const stamped = decoder.decode(entry);
    client->next = sequence + 1;
    if (!stamped) return true;
    if (auto const text = event_json(sequence, *stamped, client->filter, tenant))
      client->stream->push(http::event_frame(std::to_string(sequence), policy::type_of(stamped->event), *text));
    return !client->stream->closed();
  });
  client->reading = false;
  if (!scanned) {
    client->stream->close();
    return;
  }
  bool const behind = client->next < ledger_.size() && client->next > from;
  if (behind && client->stream->has_room() && !client->stream->closed())
    asio::post(loop_, [this, alive = alive_, weak = std::weak_ptr(client)] {
      if (!*alive) return;
      if (auto const more = weak.lock()) feed(more);
    });
}

std::pair<std::vector<std::string>, log::Sequence> EventHub::read(EventFilter const& filter, log::Sequence from, std::size_t limit) {
  std::vector<std::string> events;
  log::Sequence next = from;
  auto const tenant = [this](policy::JobId job) { return tenant_of(job); };
  log::EntryDecoder decoder;
  std::size_t looked_at = 0;
  auto const scanned = ledger_.scan_entries(from, limit * 16, [&](log::Sequence sequence, std::string_view entry) {
    auto const stamped = decoder.decode(entry);
    next = sequence + 1;
    if (stamped)
      if (auto text = event_json(sequence, *stamped, filter, tenant)) events.push_back(std::move(*text));
    return events.size() < limit && ++looked_at < limit * 16;
  });
  if (!scanned) events.clear();
  return {std::move(events), next};
}

void EventHub::on_entry(log::Sequence from, std::function<void()> callback) {
  if (from < ledger_.size()) {
    callback();
    return;
  }
  waiting_.emplace_back(from, std::move(callback));
}

}  // namespace sluice::broker
