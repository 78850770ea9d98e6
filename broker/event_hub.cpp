// Feeding event streams from the ledger.
#include "broker/event_hub.hpp"

#include "policy/enum_names.hpp"
#include "policy/state/rows.hpp"
#include "storage/log/event_codec.hpp"

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t entries_per_turn = 256;  // a client far behind must not hold the loop

template <class Event>
void read_subject(Event const& event, log::Sequence sequence, About& out) {
  if constexpr (std::is_same_v<Event, policy::JobAccepted>) out.job = policy::JobId{sequence};
  if constexpr (requires { event.job; }) out.job = event.job;
  if constexpr (requires { event.attempt; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.attempt)>, policy::AttemptId>) {
      out.attempt = event.attempt;
      out.job = event.attempt.job;
    }
  }
  if constexpr (requires { event.tenant; }) out.tenant = policy::TenantName(event.tenant);
  if constexpr (requires { event.holder; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.holder)>, policy::TenantName>) out.tenant = event.holder;
  }
  if constexpr (requires { event.cluster; }) out.cluster = event.cluster;
  if constexpr (requires { event.allocation; }) out.cluster = event.allocation.cluster;
  if constexpr (requires { event.round; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.round)>, policy::RoundNumber>) out.round = event.round;
  }
  if constexpr (requires { event.reason; }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(event.reason)>, policy::Reason>) out.reason = event.reason;
  }
}

// Optional tenants (keys, accounts) name theirs only when there is one.
void read_subject(policy::KeyIssued const& event, log::Sequence, About& out) { out.tenant = event.tenant; }
void read_subject(policy::AccountOpened const& event, log::Sequence, About& out) {
  out.cluster = event.cluster;
  out.tenant = event.holder;
}

}  // namespace

About about(log::Sequence sequence, policy::Event const& event,
            std::function<std::optional<policy::TenantName>(policy::JobId)> const& tenant_of_job) {
  About out;
  out.type = policy::type_of(event);
  std::visit([&](auto const& each) { read_subject(each, sequence, out); }, event);
  if (out.job && !out.tenant) out.tenant = tenant_of_job(*out.job);
  return out;
}

bool shows(EventFilter const& filter, About const& about) {
  if (filter.tenant && about.tenant != filter.tenant) return false;
  if (filter.job && about.job != filter.job) return false;
  return about.type.starts_with(filter.type_prefix);
}

std::string event_json(log::Sequence sequence, policy::Timestamp at, About const& about) {
  nlohmann::ordered_json out{{"sequence", std::to_string(sequence)}, {"at", policy::format_rfc3339(at)}};
  out["type"] = about.type;
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
    if (group.empty()) return;
    announce(group);
    wake(group.back().sequence + 1);
  });
}

/// Each entry of the group is rendered once, however many clients see it. A client that is still in the past reads on from the ledger.
void EventHub::announce(std::vector<Committed> const& group) {
  if (clients_.empty()) return;
  end_streams_of_revoked_keys(group);
  log::Sequence const first = group.front().sequence;
  std::vector<std::shared_ptr<Client>> at_the_head;
  for (auto const& client : std::list(clients_)) {
    if (ended_with_its_key(*client)) continue;
    if (client->next == first && client->stream->has_room()) {
      at_the_head.push_back(client);
    } else {
      feed(client);
    }
  }
  if (at_the_head.empty()) return;
  auto const tenant = [this](policy::JobId job) { return tenant_of(job); };
  for (Committed const& entry : group) {
    About const subject = about(entry.sequence, entry.stamped.event, tenant);
    if (owner_under_way(subject)) return;
    std::shared_ptr<std::string const> frame;
    for (auto const& client : at_the_head) {
      // A client whose queue fills up stays behind here, and reads on when it has room.
      if (client->next != entry.sequence || !client->stream->has_room()) continue;
      client->next = entry.sequence + 1;
      if (!shows(client->filter, subject)) continue;
      if (!frame)
        frame = std::make_shared<std::string const>(
            http::event_frame(std::to_string(entry.sequence), subject.type, event_json(entry.sequence, entry.stamped.at, subject)));
      client->stream->push(frame);
    }
  }
}

