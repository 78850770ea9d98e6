// Names and numbers that identify things; distinct types, so that one cannot stand for another.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::policy {

/// A short ASCII name: [a-z0-9A-Z][a-zA-Z0-9._-]{0,62}. Fifteen characters or fewer cost no allocation.
template <class Tag>
struct Name {
  std::string text;
  auto operator<=>(Name const&) const = default;
  bool empty() const { return text.empty(); }
};

using TenantName = Name<struct TenantTag>;            ///< pseudonym, never a company's name: "t-7k3m9q2x"
using ClusterName = Name<struct ClusterTag>;          ///< file name under config/clusters: "qingyang"
using ProgrammeName = Name<struct ProgrammeTag>;      ///< "qingyang-2024"
using AcceleratorType = Name<struct AcceleratorTag>;  ///< "A100", "Ascend910B": as the site files and jobs write it
using FrameworkName = Name<struct FrameworkTag>;      ///< "cuda", "cann"
using PrincipalName = Name<struct PrincipalTag>;      ///< who acts: "p-…", "socket" (local administration) or "broker"
using KeyName = Name<struct KeyTag>;                  ///< public part of an API key
using CredentialName = Name<struct CredentialTag>;    ///< file name of an account's credential

/// True when the text is a Name as described above.
bool is_name(std::string_view text);

/// A 64-bit id; things born by an entry take that entry's sequence number, so ids need no counter of their own.
template <class Tag>
struct Number {
  std::uint64_t value = 0;
  auto operator<=>(Number const&) const = default;
};

using JobId = Number<struct JobTag>;
using AccountId = Number<struct AccountTag>;
using EntitlementId = Number<struct EntitlementTag>;
using OverrideId = Number<struct OverrideTag>;
using RoundNumber = Number<struct RoundTag>;  ///< 1, 2, 3 … without gaps

/// The n-th try to run a job; written "{job}-{number}".
struct AttemptId {
  JobId job;
  std::uint32_t number = 0;  ///< from 1
  auto operator<=>(AttemptId const&) const = default;
};

std::string to_string(AttemptId id);
/// Reads "{job}-{number}"; error: what is wrong.
std::expected<AttemptId, std::string> attempt_from_string(std::string_view text);

/// GB/T 2260 region code, six digits; 0 means "none stated".
struct RegionCode {
  std::int32_t code = 0;
  auto operator<=>(RegionCode const&) const = default;
};

/// True when `place` lies in `area`: equal, or `area` is its province (xx0000) or prefecture (xxxx00).
bool lies_in(RegionCode place, RegionCode area);

}  // namespace sluice::policy
