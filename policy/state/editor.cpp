// How a change of one record keeps marks, indexes and counters true.
#include "policy/state/editor.hpp"

#include "policy/state/rows.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace sluice::policy {
namespace {

using row::key_of;
using row::Table;

Due due_of(Job const& job) { return {*job.spec->deadline, Due::Kind::job, job.lot, job.id.value, {}}; }
Due due_of(ClusterName const& cluster, ClusterOffers const& offers) { return {offers.valid_until, Due::Kind::offers, 0, 0, cluster}; }
Due due_of(EntitlementId id, Entitlement const& entitlement) { return {entitlement.valid_until, Due::Kind::entitlement, 0, id.value, {}}; }

Money checked(std::optional<Money> amount) {
  assert(amount);
  if (!amount) std::abort();  // a book beyond 64 bits: handlers refuse amounts that could bring one there
  return *amount;
}

}  // namespace

Catalogue& Editor::catalogue() {
  if (state_.catalogue.use_count() > 1) state_.catalogue = std::make_shared<Catalogue>(*state_.catalogue);
  return *state_.catalogue;
}

Governance& Editor::governance() {
  mark(key_of(Table::governance));
  return state_.governance;
}
Round& Editor::round() {
  mark(key_of(Table::round));
  return state_.round;
}
MarketRules& Editor::market() {
  mark(key_of(Table::market));
  return catalogue().market;
}
void Editor::set_equivalence(EquivalenceTable table) {
  mark(key_of(Table::equivalence));
  catalogue().equivalence = std::move(table);
}
void Editor::mark_singletons() {
  for (Table const table : {Table::governance, Table::market, Table::round}) mark(key_of(table));
}

void Editor::erase_override(OverrideId id) {
  mark(key_of(Table::overrides, id));
  state_.overrides.erase(id);
}

void Editor::add_entitlement(EntitlementId id, Entitlement entitlement) {
  state_.due.insert(due_of(id, entitlement));
  marked(Table::entitlements, catalogue().entitlements, id) = std::move(entitlement);
}

void Editor::close_entitlement(EntitlementId id, Money returned) {
  Entitlement& entitlement = marked(Table::entitlements, catalogue().entitlements, id);
  state_.due.erase(due_of(id, entitlement));
  entitlement.closed = true;
  entitlement.returned = checked(checked_add(entitlement.returned, returned));
}

void Editor::add_programme(ProgrammeDefinition definition) {
  catalogue().programme_in_force[definition.programme] = definition.version;
  std::pair const versioned{definition.programme, definition.version};
  marked(Table::programmes, catalogue().programmes, versioned) = std::move(definition);
}

void Editor::set_quota(TenantName const& tenant, ClusterName const& cluster, std::optional<std::int32_t> cards) {
  std::pair const key{tenant, cluster};
  if (cards) {
    marked(Table::quotas, catalogue().quotas, key) = *cards;
    return;
  }
  mark(key_of(Table::quotas, key));
  catalogue().quotas.erase(key);
}

void Editor::erase_cluster(ClusterName const& name) {
  mark(key_of(Table::clusters, name));
  catalogue().clusters.erase(name);
  if (auto const seen = state_.offers.find(name); seen != state_.offers.end()) {
    state_.due.erase(due_of(name, seen->second));
    mark(key_of(Table::offers, name));
    state_.offers.erase(seen);
  }
  for (auto it = state_.card_use.lower_bound({name, {}}); it != state_.card_use.end() && it->first.first == name;) {
    assert(it->second.live_cards == 0);
    mark(key_of(Table::card_use, it->first));
    it = state_.card_use.erase(it);
  }
  for (auto& [id, account] : catalogue().accounts) {
    if (account.cluster != name || account.closed) continue;
    mark(key_of(Table::accounts, id));
    account.closed = true;
  }
  std::erase_if(catalogue().quotas, [&](auto const& quota) {
    if (quota.first.second != name) return false;
    mark(key_of(Table::quotas, quota.first));
    return true;
  });
}

void Editor::set_offers(ClusterName const& cluster, ClusterOffers offers) {
  if (auto const old = state_.offers.find(cluster); old != state_.offers.end()) state_.due.erase(due_of(cluster, old->second));
  state_.due.insert(due_of(cluster, offers));
  marked(Table::offers, state_.offers, cluster) = std::move(offers);
  // The site has looked again: what had ended is free there, or still shown as used by its own figure.
  for (auto it = state_.card_use.lower_bound({cluster, {}}); it != state_.card_use.end() && it->first.first == cluster;) {
    if (it->second.ended_since_observation == 0) {
      ++it;
      continue;
    }
    mark(key_of(Table::card_use, it->first));
    it->second.ended_since_observation = 0;
    it = it->second.live_cards == 0 ? state_.card_use.erase(it) : std::next(it);
  }
}

void Editor::expire_offers(ClusterName const& cluster) {
  ClusterOffers& seen = marked(Table::offers, state_.offers, cluster);
  state_.due.erase(due_of(cluster, seen));
  seen.stale = true;
}

bool is_impossible(State const& state, ClusterName const& cluster) {
  auto const seen = state.offers.find(cluster);
  if (seen == state.offers.end() || seen->second.stale) return false;
  return std::ranges::any_of(seen->second.offers, [&](Offer const& offer) {
    if (std::int64_t{offer.free_cards} + offer.counted_cards > offer.total_cards) return true;
    auto const use = state.card_use.find({cluster, offer.type});
    return use != state.card_use.end() && use->second.live_cards > offer.total_cards;
  });
}

void Editor::quarantine_if_impossible(ClusterName const& name) {
  auto const known = state_.catalogue->clusters.find(name);
  if (known == state_.catalogue->clusters.end() || known->second.status == ClusterStatus::quarantined) return;
  if (is_impossible(state_, name)) cluster(name).status = ClusterStatus::quarantined;
}

