// Jobs: accepted, refused, cancelled, given up.
#include "policy/apply/attempt_flow.hpp"
#include "policy/apply/authority.hpp"
#include "policy/definition_check.hpp"
#include "policy/limits.hpp"
#include "policy/pricing.hpp"
#include "policy/state/rows.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

constexpr std::int64_t ms_per_minute = 60'000;

/// A counter of the tenant as it stands in the minute of `at`.
std::int32_t in_this_minute(Tenant const& tenant, std::int32_t counter, Timestamp at) {
  return tenant.window_minute == at.ms / ms_per_minute ? counter : 0;
}

Tenant& turn_to_minute(Tenant& tenant, Timestamp at) {
  if (tenant.window_minute == at.ms / ms_per_minute) return tenant;
  tenant.window_minute = at.ms / ms_per_minute;
  tenant.submissions_in_minute = 0;
  tenant.refusals_in_minute = 0;
  return tenant;
}

Verdict reach_refuses(Catalogue const& catalogue, JobAccepted const& event) {
  if (event.unreachable.size() > limits::unreachable_max)
    return refuse(Reason::malformed, "unreachable: at most " + std::to_string(limits::unreachable_max));
  auto const place = [](Reach const& reach) { return std::pair(std::cref(reach.cluster.text), reach.variant); };
  for (std::size_t i = 0; i < event.unreachable.size(); ++i) {
    Reach const& reach = event.unreachable[i];
    std::string const path = "unreachable[" + std::to_string(i) + "]";
    if (!catalogue.clusters.contains(reach.cluster)) return refuse(Reason::unknown_cluster, path + ".cluster " + reach.cluster.text);
    if (reach.variant < 0 || static_cast<std::size_t>(reach.variant) >= event.spec.variants.size())
      return refuse(Reason::malformed, path + ".variant");
    if (!is_reason(reach.reason) || reach.reason == Reason::none) return refuse(Reason::malformed, path + ".reason");
    if (i > 0) {
      auto const [last_cluster, last_variant] = place(event.unreachable[i - 1]);
      auto const [cluster, variant] = place(reach);
      bool const ascends = last_cluster.get() < cluster.get() || (last_cluster.get() == cluster.get() && last_variant < variant);
      if (!ascends) return refuse(Reason::malformed, path + ": sorted by cluster and variant, each pair once");
    }
  }
  return std::nullopt;
}

Verdict tenant_refuses(Tenant const& tenant, Timestamp at) {
  if (in_this_minute(tenant, tenant.submissions_in_minute, at) >= tenant.submissions_per_minute)
    return refuse(Reason::submission_rate_exceeded, "submissions_per_minute: " + std::to_string(tenant.submissions_per_minute));
  if (tenant.jobs_waiting >= tenant.queue_limit)
    return refuse(Reason::queue_limit_reached, "queue_limit: " + std::to_string(tenant.queue_limit));
  return std::nullopt;
}

}  // namespace

