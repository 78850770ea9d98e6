// Local checks of one row at a time, and a full recount. Uses the tables alone: nothing here calls the engine's own arithmetic.
#include "policy/invariants.hpp"

#include "policy/state/row_keys.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

using Broken = std::optional<std::string>;
using row::Table;

std::string named(BookAccount const& account) {
  return "book account " + std::to_string(static_cast<int>(account.kind)) + (account.owner.empty() ? "" : " of " + account.owner);
}
std::string named(JobId id) { return "job " + std::to_string(id.value); }
std::string named(AttemptId id) { return "attempt " + to_string(id); }

Int128 micro(Money money) { return money.micro_yuan; }

Broken broken_book(BookAccount const& account, Money balance) {
  if (balance.micro_yuan == 0) return named(account) + ": a balance of zero has no row";
  if (balance.micro_yuan < 0 && never_negative(account.kind)) return named(account) + ": below zero";
  return std::nullopt;
}

Broken broken_card_use(State const& state, std::pair<ClusterName, AcceleratorType> const& place, CardUse const& use) {
  std::string const name = "cards " + place.second.text + " at " + place.first.text;
  if (use.live_cards < 0 || use.ended_since_observation < 0) return name + ": counted below zero";
  auto const seen = state.offers.find(place.first);
  auto const cluster = state.catalogue->clusters.find(place.first);
  if (cluster == state.catalogue->clusters.end()) return name + ": in use where there is no cluster";
  if (seen == state.offers.end() || seen->second.stale || cluster->second.status == ClusterStatus::quarantined) return std::nullopt;
  auto const offer = std::ranges::find(seen->second.offers, place.second, &Offer::type);
  if (offer != seen->second.offers.end() && use.live_cards > offer->total_cards)
    return name + ": " + std::to_string(use.live_cards) + " sold, the cluster has " + std::to_string(offer->total_cards);
  return std::nullopt;
}

Broken broken_tenant(TenantName const& name, Tenant const& tenant) {
  if (tenant.jobs_waiting < 0 || tenant.jobs_open < tenant.jobs_waiting) return "tenant " + name.text + ": counters of jobs";
  return std::nullopt;
}

Money of(State const& state, BookKind kind, std::string const& owner) {
  auto const it = state.books.find({kind, owner});
  return it == state.books.end() ? Money{} : it->second;
}

Broken broken_entitlement(State const& state, EntitlementId id, Entitlement const& entitlement) {
  std::string const owner = std::to_string(id.value);
  Int128 const left = micro(of(state, BookKind::entitlement_free, owner)) + micro(of(state, BookKind::entitlement_held, owner)) +
                      micro(of(state, BookKind::entitlement_disputed, owner));
  if (left > micro(entitlement.amount) - micro(entitlement.returned)) return "entitlement " + owner + ": holds more than was issued";
  if (entitlement.returned.micro_yuan < 0) return "entitlement " + owner + ": returned below zero";
  if (entitlement.closed && of(state, BookKind::entitlement_free, owner).micro_yuan != 0)
    return "entitlement " + owner + ": closed with money free";
  if (entitlement.closed == state.due.contains({entitlement.valid_until, Due::Kind::entitlement, 0, id.value, {}}))
    return "entitlement " + owner + ": due exactly while open";
  return std::nullopt;
}

/// The attempt statuses that may stand behind a job's status as its current attempt.
bool agrees(JobStatus job, AttemptStatus attempt) {
  switch (job) {
    case JobStatus::allocated:
      return attempt == AttemptStatus::allocated;
    case JobStatus::dispatched:
      return attempt == AttemptStatus::intended || attempt == AttemptStatus::acknowledged;
    case JobStatus::running:
      return attempt == AttemptStatus::running;
    case JobStatus::queued:
    case JobStatus::completed:
    case JobStatus::failed:
    case JobStatus::cancelled:
    case JobStatus::lost:
      return !is_live(attempt);
  }
  return false;
}

