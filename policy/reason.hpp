// Stable reason codes for refusals and explanations, with their texts in two languages.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sluice::policy {

/// Why something was refused, is ineligible, or ended. Codes are part of the log's format: never renumber, never reuse.
enum class Reason : std::uint16_t {
  none = 0,
  // what the request says
  malformed = 100,  ///< a field breaks its range
  unknown_tenant,
  unknown_cluster,
  unknown_programme,
  unknown_job,
  unknown_attempt,
  unknown_account,
  unknown_entitlement,
  unknown_key,
  unknown_override,
  unknown_round,
  already_exists,
  tenant_suspended,
  key_revoked,
  not_permitted,
  time_went_back,
  forced_event_pending,
  out_of_order,
  wrong_rules_version,
  // why a bid does not exist
  type_not_offered = 200,
  type_not_requested,
  framework_not_supported,
  throughput_unknown,
  memory_too_small,
  interconnect_too_slow,
  gang_too_large,
  cpus_too_few,
  host_memory_too_small,
  region_excluded,
  data_class_not_allowed,
  deadline_cannot_be_met,
  no_approved_account,
  account_not_yet_approved,
  price_unknown,
  price_limit_exceeded,
  budget_exceeded,
  quota_exceeded,
  offer_stale,
  cluster_cordoned,
  cluster_draining,
  cluster_quarantined,
  cluster_unreachable,
  image_unreachable,
  input_unreachable,
  capacity_short,
  precision_not_supported,
  runtime_limit_exceeds_site,
  // why a voucher does not apply
  programme_inactive = 300,
  programme_not_at_cluster,
  entitlement_expired,
  entitlement_not_yet_valid,
  entitlement_exhausted,
  entitlement_of_another_holder,
  below_programme_floor,
  programme_cap_reached,
  purse_exhausted,
  class_not_eligible,
  programme_region_excluded,
  rate_unknown,
  // how a job or attempt goes on
  waiting_for_round = 400,
  outbid,
  queue_limit_reached,
  submission_rate_exceeded,
  job_already_final,
  attempt_already_final,
  attempts_exhausted,
  cancelled_by_tenant,
  deadline_passed,
  cluster_lost,
  dispatch_refused,
  allocation_superseded,
  rounds_paused,
  dispatch_frozen,
  payload_missing,
  run_limit_reached,
  // money
  insufficient_balance = 500,
  insufficient_purse,
  amount_not_positive,
  amount_overflow,
  approval_by_same_principal,
  approval_by_creator,
  override_already_decided,
  settlement_mismatch,
  // rounds and proof
  round_already_open = 600,
  round_not_open,
  problem_digest_mismatch,
  certificate_refused,
  plan_not_canonical,
  allocation_not_in_plan,
};

/// Stable machine name: "throughput_unknown".
std::string_view code(Reason reason);
/// One sentence that says what is the matter and, where someone can act, what to do.
std::string_view text_english(Reason reason);
std::string_view text_chinese(Reason reason);

/// Every reason there is, ascending.
std::span<Reason const> all_reasons();
/// True for the values listed above: a number read from outside may be any.
bool is_reason(Reason reason);
/// The reason with this machine name, if there is one.
std::optional<Reason> reason_from_code(std::string_view text);

}  // namespace sluice::policy
