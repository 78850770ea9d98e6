// A decided round carried out, one placement at a time.
#include "policy/placing.hpp"

#include "policy/pricing.hpp"

namespace sluice::policy {

std::optional<Event> next_placement(State const& state, Timestamp at) {
  Round const& round = state.round;
  if (round.phase != RoundPhase::decided || round.next_placement >= state.plan.size()) return std::nullopt;
  Placement const& placement = state.plan[round.next_placement];
  auto const skip = [&](Reason reason) { return AllocationSkipped{placement.job, reason, round.round}; };

  auto const it = state.jobs.find(placement.job);
  if (it == state.jobs.end()) return skip(Reason::job_already_final);
  Job const& job = *it->second;
  if (job.status != JobStatus::queued) return skip(Reason::job_already_final);
  if (job.cancel_requested) return skip(Reason::cancelled_by_tenant);

  LiveMarket const market(state, at);
  BidKey const key{placement.cluster, placement.type, placement.variant, placement.account, placement.entitlement};
  auto bid = price_bid(market, view_of(job), key, true);
  if (!bid) return skip(bid.error());
  bid->allocation.extra = placement.extra;
  AttemptId const attempt{job.id, static_cast<std::uint32_t>(job.attempts) + 1};
  return AllocationMade{bid->allocation, attempt, round.round};
}

}  // namespace sluice::policy
