// A decided round carried out, one placement at a time.
#include "policy/placing.hpp"

#include "policy/pricing.hpp"

namespace sluice::policy {

std::optional<Event> next_placement(const State& state, Timestamp at) {
  const Round& round = state.round;
  if (round.phase != RoundPhase::decided || round.next_placement >= state.plan.size()) return std::nullopt;
  const Placement& placement = state.plan[round.next_placement];
  const auto skip = [&](Reason reason) { return AllocationSkipped{placement.job, reason, round.round}; };

  const auto it = state.jobs.find(placement.job);
  if (it == state.jobs.end()) return skip(Reason::job_already_final);
  const Job& job = *it->second;
  if (job.status != JobStatus::queued) return skip(Reason::job_already_final);
  if (job.cancel_requested) return skip(Reason::cancelled_by_tenant);

  const LiveMarket market(state, at);
  const BidKey key{placement.cluster, placement.type, placement.variant, placement.account, placement.entitlement};
  auto bid = price_bid(market, {*job.spec, job.tenant, job.unreachable}, key, true);
  if (!bid) return skip(bid.error());
  bid->allocation.extra = placement.extra;
  const AttemptId attempt{job.id, static_cast<std::uint32_t>(job.attempts) + 1};
  return AllocationMade{bid->allocation, attempt, round.round};
}

}  // namespace sluice::policy
