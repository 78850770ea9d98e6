// What declared hardware and rules allow, apart from prices, balances and free cards.
#pragma once

#include "policy/pricing.hpp"

#include <cstdint>
#include <expected>

namespace sluice::policy {

/// What a job's work takes on one accelerator type of one cluster.
struct Fit {
  Hardware const* hardware = nullptr;
  std::int64_t work_card_ms = 0;  ///< of the declared work on this type
  std::int64_t estimate_ms = 0;   ///< run time of the gang, ≥ 1
};

/// Whether a variant of the job could ever run on this type there, by what is declared. Error: the first thing that excludes it.
/// The order of checks is fixed: place, hardware, framework, throughput, time.
std::expected<Fit, Reason> fits_declared(Catalogue const& catalogue, ClusterDefinition const& cluster, JobView const& job,
                                         std::int32_t variant, AcceleratorType const& type);

/// The share of the price that a voucher pays for this applicant at this hardware, in basis points: the programme's rate, lowered by what
/// the site quotes. Error: why the voucher does not apply.
std::expected<std::int32_t, Reason> voucher_rate(Market const& market, Entitlement const& entitlement, TenantName const& tenant,
                                                 ClusterName const& cluster, Hardware const& hardware);

}  // namespace sluice::policy
