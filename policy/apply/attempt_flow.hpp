// What several handlers do alike to jobs and attempts: holds, retries, ends.
#pragma once

#include "policy/apply/handlers.hpp"

namespace sluice::policy {

/// The job and the attempt an event is about, found or refused.
struct FoundAttempt {
  Job const* job = nullptr;
  Attempt const* attempt = nullptr;
};
/// REQUIRES (by refusal): the attempt is in the state and not settled, refused or ended.
std::expected<FoundAttempt, Refusal> find_open_attempt(State const& state, AttemptId id);

/// True when no later attempt of the job was made.
inline bool is_current(FoundAttempt const& found) { return found.attempt->id.number == static_cast<std::uint32_t>(found.job->attempts); }

/// Refuses a charge that no attempt can make, or that would lead the books of its centre or of the operator's losses out of range.
Verdict charge_refuses(State const& state, Attempt const& attempt, std::int64_t card_ms);

/// Gives the attempt's whole hold back: to the tenant's free balance, and to the voucher, or to its purse once the voucher is closed.
void release_hold(Editor& editor, Attempt const& attempt);
/// Gives `amount` of a voucher's hold back to where it belongs now.
void return_subsidy(Editor& editor, EntitlementId id, Money amount);
/// Moves the hold between the held and the disputed books.
void dispute_hold(Editor& editor, Attempt const& attempt);
void undispute_hold(Editor& editor, Attempt const& attempt);

/// The attempt never ran: holds released, status refused.
void end_unrun(Editor& editor, Attempt const& attempt);

/// After a run that was nobody's own end (cluster's or broker's fault, loss, refusal): cancelled if that was asked for, waiting again while
/// attempts are left, else failed. Attempts that never ran are not counted against max_attempts, but dispatch_refusals_max end the job.
void retry_or_fail(Editor& editor, JobId id, Reason why);
/// How the job goes on after its current attempt ended so.
void conclude_job(Editor& editor, JobId id, Outcome outcome);
/// Ends a job; it leaves the state at once if no money of its is open.
void finish_job(Editor& editor, JobId id, JobStatus status, Reason why);
/// A final job whose attempts are all settled or refused leaves the state for history.
void retire_if_settled(Editor& editor, JobId id);

}  // namespace sluice::policy