Broken broken_job(State const& state, JobId id, Job const& job) {
  bool const waits = job.status == JobStatus::queued;
  if (waits != state.queue.contains(id)) return named(id) + ": in the queue exactly while it waits";
  if (!job.spec) return named(id) + ": has no specification";
  if (job.spec->deadline && waits != state.due.contains({*job.spec->deadline, Due::Kind::job, job.lot, id.value, {}}))
    return named(id) + ": due exactly while it waits";
  if (job.attempts < 0 || job.refusals < 0 || job.refusals > job.attempts) return named(id) + ": counters of attempts";
  if (job.attempts - job.refusals > job.spec->max_attempts) return named(id) + ": ran more often than it may";
  if (job.attempts == 0) return waits || is_final(job.status) ? std::nullopt : Broken(named(id) + ": is placed without an attempt");
  auto const attempt = state.attempts.find({id, static_cast<std::uint32_t>(job.attempts)});
  if (attempt == state.attempts.end()) return named(id) + ": its current attempt is missing";
  if (!agrees(job.status, attempt->second.status)) return named(id) + ": does not agree with its current attempt";
  return std::nullopt;
}

Broken broken_settlement(Attempt const& attempt) {
  AttemptSettled const& line = *attempt.settlement;
  Allocation const& allocation = attempt.allocation;
  for (Money const part : {line.gross, line.subsidy, line.net, line.fee, line.loss, line.released})
    if (part.micro_yuan < 0) return named(attempt.id) + ": settled with a part below zero";
  if (micro(line.net) + micro(line.fee) + micro(line.released) != micro(allocation.hold_net))
    return named(attempt.id) + ": paid and released are not what was held";
  if (line.subsidy > allocation.hold_subsidy) return named(attempt.id) + ": drew more than was held of the voucher";
  Int128 const borne = line.liability == Liability::centre ? micro(line.gross) : micro(line.net) + micro(line.subsidy) + micro(line.loss);
  if (borne != micro(line.gross)) return named(attempt.id) + ": shares do not add up to the charge";
  if (line.liability != Liability::tenant && (line.net.micro_yuan != 0 || line.fee.micro_yuan != 0 || line.subsidy.micro_yuan != 0))
    return named(attempt.id) + ": somebody pays for a fault that is not theirs";
  return std::nullopt;
}

Broken broken_attempt(State const& state, AttemptId id, Attempt const& attempt) {
  Allocation const& allocation = attempt.allocation;
  if (attempt.id != id || !state.jobs.contains(id.job)) return named(id) + ": belongs to no job";
  if (id.number == 0 || id.number > static_cast<std::uint32_t>(state.jobs.at(id.job)->attempts)) return named(id) + ": was never made";
  if (allocation.cards < 1 || allocation.limit_ms < 1 || attempt.card_ms < 0) return named(id) + ": cards, limit or use";
  if (allocation.hold_net.micro_yuan < 0 || allocation.hold_subsidy.micro_yuan < 0) return named(id) + ": holds below zero";
  if (!allocation.entitlement && allocation.hold_subsidy.micro_yuan != 0) return named(id) + ": holds a subsidy of no voucher";
  if (attempt.settlement.has_value() != (attempt.status == AttemptStatus::settled)) return named(id) + ": settled without its line";
  if (attempt.settlement) return broken_settlement(attempt);
  if (attempt.status == AttemptStatus::ended && std::ranges::find(state.unsettled, id) == state.unsettled.end())
    return named(id) + ": ended, and nobody will settle it";
  return std::nullopt;
}

Broken broken_offers(State const& state, ClusterName const& cluster, ClusterOffers const& offers) {
  if (!state.catalogue->clusters.contains(cluster)) return "offers of " + cluster.text + ": there is no such cluster";
  if (offers.stale == state.due.contains({offers.valid_until, Due::Kind::offers, 0, 0, cluster}))
    return "offers of " + cluster.text + ": due exactly while in use";
  return std::nullopt;
}

