// Plain sums in 64 and 128 bits, without a book.
#include "tests/policy/oracle.hpp"

namespace sluice::policy::testing {
namespace {

constexpr std::int64_t fen = 10'000;

/// price × seconds of use × cards / 3,600, to the nearest fen.
std::int64_t charge(std::int64_t price, std::int64_t cards, std::int64_t seconds) {
  Int128 const scaled = Int128{price} * cards * seconds;  // micro-yuan × seconds
  return static_cast<std::int64_t>((scaled * 2 + Int128{3'600} * fen) / (Int128{2} * 3'600 * fen)) * fen;
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

std::int64_t held_by(State const& state, BookKind kind, std::string const& owner) { return balance(state, {kind, owner}).micro_yuan; }

}  // namespace

void Oracle::give_back_voucher(EntitlementId id, std::int64_t amount) {
  if (voucher_closed_[id.value]) {
    purse_[voucher_of_[id.value]] += amount;
    kept_[id.value].second -= amount;
  } else {
    voucher_free_[id.value] += amount;
  }
}

void Oracle::close_voucher(std::uint64_t id) {
  std::int64_t const rest = std::exchange(voucher_free_[id], 0);
  purse_[voucher_of_[id]] += rest;
  kept_[id].second -= rest;
  voucher_closed_[id] = true;
}

void Oracle::watch_quota(AllocationMade const& made) {
  std::string const& tenant = tenants_.at(made.attempt.job);
  std::string const& cluster = made.allocation.cluster.text;
  auto const quota = quotas_.find({tenant, cluster});
  if (quota == quotas_.end()) return;
  std::int32_t cards = 0;
  for (auto const& [id, run] : runs_)
    if (run.live && run.tenant == tenant && run.allocation.cluster.text == cluster) cards += run.allocation.cards;
  if (cards > quota->second) passed_ = "quota of " + tenant + " at " + cluster;
}

void Oracle::watch_cap(EntitlementIssued const& issued) {
  std::int64_t sum = 0;
  for (auto const& [id, kept] : kept_)
    if (voucher_of_[id] == issued.programme.text && kept.first == issued.holder.text) sum += kept.second;
  if (sum > caps_.at(issued.programme.text)) passed_ = "cap of " + issued.holder.text;
}

void Oracle::release(Run const& run) {
  free_[run.tenant] += run.allocation.hold_net.micro_yuan;
  if (run.allocation.entitlement) give_back_voucher(*run.allocation.entitlement, run.allocation.hold_subsidy.micro_yuan);
}

void Oracle::settle(AttemptSettled const& line) {
  Run const& run = runs_.at(line.attempt);
  Allocation const& a = run.allocation;
  std::int64_t const seconds = ceil_div(ceil_div(run.card_ms, a.cards), 1'000);
  std::int64_t const gross = charge(a.price_per_card_hour.micro_yuan, a.cards, seconds);
  std::string const& site = a.cluster.text;
  Liability const payer = run.liability.value_or(Liability::unknown);
  if (payer == Liability::centre) disputed_[site] += gross;
  if (payer == Liability::operator_) {
    loss_ += gross;
    payable_[site] += gross;
  }
  if (payer != Liability::tenant) {
    release(run);
  } else {
    std::int64_t const within_seconds = ceil_div(std::min(ceil_div(run.card_ms, a.cards), a.limit_ms), 1'000);
    std::int64_t const within = charge(a.price_per_card_hour.micro_yuan, a.cards, within_seconds);
    std::int64_t subsidy = static_cast<std::int64_t>(Int128{within} * a.rate_bp / 10'000) / fen * fen;
    subsidy = std::min(subsidy, a.hold_subsidy.micro_yuan);
    std::int64_t const fee = static_cast<std::int64_t>((Int128{within} * a.fee_bp * 2 + 10'000 * fen) / (Int128{2} * 10'000 * fen)) * fen;
    std::int64_t const net = within - subsidy;
    free_[run.tenant] += a.hold_net.micro_yuan - net - fee;
    payable_[site] += gross - subsidy;
    claim_[site] += subsidy;
    fee_ += fee;
    loss_ += gross - within;
    if (a.entitlement) give_back_voucher(*a.entitlement, a.hold_subsidy.micro_yuan - subsidy);
  }
  runs_.erase(line.attempt);
}

void Oracle::hear(std::uint64_t sequence, Event const& event) {
  if (auto const* e = std::get_if<DepositReceived>(&event)) {
    free_[e->tenant.text] += e->amount.micro_yuan;
    bank_ += e->amount.micro_yuan;
  } else if (auto const* programme = std::get_if<ProgrammeDefined>(&event)) {
    std::int64_t const purse = programme->definition.purse.value_or(Money{}).micro_yuan;
    std::string const& name = programme->definition.programme.text;
    caps_[name] = programme->definition.cap.value_or(money_max).micro_yuan;
    purse_[name] += purse - funded_[name];
    funded_[name] = purse;
  } else if (auto const* issued = std::get_if<EntitlementIssued>(&event)) {
    purse_[issued->programme.text] -= issued->amount.micro_yuan;
    voucher_free_[sequence] = issued->amount.micro_yuan;
    voucher_of_[sequence] = issued->programme.text;
    kept_[sequence] = {issued->holder.text, issued->amount.micro_yuan};
    watch_cap(*issued);
  } else if (auto const* expired = std::get_if<EntitlementExpired>(&event)) {
    close_voucher(expired->entitlement.value);
  } else if (auto const* quota = std::get_if<QuotaSet>(&event)) {
    quotas_.erase({quota->tenant.text, quota->cluster.text});
    if (quota->cards) quotas_[{quota->tenant.text, quota->cluster.text}] = *quota->cards;
  } else if (auto const* accepted = std::get_if<JobAccepted>(&event)) {
    tenants_[{sequence}] = accepted->tenant.text;
  } else if (auto const* made = std::get_if<AllocationMade>(&event)) {
    Run run{.allocation = made->allocation, .tenant = tenants_.at(made->attempt.job), .liability = std::nullopt};
    free_[run.tenant] -= run.allocation.hold_net.micro_yuan;
    if (run.allocation.entitlement) voucher_free_[run.allocation.entitlement->value] -= run.allocation.hold_subsidy.micro_yuan;
    runs_.emplace(made->attempt, std::move(run));
    newest_[made->attempt.job] = made->attempt;
    watch_quota(*made);
  } else if (auto const* refused = std::get_if<AttemptRefused>(&event)) {
    release(runs_.at(refused->attempt));
    runs_.erase(refused->attempt);
  } else if (auto const* cancelled = std::get_if<JobCancelled>(&event)) {
    // Only an attempt that was allocated and not yet sent ends with the cancellation; it shows as gone from the state, see differs().
    auto const it = newest_.find(cancelled->job);
    if (it != newest_.end() && runs_.contains(it->second) && !runs_.at(it->second).decided) {
      release(runs_.at(it->second));
      runs_.erase(it->second);
    }
  } else if (auto const* intended = std::get_if<DispatchIntended>(&event)) {
    runs_.at(intended->attempt).decided = true;
  } else if (auto const* again = std::get_if<AttemptAcknowledged>(&event)) {
    runs_.at(again->attempt).lost = false;
    runs_.at(again->attempt).live = true;
  } else if (auto const* started = std::get_if<AttemptStarted>(&event)) {
    runs_.at(started->attempt).lost = false;
    runs_.at(started->attempt).live = true;
  } else if (auto const* lost = std::get_if<AttemptLost>(&event)) {
    runs_.at(lost->attempt).lost = true;
    runs_.at(lost->attempt).live = false;
  } else if (auto const* ended = std::get_if<AttemptEnded>(&event)) {
    Run& run = runs_.at(ended->attempt);
    run.live = run.lost = false;
    run.card_ms = ended->card_ms;
    bool const superseded = newest_.at(ended->attempt.job) != ended->attempt;
    switch (ended->outcome) {
      case Outcome::cluster_fault:
      case Outcome::preempted:
        run.liability = Liability::centre;
        break;
      case Outcome::broker_fault:
        run.liability = Liability::operator_;
        break;
      default:
        run.liability = Liability::tenant;
    }
    if (superseded) run.liability = Liability::centre;
  } else if (auto const* line = std::get_if<AttemptSettled>(&event)) {
    settle(*line);
  } else if (auto const* proposed = std::get_if<OverrideProposed>(&event)) {
    proposals_[sequence] = proposed->action;
  } else if (auto const* decided = std::get_if<OverrideDecided>(&event); decided != nullptr && decided->approved) {
    OverrideAction const& action = proposals_.at(decided->override_id.value);
    if (action.kind == OverrideKind::refund || action.kind == OverrideKind::correct_deposit) {
      free_[action.tenant->text] -= action.amount->micro_yuan;
      bank_ -= action.amount->micro_yuan;
    } else if (action.kind == OverrideKind::revoke_entitlement) {
      close_voucher(action.entitlement->value);
    } else {
      Run& run = runs_.at(*action.attempt);
      run.lost = false;
      run.card_ms = *action.card_ms;
      run.liability = action.liability;
    }
  }
}

std::optional<std::string> Oracle::differs(State const& state) const {
  if (!passed_.empty()) return passed_ + " is exceeded";
  for (auto const& [tenant, money] : free_)
    if (money < 0) return "budget of " + tenant + " is exceeded";
  for (auto const& [name, money] : purse_)
    if (money < 0) return "purse of " + name + " is exceeded";
  for (auto const& [id, money] : voucher_free_)
    if (money < 0) return "voucher " + std::to_string(id) + " is exceeded";
  auto const differ = [&](BookKind kind, std::string const& owner, std::int64_t mine) -> std::optional<std::string> {
    std::int64_t const theirs = held_by(state, kind, owner);
    if (mine == theirs) return std::nullopt;
    return "book " + std::to_string(static_cast<int>(kind)) + " of " + owner + ": oracle " + std::to_string(mine) + ", state " +
           std::to_string(theirs);
  };
  for (auto const& [tenant, money] : free_)
    if (auto d = differ(BookKind::tenant_free, tenant, money)) return d;
  for (auto const& [id, money] : voucher_free_)
    if (auto d = differ(BookKind::entitlement_free, std::to_string(id), money)) return d;
  for (auto const& [name, money] : purse_)
    if (auto d = differ(BookKind::purse, name, money)) return d;
  for (auto const& [site, money] : payable_)
    if (auto d = differ(BookKind::centre_payable, site, money)) return d;
  for (auto const& [site, money] : claim_)
    if (auto d = differ(BookKind::centre_claim, site, money)) return d;
  for (auto const& [site, money] : disputed_)
    if (auto d = differ(BookKind::centre_disputed, site, money)) return d;
  if (auto d = differ(BookKind::operator_fee, {}, fee_)) return d;
  if (auto d = differ(BookKind::operator_loss, {}, -loss_)) return d;
  if (auto d = differ(BookKind::bank, {}, -bank_)) return d;

  std::map<std::string, std::int64_t> held, lost;
  std::map<std::pair<ClusterName, AcceleratorType>, std::int64_t> cards;
  for (auto const& [id, run] : runs_) {
    (run.lost ? lost : held)[run.tenant] += run.allocation.hold_net.micro_yuan;
    if (run.live) cards[{run.allocation.cluster, run.allocation.type}] += run.allocation.cards;
  }
  for (auto const& [tenant, money] : free_) {
    if (auto d = differ(BookKind::tenant_held, tenant, held[tenant])) return d;
    if (auto d = differ(BookKind::tenant_disputed, tenant, lost[tenant])) return d;
  }
  for (auto const& [place, use] : state.card_use)
    if (use.live_cards != cards[place]) return "cards at " + place.first.text;
  for (auto const& [place, count] : cards)
    if (count != 0 && !state.card_use.contains(place)) return "cards at " + place.first.text + " are not counted";
  return std::nullopt;
}

}  // namespace sluice::policy::testing
