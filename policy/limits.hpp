// Every cap and range that apply() enforces, in one place; the API and the config loader cite the same names.
#pragma once

#include "policy/money.hpp"
#include "policy/time.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::policy::limits {

constexpr std::int64_t timestamp_ms_max = (std::int64_t{1} << 53) - 1;  ///< JSON carries it exactly

// Texts and lists.
constexpr std::size_t origin_length_max = 200;
constexpr std::size_t clause_length_max = 64;
constexpr std::size_t source_length_max = 200;
constexpr std::size_t hardware_rows_max = 64;
constexpr std::size_t frameworks_max = 16;
constexpr std::size_t rate_rows_max = 32;
constexpr std::size_t regions_max = 64;
constexpr std::size_t programme_clusters_max = 256;
constexpr std::size_t unset_figures_max = 32;
constexpr std::size_t equivalence_rows_max = 512;
constexpr std::size_t offers_max = 64;
constexpr std::size_t voucher_terms_max = 64;
constexpr std::size_t variants_max = 8;
constexpr std::size_t accelerators_per_variant_max = 16;
constexpr std::size_t unreachable_max = 512;  ///< an entry stays below 64 KiB
constexpr std::size_t overrides_undecided_max = 10'000;

// Quantities.
constexpr std::int32_t cluster_cards_max = 1'000'000;
constexpr std::int32_t gang_cards_max = 100'000;
constexpr std::int32_t gang_cpus_max = 10'000'000;
constexpr std::int32_t gib_max = 1'000'000'000;
constexpr std::int32_t gbps_max = 1'000'000;
constexpr std::int32_t throughput_ppm_max = 1'000'000'000;  ///< a thousand reference cards
constexpr std::int64_t runtime_ms_max = 366 * ms_per_day;
constexpr std::int64_t work_card_ms_max = 1'000'000'000 * ms_per_hour;  ///< 10^9 card-hours
constexpr std::int64_t porting_ms_max = 100'000 * ms_per_hour;
constexpr std::int32_t max_attempts_max = 20;
constexpr std::int64_t offer_age_ms_max = 366 * ms_per_day;  ///< offers given by telephone live long
constexpr std::int64_t queue_delay_ms_max = 366 * ms_per_day;
constexpr std::int32_t tariff_ms_max = 86'400'000;
constexpr std::int32_t valid_days_max = 3'660;
constexpr std::int32_t approval_days_max = 3'660;
constexpr std::int32_t disclosure_delay_days_max = 365;
constexpr std::int32_t queue_limit_max = 10'000'000;
constexpr std::int32_t submissions_per_minute_max = 10'000'000;
constexpr std::int32_t weight_ppm_max = 1'000'000'000;

// Money.
constexpr Money price_per_card_hour_max = yuan(1'000'000);
constexpr Money unit_cost_max = yuan(1'000'000);     ///< egress per GiB, porting per hour
constexpr Money gross_max = yuan(1'000'000'000);     ///< of one attempt: a reading that costs more cannot be true
constexpr Money book_max = yuan(8'000'000'000'000);  ///< of what is owed to or claimed from centres: any book stays inside 64 bits

// Rates and rules.
/// Refusals kept as entries per tenant and minute; beyond, nobody is told through the log.
constexpr std::int32_t refusals_per_minute = 60;
/// How long a cluster that declined a job is not asked again: doubled each time, up to the longest.
constexpr std::int64_t declined_first_ms = 10'000;
constexpr std::int64_t declined_longest_ms = 600'000;
/// Attempts that never ran (refused by dispatch) do not count against max_attempts, but this many end the job.
constexpr std::int32_t dispatch_refusals_max = 64;
/// A lost attempt that was never seen to start may still be waiting at the centre: a second run is allowed this much later.
constexpr std::int64_t lost_unstarted_grace_ms = ms_per_day;

}  // namespace sluice::policy::limits