/// Finds the row's record and checks it; a deleted row has nothing to check.
template <class Map, class Check>
Broken checked_row(Map const& map, std::string_view key, Check&& check) {
  typename Map::key_type id;
  if (!row::read_key(key.substr(1), id)) return "a changed row has no key of its table";
  auto const it = map.find(id);
  return it == map.end() ? std::nullopt : check(it->first, it->second);
}

Broken broken_row(State const& state, std::string_view key) {
  if (key.empty()) return "a changed row has no key";
  switch (static_cast<Table>(key.front())) {
    case Table::tenants:
      return checked_row(state.tenants, key, broken_tenant);
    case Table::entitlements:
      return checked_row(state.catalogue->entitlements, key,
                         [&](auto const& id, auto const& record) { return broken_entitlement(state, id, record); });
    case Table::offers:
      return checked_row(state.offers, key, [&](auto const& id, auto const& record) { return broken_offers(state, id, record); });
    case Table::card_use:
      return checked_row(state.card_use, key, [&](auto const& id, auto const& record) { return broken_card_use(state, id, record); });
    case Table::books:
      return checked_row(state.books, key, broken_book);
    case Table::jobs:
      return checked_row(state.jobs, key, [&](auto const& id, auto const& record) { return broken_job(state, id, *record); });
    case Table::attempts:
      return checked_row(state.attempts, key, [&](auto const& id, auto const& record) { return broken_attempt(state, id, record); });
    case Table::governance:
    case Table::market:
    case Table::equivalence:
    case Table::round:
    case Table::keys:
    case Table::principals:
    case Table::clusters:
    case Table::programmes:
    case Table::accounts:
    case Table::quotas:
    case Table::tenant_cards:
    case Table::overrides:
      return std::nullopt;
  }
  return "a changed row belongs to no table";
}

Broken broken_governance(State const& state) {
  if (state.books_total != 0) return "the books do not sum to zero";
  if (state.round.phase == RoundPhase::idle && !state.plan.empty()) return "a plan is kept while no round is decided";
  if (state.governance.sequence > 1 && state.governance.rules_version == 0) return "no rules are in force";
  return std::nullopt;
}

/// What the tables should count, counted anew.
struct Recount {
  std::map<std::pair<ClusterName, AcceleratorType>, std::int64_t> live_cards;
  std::map<std::pair<TenantName, ClusterName>, std::int64_t> tenant_cards;
  std::map<BookAccount, Int128> holds;                               // held and disputed
  std::map<TenantName, std::pair<std::int64_t, std::int64_t>> jobs;  // open, waiting
  std::size_t unsettled = 0;
  std::size_t waiting = 0;
  std::size_t due = 0;
};

void count_attempt(Recount& recount, Attempt const& attempt) {
  Allocation const& allocation = attempt.allocation;
  if (is_live(attempt.status)) {
    recount.live_cards[{allocation.cluster, allocation.type}] += allocation.cards;
    recount.tenant_cards[{attempt.tenant, allocation.cluster}] += allocation.cards;
  }
  if (attempt.status == AttemptStatus::ended) ++recount.unsettled;
  bool const disputed = attempt.status == AttemptStatus::lost;
  if (!disputed && !is_live(attempt.status) && attempt.status != AttemptStatus::ended) return;
  recount.holds[{disputed ? BookKind::tenant_disputed : BookKind::tenant_held, attempt.tenant.text}] += micro(allocation.hold_net);
  if (allocation.entitlement)
    recount
        .holds[{disputed ? BookKind::entitlement_disputed : BookKind::entitlement_held, std::to_string(allocation.entitlement->value)}] +=
        micro(allocation.hold_subsidy);
}

Recount recount_of(State const& state) {
  Recount recount;
  for (auto const& [id, attempt] : state.attempts) count_attempt(recount, attempt);
  for (auto const& [id, job] : state.jobs) {
    auto& [open, waiting] = recount.jobs[job->tenant];
    if (!is_final(job->status)) ++open;
    if (job->status != JobStatus::queued) continue;
    ++waiting;
    ++recount.waiting;
    if (job->spec->deadline) ++recount.due;
  }
  for (auto const& [cluster, offers] : state.offers) recount.due += offers.stale ? 0 : 1;
  for (auto const& [id, entitlement] : state.catalogue->entitlements) recount.due += entitlement.closed ? 0 : 1;
  return recount;
}

