// The stable names of enumerators, as the log, the API and people write them.
#pragma once

#include "policy/definitions.hpp"
#include "policy/events/event.hpp"
#include "policy/state/books.hpp"
#include "policy/state/records.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::policy {

/// Specialised with `list` for each enumeration that leaves the process.
template <class Enum>
struct EnumNames;

template <>
struct EnumNames<Role> {
  static constexpr std::array<std::pair<Role, std::string_view>, 6> list{{{Role::tenant, "tenant"},
                                                                          {Role::operator_, "operator"},
                                                                          {Role::approver, "approver"},
                                                                          {Role::auditor, "auditor"},
                                                                          {Role::local_admin, "local_admin"},
                                                                          {Role::broker, "broker"}}};
};
template <>
struct EnumNames<ApplicantClass> {
  static constexpr std::array<std::pair<ApplicantClass, std::string_view>, 4> list{{{ApplicantClass::startup, "startup"},
                                                                                    {ApplicantClass::sme, "sme"},
                                                                                    {ApplicantClass::large, "large"},
                                                                                    {ApplicantClass::institute, "institute"}}};
};
template <>
struct EnumNames<DataClass> {
  static constexpr std::array<std::pair<DataClass, std::string_view>, 3> list{
      {{DataClass::general, "general"}, {DataClass::important, "important"}, {DataClass::core, "core"}}};
};
template <>
struct EnumNames<HardwareOrigin> {
  static constexpr std::array<std::pair<HardwareOrigin, std::string_view>, 2> list{
      {{HardwareOrigin::domestic, "domestic"}, {HardwareOrigin::foreign, "foreign"}}};
};
template <>
struct EnumNames<Flow> {
  static constexpr std::array<std::pair<Flow, std::string_view>, 7> list{{{Flow::reimburse, "reimburse"},
                                                                          {Flow::deduct_at_use, "deduct_at_use"},
                                                                          {Flow::platform_metered, "platform_metered"},
                                                                          {Flow::target_letter, "target_letter"},
                                                                          {Flow::in_kind, "in_kind"},
                                                                          {Flow::project_award, "project_award"},
                                                                          {Flow::billing_tag, "billing_tag"}}};
};
template <>
struct EnumNames<RateKind> {
  static constexpr std::array<std::pair<RateKind, std::string_view>, 2> list{{{RateKind::ceiling, "ceiling"}, {RateKind::exact, "exact"}}};
};
template <>
struct EnumNames<CapPeriod> {
  static constexpr std::array<std::pair<CapPeriod, std::string_view>, 4> list{{{CapPeriod::natural_year, "natural_year"},
                                                                               {CapPeriod::rolling_365_days, "rolling_365_days"},
                                                                               {CapPeriod::validity, "validity"},
                                                                               {CapPeriod::once, "once"}}};
};
template <>
struct EnumNames<Rounding> {
  static constexpr std::array<std::pair<Rounding, std::string_view>, 6> list{{{Rounding::floor_fen, "floor_fen"},
                                                                              {Rounding::ceil_fen, "ceil_fen"},
                                                                              {Rounding::half_up_fen, "half_up_fen"},
                                                                              {Rounding::floor_micro, "floor_micro"},
                                                                              {Rounding::ceil_micro, "ceil_micro"},
                                                                              {Rounding::half_up_micro, "half_up_micro"}}};
};
template <>
struct EnumNames<TenantStatus> {
  static constexpr std::array<std::pair<TenantStatus, std::string_view>, 3> list{
      {{TenantStatus::active, "active"}, {TenantStatus::suspended, "suspended"}, {TenantStatus::erased, "erased"}}};
};
template <>
struct EnumNames<ClusterStatus> {
  static constexpr std::array<std::pair<ClusterStatus, std::string_view>, 4> list{{{ClusterStatus::open, "open"},
                                                                                   {ClusterStatus::cordoned, "cordoned"},
                                                                                   {ClusterStatus::draining, "draining"},
                                                                                   {ClusterStatus::quarantined, "quarantined"}}};
};
template <>
struct EnumNames<OverrideKind> {
  static constexpr std::array<std::pair<OverrideKind, std::string_view>, 4> list{{{OverrideKind::refund, "refund"},
                                                                                  {OverrideKind::correct_deposit, "correct_deposit"},
                                                                                  {OverrideKind::revoke_entitlement, "revoke_entitlement"},
                                                                                  {OverrideKind::settle_disputed, "settle_disputed"}}};
};
template <>
struct EnumNames<Liability> {
  static constexpr std::array<std::pair<Liability, std::string_view>, 4> list{
      {{Liability::tenant, "tenant"}, {Liability::centre, "centre"}, {Liability::operator_, "operator"}, {Liability::unknown, "unknown"}}};
};
template <>
struct EnumNames<Outcome> {
  static constexpr std::array<std::pair<Outcome, std::string_view>, 7> list{{{Outcome::succeeded, "succeeded"},
                                                                             {Outcome::failed, "failed"},
                                                                             {Outcome::limit_reached, "limit_reached"},
                                                                             {Outcome::cancelled, "cancelled"},
                                                                             {Outcome::cluster_fault, "cluster_fault"},
                                                                             {Outcome::preempted, "preempted"},
                                                                             {Outcome::broker_fault, "broker_fault"}}};
};
template <>
struct EnumNames<JobStatus> {
  static constexpr std::array<std::pair<JobStatus, std::string_view>, 8> list{{{JobStatus::queued, "queued"},
                                                                               {JobStatus::allocated, "allocated"},
                                                                               {JobStatus::dispatched, "dispatched"},
                                                                               {JobStatus::running, "running"},
                                                                               {JobStatus::completed, "completed"},
                                                                               {JobStatus::failed, "failed"},
                                                                               {JobStatus::cancelled, "cancelled"},
                                                                               {JobStatus::lost, "lost"}}};
};
template <>
struct EnumNames<AttemptStatus> {
  static constexpr std::array<std::pair<AttemptStatus, std::string_view>, 8> list{{{AttemptStatus::allocated, "allocated"},
                                                                                   {AttemptStatus::intended, "intended"},
                                                                                   {AttemptStatus::acknowledged, "acknowledged"},
                                                                                   {AttemptStatus::running, "running"},
                                                                                   {AttemptStatus::ended, "ended"},
                                                                                   {AttemptStatus::lost, "lost"},
                                                                                   {AttemptStatus::settled, "settled"},
                                                                                   {AttemptStatus::refused, "refused"}}};
};
template <>
struct EnumNames<BookKind> {
  static constexpr std::array<std::pair<BookKind, std::string_view>, 15> list{{{BookKind::bank, "bank"},
                                                                               {BookKind::treasury, "treasury"},
                                                                               {BookKind::tenant_free, "tenant_free"},
                                                                               {BookKind::tenant_held, "tenant_held"},
                                                                               {BookKind::tenant_disputed, "tenant_disputed"},
                                                                               {BookKind::purse, "purse"},
                                                                               {BookKind::entitlement_free, "entitlement_free"},
                                                                               {BookKind::entitlement_held, "entitlement_held"},
                                                                               {BookKind::entitlement_disputed, "entitlement_disputed"},
                                                                               {BookKind::centre_payable, "centre_payable"},
                                                                               {BookKind::centre_claim, "centre_claim"},
                                                                               {BookKind::centre_disputed, "centre_disputed"},
                                                                               {BookKind::claim_against_centre, "claim_against_centre"},
                                                                               {BookKind::operator_fee, "operator_fee"},
                                                                               {BookKind::operator_loss, "operator_loss"}}};
};

/// The enumerator's stable name; empty for a value outside the enumeration.
template <class Enum>
constexpr std::string_view name_of(Enum value) {
  for (auto const& [each, name] : EnumNames<Enum>::list)
    if (each == value) return name;
  return {};
}

/// The enumerator of this exact name.
template <class Enum>
constexpr std::optional<Enum> from_name(std::string_view wanted) {
  for (auto const& [each, name] : EnumNames<Enum>::list)
    if (name == wanted) return each;
  return std::nullopt;
}

}  // namespace sluice::policy
