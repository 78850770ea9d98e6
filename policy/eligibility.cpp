// Declared hardware and voucher rules against one job.
#include "policy/eligibility.hpp"

#include <algorithm>

namespace sluice::policy {
namespace {

/// Rounded up; at most the largest 64-bit integer, which no limit on time admits.
std::int64_t ceil_div(Int128 numerator, Int128 denominator) {
  return static_cast<std::int64_t>(std::min<Int128>((numerator + denominator - 1) / denominator, INT64_MAX));
}

/// Throughput of `type` in millionths of one reference card of the job; nullopt when nobody stated it.
std::optional<std::int64_t> throughput_ppm(Catalogue const& catalogue, JobSpec const& spec, FrameworkName const& framework,
                                           VariantAccelerator const& accelerator) {
  if (accelerator.throughput_ppm) return *accelerator.throughput_ppm;
  if (accelerator.type == spec.work_reference) return 1'000'000;
  if (!catalogue.equivalence) return std::nullopt;
  EquivalenceTable const& table = *catalogue.equivalence;
  auto const row =
      std::ranges::find_if(table.rows, [&](EquivalenceRow const& r) { return r.framework == framework && r.type == accelerator.type; });
  if (row == table.rows.end()) return std::nullopt;
  if (spec.work_reference == table.reference) return row->throughput_ppm;
  // The job counts in another type than the table: go through the table's own reference, by the first row that knows the type.
  auto const reference = std::ranges::find_if(table.rows, [&](EquivalenceRow const& r) { return r.type == spec.work_reference; });
  if (reference == table.rows.end()) return std::nullopt;
  auto const ppm = static_cast<std::int64_t>(Int128{row->throughput_ppm} * 1'000'000 / reference->throughput_ppm);
  return ppm > 0 ? std::optional(ppm) : std::nullopt;
}

bool allowed_place(ClusterDefinition const& cluster, JobSpec const& spec) {
  return spec.data_regions.empty() ||
         std::ranges::any_of(spec.data_regions, [&](RegionCode area) { return lies_in(cluster.region, area); });
}

bool allowed_data(ClusterDefinition const& cluster, DataClass data_class) {
  if (cluster.data_classes.empty()) return data_class == DataClass::general;
  return std::ranges::find(cluster.data_classes, data_class) != cluster.data_classes.end();
}

Reason hardware_excludes(Hardware const& hardware, Gang const& gang) {
  if (hardware.memory_gib < gang.min_memory_gib) return Reason::memory_too_small;
  if (gang.interconnect_min_gbps > 0 && hardware.interconnect_gbps.value_or(0) < gang.interconnect_min_gbps)
    return Reason::interconnect_too_slow;
  if (hardware.cards < gang.cards) return Reason::gang_too_large;
  std::int64_t const nodes = ceil_div(gang.cards, std::max(hardware.cards_per_node, 1));
  if (gang.cpus > 0 && nodes * hardware.cpus_per_node.value_or(0) < gang.cpus) return Reason::cpus_too_few;
  if (gang.host_memory_gib > 0 && nodes * hardware.host_memory_gib_per_node.value_or(0) < gang.host_memory_gib)
    return Reason::host_memory_too_small;
  return Reason::none;
}

}  // namespace

std::expected<Fit, Reason> fits_declared(Catalogue const& catalogue, ClusterDefinition const& cluster, JobView const& job,
                                         std::int32_t variant_index, AcceleratorType const& type) {
  JobSpec const& spec = job.spec;
  if (!allowed_place(cluster, spec)) return std::unexpected(Reason::region_excluded);
  if (!allowed_data(cluster, spec.data_class)) return std::unexpected(Reason::data_class_not_allowed);

  if (variant_index < 0 || static_cast<std::size_t>(variant_index) >= spec.variants.size()) return std::unexpected(Reason::malformed);
  Variant const& variant = spec.variants[static_cast<std::size_t>(variant_index)];
  auto const accelerator = std::ranges::find(variant.accelerators, type, &VariantAccelerator::type);
  if (accelerator == variant.accelerators.end()) return std::unexpected(Reason::type_not_requested);
  auto const hardware = std::ranges::find(cluster.hardware, type, &Hardware::type);
  if (hardware == cluster.hardware.end()) return std::unexpected(Reason::type_not_offered);
  if (std::ranges::find(hardware->frameworks, variant.framework) == hardware->frameworks.end())
    return std::unexpected(Reason::framework_not_supported);
  for (Reach const& reach : job.unreachable)
    if (reach.cluster == cluster.cluster && reach.variant == variant_index) return std::unexpected(reach.reason);
  if (Reason const reason = hardware_excludes(*hardware, spec.gang); reason != Reason::none) return std::unexpected(reason);

  auto const ppm = throughput_ppm(catalogue, spec, variant.framework, *accelerator);
  if (!ppm) return std::unexpected(Reason::throughput_unknown);
  Fit fit{.hardware = &*hardware};
  fit.work_card_ms = ceil_div(Int128{spec.work_card_ms} * 1'000'000, *ppm);
  fit.estimate_ms = std::max<std::int64_t>(1, ceil_div(fit.work_card_ms, spec.gang.cards));
  if (fit.estimate_ms > spec.max_runtime_ms) return std::unexpected(Reason::run_limit_reached);
  if (cluster.max_runtime_ms && fit.estimate_ms > *cluster.max_runtime_ms) return std::unexpected(Reason::runtime_limit_exceeds_site);
  return fit;
}

std::expected<std::int32_t, Reason> voucher_rate(Market const& market, Entitlement const& entitlement, TenantName const& tenant_name,
                                                 ClusterName const& cluster, Hardware const& hardware) {
  if (entitlement.holder != tenant_name) return std::unexpected(Reason::entitlement_of_another_holder);
  if (entitlement.closed || market.now() >= entitlement.valid_until) return std::unexpected(Reason::entitlement_expired);
  if (market.now() < entitlement.valid_from) return std::unexpected(Reason::entitlement_not_yet_valid);
  auto const& programmes = market.catalogue().programmes;
  auto const it = programmes.find({entitlement.programme, entitlement.programme_version});
  if (it == programmes.end()) return std::unexpected(Reason::unknown_programme);
  ProgrammeDefinition const& programme = it->second;
  if (std::ranges::find(programme.clusters, cluster) == programme.clusters.end()) return std::unexpected(Reason::programme_not_at_cluster);
  Tenant const* tenant = market.tenant(tenant_name);
  if (tenant == nullptr) return std::unexpected(Reason::unknown_tenant);

  std::optional<std::int32_t> rate_bp;
  for (RateRow const& row : programme.rates) {
    if (row.applicant && *row.applicant != tenant->applicant) continue;
    if (row.origin && *row.origin != hardware.origin) continue;
    rate_bp = row.rate_bp;
    break;
  }
  if (!rate_bp) return std::unexpected(Reason::rate_unknown);
  if (ClusterOffers const* seen = market.offers(cluster)) {
    auto const terms = std::ranges::find(seen->terms, entitlement.programme, &VoucherTerms::programme);
    if (terms != seen->terms.end()) {
      if (terms->rate_bp) rate_bp = std::min(*rate_bp, *terms->rate_bp);  // where site and file disagree, the lower counts
      if (terms->remaining_purse && terms->remaining_purse->micro_yuan <= 0) return std::unexpected(Reason::purse_exhausted);
    }
  }
  if (*rate_bp <= 0) return std::unexpected(Reason::rate_unknown);
  return *rate_bp;
}

std::vector<std::pair<ClusterName, Reason>> never_fits(Catalogue const& catalogue, JobView const& job) {
  std::vector<std::pair<ClusterName, Reason>> reasons;
  for (auto const& [name, cluster] : catalogue.clusters) {
    // The reason that got furthest through the checks says most about what to change.
    Reason best = Reason::type_not_offered;
    int best_rank = -1;
    for (std::size_t v = 0; v < job.spec.variants.size(); ++v) {
      for (VariantAccelerator const& accelerator : job.spec.variants[v].accelerators) {
        auto const fit = fits_declared(catalogue, cluster.definition, job, static_cast<std::int32_t>(v), accelerator.type);
        if (fit) return {};
        bool const wrong_type = fit.error() == Reason::type_not_offered || fit.error() == Reason::type_not_requested;
        int const rank = wrong_type ? 0 : fit.error() == Reason::framework_not_supported ? 1 : 2;
        if (rank > best_rank) {
          best_rank = rank;
          best = fit.error();
        }
      }
    }
    reasons.emplace_back(name, best);
  }
  return reasons;
}

}  // namespace sluice::policy