Broken broken_counts(State const& state, Recount const& recount) {
  for (auto const& [place, use] : state.card_use) {
    auto const it = recount.live_cards.find(place);
    if (use.live_cards != (it == recount.live_cards.end() ? 0 : it->second))
      return "cards " + place.second.text + " at " + place.first.text + ": are not those of live attempts";
  }
  for (auto const& [place, cards] : recount.live_cards)
    if (!state.card_use.contains(place)) return "cards " + place.second.text + " at " + place.first.text + ": live and not counted";
  if (state.tenant_cards.size() != recount.tenant_cards.size()) return "cards per tenant: as many rows as tenants with live cards";
  for (auto const& [holder, cards] : state.tenant_cards) {
    auto const it = recount.tenant_cards.find(holder);
    if (it == recount.tenant_cards.end() || it->second != cards) return "cards of " + holder.first.text + " at " + holder.second.text;
  }
  for (auto const& [name, tenant] : state.tenants) {
    auto const it = recount.jobs.find(name);
    auto const [open, waiting] = it == recount.jobs.end() ? std::pair<std::int64_t, std::int64_t>{} : it->second;
    if (tenant.jobs_open != open || tenant.jobs_waiting != waiting) return "tenant " + name.text + ": counters of jobs";
  }
  for (auto const& [name, counts] : recount.jobs)
    if (!state.tenants.contains(name)) return "tenant " + name.text + ": has jobs and no row";
  if (state.unsettled.size() != recount.unsettled) return "unsettled attempts are not those that ended";
  if (state.queue.size() != recount.waiting) return "the queue is not the waiting jobs";
  if (state.due.size() != recount.due) return "what is due is not what can fall due";
  return std::nullopt;
}

Broken broken_holds(State const& state, Recount const& recount) {
  for (auto const& [account, money] : state.books) {
    BookKind const kind = account.kind;
    bool const holds = kind == BookKind::tenant_held || kind == BookKind::tenant_disputed || kind == BookKind::entitlement_held ||
                       kind == BookKind::entitlement_disputed;
    auto const it = recount.holds.find(account);
    if (holds && micro(money) != (it == recount.holds.end() ? 0 : it->second)) return named(account) + ": is not the sum over attempts";
  }
  for (auto const& [account, sum] : recount.holds)
    if (sum != 0 && !state.books.contains(account)) return named(account) + ": attempts hold what no book shows";
  return std::nullopt;
}

Broken broken_voucher_holds(State const& state, Recount const& recount) {
  std::map<ProgrammeName, Int128> sums;
  for (auto const& [id, entitlement] : state.catalogue->entitlements)
    for (BookKind const kind : {BookKind::entitlement_held, BookKind::entitlement_disputed})
      if (auto const it = recount.holds.find({kind, std::to_string(id.value)}); it != recount.holds.end() && it->second != 0)
        sums[entitlement.programme] += it->second;
  if (sums.size() != state.voucher_holds.size()) return "holds of programmes: as many rows as programmes with holds";
  for (auto const& [programme, money] : state.voucher_holds) {
    auto const it = sums.find(programme);
    if (it == sums.end() || it->second != micro(money)) return "holds of programme " + programme.text + ": are not those of its vouchers";
  }
  return std::nullopt;
}