/// Whoever still holds a good key comes back with it.
void EventHub::end_streams_of_revoked_keys(std::vector<Committed> const& group) {
  for (Committed const& entry : group) {
    auto const* const revoked = std::get_if<policy::KeyRevoked>(&entry.stamped.event);
    if (revoked == nullptr) continue;
    auto const key = sequencer_.state().keys.find(revoked->key);
    if (key == sequencer_.state().keys.end()) continue;
    for (auto const& client : std::list(clients_))
      if (client->owner == key->second.principal.text) client->stream->close();
  }
}

bool EventHub::ended_with_its_key(Client const& client) const {
  if (!client.filter.until || sequencer_.now() < *client.filter.until) return false;
  client.stream->close();
  return true;
}

void EventHub::wake(log::Sequence size) {
  auto due = std::ranges::partition(waiting_, [size](auto const& each) { return each.first >= size; });
  std::vector<std::function<void()>> callbacks;
  for (auto& each : due) callbacks.push_back(std::move(each.second));
  waiting_.erase(due.begin(), due.end());
  for (auto const& callback : callbacks) callback();
}

EventHub::~EventHub() {
  *alive_ = false;
  close();
}

void EventHub::close() {
  closed_ = true;
  for (auto const& client : std::list(clients_)) client->stream->close();
  clients_.clear();
  wake(UINT64_MAX);
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

// A job that ends leaves the state when its last entry is applied, and comes to history when that entry is durable. In between nobody knows
// whose it is: readers wait for the next Group, so that its tenant misses nothing.
bool EventHub::owner_under_way(About const& about) const {
  return about.job && !about.tenant && sequencer_.state().governance.sequence > sequencer_.durable_size();
}

std::shared_ptr<http::EventStream> EventHub::open(EventFilter filter, log::Sequence from, std::string owner, std::size_t most) {
  auto const open_already = std::ranges::count_if(clients_, [&](auto const& client) { return client->owner == owner; });
  if (std::cmp_greater_equal(open_already, most)) return nullptr;
  auto client = std::make_shared<Client>(Client{std::move(filter), from, std::make_shared<http::EventStream>(), std::move(owner), false});
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
  if (client->reading || client->stream->closed() || ended_with_its_key(*client)) return;
  client->reading = true;
  log::Sequence const from = client->next;
  auto const tenant = [this](policy::JobId job) { return tenant_of(job); };
  log::EntryDecoder decoder;
  auto const scanned = ledger_.scan_entries(from, entries_per_turn, [&](log::Sequence sequence, std::string_view entry) {
    if (!client->stream->has_room()) return false;
    auto const stamped = decoder.decode(entry);
    if (!stamped) {
      client->next = sequence + 1;
      return true;
    }
    About const subject = about(sequence, stamped->event, tenant);
    if (owner_under_way(subject)) return false;
    client->next = sequence + 1;
    if (shows(client->filter, subject))
      client->stream->push(http::event_frame(std::to_string(sequence), subject.type, event_json(sequence, stamped->at, subject)));
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

std::pair<std::vector<std::string>, log::Sequence> EventHub::read(EventFilter const& filter, log::Sequence from, std::size_t limit) const {
  std::vector<std::string> events;
  log::Sequence next = from;
  auto const tenant = [this](policy::JobId job) { return tenant_of(job); };
  log::EntryDecoder decoder;
  auto const scanned = ledger_.scan_entries(from, entries_per_turn, [&](log::Sequence sequence, std::string_view entry) {
    auto const stamped = decoder.decode(entry);
    if (!stamped) {
      next = sequence + 1;
      return true;
    }
    About const subject = about(sequence, stamped->event, tenant);
    if (owner_under_way(subject)) return false;
    next = sequence + 1;
    if (shows(filter, subject)) events.push_back(event_json(sequence, stamped->at, subject));
    return events.size() < limit;
  });
  if (!scanned) events.clear();
  return {std::move(events), next};
}

void EventHub::on_entry(log::Sequence from, std::function<void()> callback) {
  if (closed_ || from < ledger_.size()) {
    callback();
    return;
  }
  waiting_.emplace_back(from, std::move(callback));
}

}  // namespace sluice::broker