void Editor::transfer(BookAccount const& from, BookAccount const& to, Money amount) {
  assert(amount.micro_yuan >= 0);
  if (amount.micro_yuan == 0 || from == to) return;
  auto const post = [this](BookAccount const& account, Money balance_after) {
    mark(key_of(Table::books, account));
    Money const before = balance(state_, account);
    state_.books_total += Int128{balance_after.micro_yuan} - before.micro_yuan;
    if (is_voucher_hold(account.kind)) count_voucher_hold(account, before, balance_after);
    if (balance_after.micro_yuan == 0) {
      state_.books.erase(account);  // a balance of zero is no row: equal books have equal rows
    } else {
      state_.books[account] = balance_after;
    }
  };
  Money const left = checked(checked_subtract(balance(state_, from), amount));
  Money const gained = checked(checked_add(balance(state_, to), amount));
  post(from, left);
  post(to, gained);
}

void Editor::count_voucher_hold(BookAccount const& account, Money before, Money after) {
  ProgrammeName const& programme = state_.catalogue->entitlements.at(entitlement_of(account)).programme;
  Money& held = state_.voucher_holds[programme];
  held = checked(checked_add(held, {after.micro_yuan - before.micro_yuan}));
  if (held.micro_yuan == 0) state_.voucher_holds.erase(programme);
}

void Editor::add_job(Job job) {
  JobId const id = job.id;
  Tenant& owner = tenant(job.tenant);
  ++owner.jobs_open;
  ++owner.jobs_waiting;
  job.changed_at = sequence();
  auto held = std::make_shared<Job const>(std::move(job));
  mark(key_of(Table::jobs, id));
  state_.queue.insert(held);
  if (held->spec->deadline) state_.due.insert(due_of(*held));
  state_.jobs.emplace_hint(state_.jobs.end(), id, std::move(held));
  effects_.jobs.push_back(id);
  effects_.accepted = id;
}

void Editor::put_job(std::shared_ptr<Job> job) {
  std::shared_ptr<Job const>& held = state_.jobs.at(job->id);
  job->changed_at = sequence();
  bool const waited = held->status == JobStatus::queued;
  bool const waits = job->status == JobStatus::queued;
  int const open_change = int{is_final(held->status)} - int{is_final(job->status)};
  if (waited != waits || open_change != 0) {
    Tenant& owner = tenant(job->tenant);
    owner.jobs_waiting += int{waits} - int{waited};
    owner.jobs_open += open_change;
  }
  if (waited != waits && job->spec->deadline) {
    if (waits) state_.due.insert(due_of(*job));
    if (waited) state_.due.erase(due_of(*job));
  }
  held = std::move(job);
  if (waited && waits) state_.queue.replace(held);
  if (waited && !waits) state_.queue.erase(held->id);
  if (!waited && waits) state_.queue.insert(held);
  mark(key_of(Table::jobs, held->id));
  if (effects_.jobs.empty() || effects_.jobs.back() != held->id) effects_.jobs.push_back(held->id);
}

void Editor::add_attempt(Attempt attempt) {
  AttemptId const id = attempt.id;
  auto const [it, fresh] = state_.attempts.emplace(id, std::move(attempt));
  assert(fresh);
  mark(key_of(Table::attempts, id));
  effects_.attempts.push_back(id);
  count_cards(it->second, true);
}

void Editor::attempt_changed(Attempt const& attempt, AttemptStatus before) {
  mark(key_of(Table::attempts, attempt.id));
  effects_.attempts.push_back(attempt.id);
  if (is_live(before) != is_live(attempt.status)) count_cards(attempt, is_live(attempt.status));
  if (before != AttemptStatus::ended && attempt.status == AttemptStatus::ended) state_.unsettled.push_back(attempt.id);
  if (before == AttemptStatus::ended && attempt.status != AttemptStatus::ended) std::erase(state_.unsettled, attempt.id);
}

void Editor::count_cards(Attempt const& attempt, bool live) {
  Allocation const& allocation = attempt.allocation;
  std::int32_t const change = live ? allocation.cards : -allocation.cards;
  std::pair const place{allocation.cluster, allocation.type};
  CardUse& use = marked(Table::card_use, state_.card_use, place);
  use.live_cards += change;
  auto const seen = state_.offers.find(allocation.cluster);
  // The site's last figure may still show it as used: its cards are not free until the site has looked again. One that was refused was
  // never there to be counted.
  bool const perhaps_counted =
      attempt.status != AttemptStatus::refused && seen != state_.offers.end() && attempt.allocated_at <= seen->second.observed_at;
  if (!live && perhaps_counted) use.ended_since_observation += allocation.cards;
  assert(use.live_cards >= 0);
  if (use.live_cards == 0 && use.ended_since_observation == 0) state_.card_use.erase(place);

  std::pair const holder{attempt.tenant, allocation.cluster};
  std::int32_t& held = marked(Table::tenant_cards, state_.tenant_cards, holder);
  held += change;
  assert(held >= 0);
  if (held == 0) state_.tenant_cards.erase(holder);
}

void Editor::retire_job(JobId id) {
  FinishedJob finished{*state_.jobs.at(id), {}};
  assert(is_final(finished.job.status));
  for (auto it = state_.attempts.lower_bound({id, 0}); it != state_.attempts.end() && it->first.job == id;) {
    mark(key_of(Table::attempts, it->first));
    finished.attempts.push_back(std::move(it->second));
    it = state_.attempts.erase(it);
  }
  mark(key_of(Table::jobs, id));
  state_.jobs.erase(id);
  state_.finished.push_back({history_key(id), encode_finished_job(finished)});
}

}  // namespace sluice::policy