Broken broken_public_money(State const& state) {
  // Every yuan of public money is in a purse, in a voucher, or claimed by a centre.
  Int128 given = 0;
  for (auto const& [programme, version] : state.catalogue->programme_in_force)
    given += micro(state.catalogue->programmes.at({programme, version}).purse.value_or(Money{}));
  if (micro(of(state, BookKind::treasury, {})) != -given) return "the treasury did not give what the programmes state";
  Int128 kept = 0;
  Int128 tenants = 0;
  Int128 centres = 0;
  for (auto const& [account, money] : state.books) {
    switch (account.kind) {
      case BookKind::purse:
      case BookKind::entitlement_free:
      case BookKind::entitlement_held:
      case BookKind::entitlement_disputed:
      case BookKind::centre_claim:
        kept += micro(money);
        break;
      case BookKind::centre_disputed:
      case BookKind::claim_against_centre:
        centres += micro(money);
        break;
      case BookKind::bank:
      case BookKind::tenant_free:
      case BookKind::tenant_held:
      case BookKind::tenant_disputed:
      case BookKind::centre_payable:
      case BookKind::operator_fee:
      case BookKind::operator_loss:
        tenants += micro(money);
        break;
      case BookKind::treasury:
        break;
    }
  }
  if (kept != given) return "public money leaked out of purses, vouchers and claims";
  if (tenants != 0) return "tenants' money leaked out of the bank, balances, payables, fees and losses";
  if (centres != 0) return "claims against centres do not mirror what is disputed";
  return std::nullopt;
}

/// Against the newest version's cap where it is per voucher life or once: other periods depend on when, which issuing has checked.
Broken broken_caps(State const& state) {
  std::map<std::pair<ProgrammeName, TenantName>, Int128> issued;
  for (auto const& [id, entitlement] : state.catalogue->entitlements)
    issued[{entitlement.programme, entitlement.holder}] += micro(entitlement.amount) - micro(entitlement.returned);
  for (auto const& [key, sum] : issued) {
    Int128 most = 0;
    bool capped = true;
    for (auto it = state.catalogue->programmes.lower_bound({key.first, 0});
         it != state.catalogue->programmes.end() && it->first.first == key.first; ++it) {
      if (it->second.cap_period != CapPeriod::once || !it->second.cap) capped = false;
      if (it->second.cap) most = std::max(most, micro(*it->second.cap));
    }
    if (capped && sum > most) return "programme " + key.first.text + ": cap of " + key.second.text + " exceeded";
  }
  return std::nullopt;
}

template <class Map, class Check>
Broken check_each(Map const& map, Check&& check) {
  for (auto const& [id, record] : map)
    if (Broken broken = check(id, record)) return broken;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_touched(State const& state, std::vector<RowChange> const& rows) {
  for (RowChange const& change : rows)
    if (Broken broken = broken_row(state, change.key)) return broken;
  return broken_governance(state);
}

std::optional<std::string> check_touched(State const& state, std::set<std::string> const& keys) {
  for (std::string const& key : keys)
    if (Broken broken = broken_row(state, key)) return broken;
  return broken_governance(state);
}

std::optional<std::string> check_all(State const& state) {
  if (Broken broken = broken_governance(state)) return broken;
  Int128 sum = 0;
  for (auto const& [account, money] : state.books) sum += micro(money);
  if (sum != 0) return "the books do not sum to zero";
  if (Broken broken = check_each(state.books, broken_book)) return broken;
  if (Broken broken = check_each(state.tenants, broken_tenant)) return broken;
  if (Broken broken = check_each(state.card_use, [&](auto const& id, auto const& use) { return broken_card_use(state, id, use); }))
    return broken;
  if (Broken broken = check_each(state.offers, [&](auto const& id, auto const& seen) { return broken_offers(state, id, seen); }))
    return broken;
  if (Broken broken = check_each(state.catalogue->entitlements,
                                 [&](auto const& id, auto const& record) { return broken_entitlement(state, id, record); }))
    return broken;
  if (Broken broken = check_each(state.jobs, [&](auto const& id, auto const& job) { return broken_job(state, id, *job); })) return broken;
  if (Broken broken = check_each(state.attempts, [&](auto const& id, auto const& attempt) { return broken_attempt(state, id, attempt); }))
    return broken;
  Recount const recount = recount_of(state);
  if (Broken broken = broken_counts(state, recount)) return broken;
  if (Broken broken = broken_holds(state, recount)) return broken;
  if (Broken broken = broken_voucher_holds(state, recount)) return broken;
  if (Broken broken = broken_public_money(state)) return broken;
  return broken_caps(state);
}

}  // namespace sluice::policy