Verdict on(Editor& editor, JobAccepted const& event) {
  State const& state = editor.state();
  auto const it = state.tenants.find(event.tenant);
  if (it == state.tenants.end()) return refuse(Reason::unknown_tenant, "tenant " + event.tenant.text);
  if (it->second.status != TenantStatus::active) return refuse(Reason::tenant_suspended, "tenant " + event.tenant.text);
  if (auto wrong = wrong_in(event.spec)) return refuse(Reason::malformed, "spec." + *wrong);
  if (event.spec.deadline && event.spec.deadline->ms > limits::timestamp_ms_max) return refuse(Reason::malformed, "spec.deadline");
  if (event.spec.deadline && *event.spec.deadline <= editor.at()) return refuse(Reason::deadline_passed, "spec.deadline");
  if (auto refusal = reach_refuses(*state.catalogue, event)) return refusal;
  if (state.governance.lot_day != shanghai_day(editor.at()))
    return refuse(Reason::out_of_order, "lot: the day's secret is not promised yet");
  if (auto refusal = tenant_refuses(it->second, editor.at())) return refusal;
  auto const never = never_fits(*state.catalogue, {event.spec, event.tenant, event.unreachable});
  if (!never.empty()) return refuse(never.front().second, "cluster " + never.front().first.text + ", and no other could ever run it");

  ++turn_to_minute(editor.tenant(event.tenant), editor.at()).submissions_in_minute;
  Job job;
  job.accepted_at = editor.at();
  job.accepted_round = state.round.round;
  job.id = {editor.sequence()};
  job.lot = event.lot;
  job.payload = event.payload;
  job.spec = std::make_shared<JobSpec const>(event.spec);
  job.tenant = event.tenant;
  job.unreachable = event.unreachable;
  editor.add_history({tenant_index_key(job.tenant, job.id), std::string{}});
  editor.add_job(std::move(job));
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, SubmissionRefused const& event) {
  State const& state = editor.state();
  auto const it = state.tenants.find(event.tenant);
  if (it == state.tenants.end()) return refuse(Reason::unknown_tenant, "tenant " + event.tenant.text);
  if (!is_reason(event.reason) || event.reason == Reason::none) return refuse(Reason::malformed, "reason");
  if (in_this_minute(it->second, it->second.refusals_in_minute, editor.at()) >= limits::refusals_per_minute)
    return refuse(Reason::submission_rate_exceeded, "refusals kept per minute: " + std::to_string(limits::refusals_per_minute));
  ++turn_to_minute(editor.tenant(event.tenant), editor.at()).refusals_in_minute;
  return std::nullopt;
}

Verdict on(Editor& editor, JobCancelled const& event) {
  State const& state = editor.state();
  auto const it = state.jobs.find(event.job);
  if (it == state.jobs.end()) return refuse(Reason::unknown_job, "job " + std::to_string(event.job.value));
  Job const& job = *it->second;
  auto const actor = state.principals.find(event.by.principal);
  bool const own = actor != state.principals.end() && actor->second.tenant == job.tenant;
  Roles const allowed = own ? operators_and_broker | role_bit(Role::tenant) : operators_and_broker;
  if (auto refusal = authority_refuses(state, event.by, allowed)) return refusal;
  if (is_final(job.status)) return refuse(Reason::job_already_final, "job " + std::to_string(event.job.value));
  if (job.cancel_requested) return refuse(Reason::already_exists, "the cancellation was asked for before");

  if (job.status == JobStatus::queued) {
    finish_job(editor, job.id, JobStatus::cancelled, Reason::cancelled_by_tenant);
    return std::nullopt;
  }
  JobId const id = job.id;
  editor.change_job(id, [](Job& changed) { changed.cancel_requested = true; });
  if (state.jobs.at(id)->status == JobStatus::allocated) {  // nothing was sent: it ends here
    end_unrun(editor, state.attempts.at({id, static_cast<std::uint32_t>(state.jobs.at(id)->attempts)}));
    editor.change_job(id, [](Job& changed) { ++changed.refusals; });
    finish_job(editor, id, JobStatus::cancelled, Reason::cancelled_by_tenant);
    editor.next_round_may_differ();
  }
  return std::nullopt;
}

Verdict on(Editor& editor, JobFailed const& event) {
  State const& state = editor.state();
  auto const it = state.jobs.find(event.job);
  if (it == state.jobs.end()) return refuse(Reason::unknown_job, "job " + std::to_string(event.job.value));
  if (event.reason != Reason::payload_missing) return refuse(Reason::malformed, "reason: payload_missing");
  if (is_final(it->second->status)) return refuse(Reason::job_already_final, "job " + std::to_string(event.job.value));
  if (it->second->status != JobStatus::queued) return refuse(Reason::out_of_order, "only a waiting job can fail so");
  finish_job(editor, event.job, JobStatus::failed, event.reason);
  return std::nullopt;
}

}  // namespace sluice::policy
