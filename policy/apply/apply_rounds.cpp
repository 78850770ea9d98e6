// Rounds: opened on a pinned view, decided, and carried out one placement at a time.
#include "policy/apply/handlers.hpp"
#include "policy/placing.hpp"
#include "policy/pricing.hpp"
#include "policy/round_problem.hpp"
#include "policy/state/rows.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::policy {
namespace {

std::string named(RoundNumber round) { return "round " + std::to_string(round.value); }

/// The cursor moves on; behind the last placement the round is over.
void advance(Editor& editor) {
  Round& round = editor.round();
  ++round.next_placement;
  if (round.next_placement < editor.state().plan.size()) return;
  round.phase = RoundPhase::idle;
  editor.set_plan({});
}

Verdict not_next(State const& state, RoundNumber round) {
  if (state.round.phase != RoundPhase::decided || state.round.round != round) return refuse(Reason::round_not_open, named(round));
  if (state.round.next_placement >= state.plan.size())
    return refuse(Reason::round_not_open, named(round) + ": its plan was not kept over a restart; abandon it");
  return std::nullopt;
}

}  // namespace

Verdict on(Editor& editor, RoundOpened const& event) {
  State const& state = editor.state();
  if (state.round.phase != RoundPhase::idle) return refuse(Reason::round_already_open, named(state.round.round));
  if (state.governance.rounds_paused) return refuse(Reason::rounds_paused, named(event.round));
  if (event.round.value != state.round.round.value + 1)
    return refuse(Reason::out_of_order, "round: the next is " + std::to_string(state.round.round.value + 1));
  editor.add_history({round_index_key(event.round), encode_round_index(editor.sequence())});
  editor.round() = {.next_placement = 0, .opened_at = editor.sequence(), .phase = RoundPhase::open, .plan = {}, .round = event.round};
  return std::nullopt;
}

// That the plan is feasible and proven is checked against the pinned view, which apply() does not have: check_decision().
Verdict on(Editor& editor, RoundDecided const& event) {
  State const& state = editor.state();
  if (state.round.phase != RoundPhase::open || state.round.round != event.round) return refuse(Reason::round_not_open, named(event.round));
  if (!event.plan.bytes) return refuse(Reason::malformed, "plan: its blob was not given");
  auto placements = decode_plan(*event.plan.bytes);
  if (!placements) return refuse(Reason::plan_not_canonical, placements.error());
  if (encode_plan(*placements) != *event.plan.bytes) return refuse(Reason::plan_not_canonical, "plan");
  if (event.placed < 0 || static_cast<std::size_t>(event.placed) != placements->size()) return refuse(Reason::malformed, "placed");
  if (event.jobs < event.placed) return refuse(Reason::malformed, "jobs");
  if (event.bound > event.cost) return refuse(Reason::certificate_refused, "bound: above the cost");
  std::vector<JobId> jobs;
  for (Placement const& placement : *placements) {
    if (placement.extra.micro_yuan < 0) return refuse(Reason::plan_not_canonical, "extra: not below zero");
    jobs.push_back(placement.job);
  }
  std::ranges::sort(jobs);
  if (std::ranges::adjacent_find(jobs) != jobs.end()) return refuse(Reason::plan_not_canonical, "a job is placed twice");

  Round& round = editor.round();
  round.plan = event.plan.hash;
  round.next_placement = 0;
  round.phase = placements->empty() ? RoundPhase::idle : RoundPhase::decided;
  editor.set_plan(std::move(*placements));
  return std::nullopt;
}

Verdict on(Editor& editor, RoundAbandoned const& event) {
  State const& state = editor.state();
  if (state.round.phase == RoundPhase::idle || state.round.round != event.round) return refuse(Reason::round_not_open, named(event.round));
  if (!is_reason(event.reason)) return refuse(Reason::malformed, "reason");
  editor.round().phase = RoundPhase::idle;
  editor.set_plan({});
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, AllocationMade const& event) {
  State const& state = editor.state();
  if (auto refusal = not_next(state, event.round)) return refusal;
  auto const next = next_placement(state, editor.at());
  assert(next);
  if (auto const* skipped = std::get_if<AllocationSkipped>(&*next))
    return refuse(skipped->reason, "job " + std::to_string(skipped->job.value) + ": only a skip with this reason may follow");
  auto const& made = std::get<AllocationMade>(*next);
  if (event.attempt != made.attempt) return refuse(Reason::allocation_not_in_plan, "attempt: the next is " + to_string(made.attempt));
  if (event.allocation != made.allocation) return refuse(Reason::allocation_not_in_plan, "allocation: other than the state gives now");

  Job const& job = *state.jobs.at(event.attempt.job);
  Allocation const& allocation = event.allocation;
  editor.transfer(tenant_book(BookKind::tenant_free, job.tenant), tenant_book(BookKind::tenant_held, job.tenant), allocation.hold_net);
  if (allocation.entitlement)
    editor.transfer(entitlement_book(BookKind::entitlement_free, *allocation.entitlement),
                    entitlement_book(BookKind::entitlement_held, *allocation.entitlement), allocation.hold_subsidy);
  Attempt attempt;
  attempt.allocation = allocation;
  attempt.allocated_at = editor.at();
  attempt.id = event.attempt;
  attempt.round = event.round;
  attempt.tariff = tariff_of(state.catalogue->clusters.at(allocation.cluster).definition, allocation.type);
  attempt.tenant = job.tenant;
  editor.add_attempt(std::move(attempt));
  editor.change_job(event.attempt.job, [](Job& changed) {
    ++changed.attempts;
    changed.reason = Reason::none;
    changed.status = JobStatus::allocated;
  });
  advance(editor);
  return std::nullopt;
}

Verdict on(Editor& editor, AllocationSkipped const& event) {
  State const& state = editor.state();
  if (auto refusal = not_next(state, event.round)) return refusal;
  auto const next = next_placement(state, editor.at());
  assert(next);
  auto const* skipped = std::get_if<AllocationSkipped>(&*next);
  if (skipped == nullptr) return refuse(Reason::allocation_not_in_plan, "the next placement holds: it must be made");
  if (event.job != skipped->job) return refuse(Reason::allocation_not_in_plan, "job: the next is " + std::to_string(skipped->job.value));
  if (event.reason != skipped->reason) return refuse(Reason::allocation_not_in_plan, "reason: " + std::string(code(skipped->reason)));
  auto const job = state.jobs.find(event.job);
  if (job != state.jobs.end() && job->second->status == JobStatus::queued)
    editor.change_job(event.job, [&](Job& changed) { changed.reason = event.reason; });
  advance(editor);
  editor.next_round_may_differ();
  return std::nullopt;
}

}  // namespace sluice::policy
