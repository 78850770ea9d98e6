// Ranges of clusters, programmes, tables and offers.
#include "policy/definition_check.hpp"

#include "policy/limits.hpp"

#include <algorithm>
#include <functional>

namespace sluice::policy {
namespace {

using Wrong = std::optional<std::string>;

/// Writes "member: 1 to 5" for an integer out of range.
template <class Integer>
Wrong out_of_range(std::string member, Integer value, Integer least, Integer most) {
  if (value >= least && value <= most) return std::nullopt;
  return std::move(member) + ": " + std::to_string(least) + " to " + std::to_string(most);
}
template <class Integer>
Wrong out_of_range(std::string member, std::optional<Integer> const& value, Integer least, Integer most) {
  return value ? out_of_range(std::move(member), *value, least, most) : std::nullopt;
}
Wrong out_of_range(std::string member, std::optional<Money> const& value, Money least, Money most) {
  if (!value || (*value >= least && *value <= most)) return std::nullopt;
  return std::move(member) + ": " + format_yuan(least) + " to " + format_yuan(most) + " yuan";
}

template <class Tag>
Wrong not_a_name(std::string member, Name<Tag> const& name) {
  if (is_name(name.text)) return std::nullopt;
  return std::move(member) + ": 1 to 63 of a-z A-Z 0-9 . _ -, a letter or digit first";
}

template <class List, class Projection>
bool strictly_ascending(List const& list, Projection projection) {
  return std::ranges::adjacent_find(list, std::ranges::greater_equal{}, projection) == list.end();
}

std::string element(char const* list, std::size_t index, char const* member = "") {
  return std::string(list) + '[' + std::to_string(index) + ']' + member;
}

/// The first that is wrong.
Wrong first_of(std::initializer_list<Wrong> wrongs) {
  for (Wrong const& wrong : wrongs)
    if (wrong) return wrong;
  return std::nullopt;
}

constexpr Money micro_yuan_least{1};

Wrong wrong_in_hardware(Hardware const& hardware, std::size_t i) {
  if (hardware.frameworks.empty() || hardware.frameworks.size() > limits::frameworks_max)
    return element("hardware", i, ".frameworks: 1 to ") + std::to_string(limits::frameworks_max) + " names";
  for (FrameworkName const& framework : hardware.frameworks)
    if (Wrong wrong = not_a_name(element("hardware", i, ".frameworks"), framework)) return wrong;
  return first_of({not_a_name(element("hardware", i, ".type"), hardware.type),
                   out_of_range(element("hardware", i, ".cards"), hardware.cards, 1, limits::cluster_cards_max),
                   out_of_range(element("hardware", i, ".cards_per_node"), hardware.cards_per_node, 1, limits::cluster_cards_max),
                   out_of_range(element("hardware", i, ".cpus_per_node"), hardware.cpus_per_node, 1, limits::gang_cpus_max),
                   out_of_range(element("hardware", i, ".host_memory_gib_per_node"), hardware.host_memory_gib_per_node, 1, limits::gib_max),
                   out_of_range(element("hardware", i, ".interconnect_gbps"), hardware.interconnect_gbps, 1, limits::gbps_max),
                   out_of_range(element("hardware", i, ".memory_gib"), hardware.memory_gib, 1, limits::gib_max)});
}

Wrong wrong_in_tariff(Tariff const& tariff, std::size_t i) {
  return first_of({not_a_name(element("tariffs", i, ".type"), tariff.type),
                   out_of_range(element("tariffs", i, ".increment_ms"), tariff.increment_ms, 1, limits::tariff_ms_max),
                   out_of_range(element("tariffs", i, ".minimum_ms"), tariff.minimum_ms, 0, limits::tariff_ms_max),
                   out_of_range(element("tariffs", i, ".price_per_card_hour"), tariff.price_per_card_hour, micro_yuan_least,
                                limits::price_per_card_hour_max),
                   out_of_range(element("tariffs", i, ".version"), tariff.version, 1, INT32_MAX)});
}

}  // namespace

bool is_region(RegionCode region) { return region.code >= 100'000 && region.code <= 999'999; }

bool is_plain_text(std::string const& text, std::size_t length_max) {
  return text.size() <= length_max && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<std::string> wrong_in(ClusterDefinition const& definition) {
  if (Wrong wrong = first_of(
          {not_a_name("cluster", definition.cluster), not_a_name("protocol", definition.protocol),
           out_of_range("access.approval_days_min", definition.access.approval_days_min, 0, limits::approval_days_max),
           out_of_range("access.approval_days_max", definition.access.approval_days_max, 0, limits::approval_days_max),
           out_of_range("access.minimum_annual_spend", definition.access.minimum_annual_spend, micro_yuan_least, money_max),
           out_of_range("max_runtime_ms", definition.max_runtime_ms, std::int64_t{1}, limits::runtime_ms_max),
           out_of_range("offer_max_age_ms", std::int64_t{definition.offer_max_age_ms}, std::int64_t{1}, limits::offer_age_ms_max)}))
    return wrong;
  if (definition.access.approval_days_min && definition.access.approval_days_max &&
      *definition.access.approval_days_min > *definition.access.approval_days_max)
    return "access.approval_days_min: not above approval_days_max";
  if (!is_region(definition.region)) return "region: a GB/T 2260 code of six digits";
  if (!strictly_ascending(definition.data_classes, std::identity{}) || definition.data_classes.size() > 3)
    return "data_classes: each at most once, in the order general, important, core";
  if (definition.hardware.empty() || definition.hardware.size() > limits::hardware_rows_max ||
      !strictly_ascending(definition.hardware, &Hardware::type))
    return "hardware: 1 to " + std::to_string(limits::hardware_rows_max) + " rows, sorted by type, each type once";
  for (std::size_t i = 0; i < definition.hardware.size(); ++i)
    if (Wrong wrong = wrong_in_hardware(definition.hardware[i], i)) return wrong;
  if (definition.tariffs.size() > limits::hardware_rows_max || !strictly_ascending(definition.tariffs, &Tariff::type))
    return "tariffs: at most " + std::to_string(limits::hardware_rows_max) + " rows, sorted by type, each type once";
  for (std::size_t i = 0; i < definition.tariffs.size(); ++i)
    if (Wrong wrong = wrong_in_tariff(definition.tariffs[i], i)) return wrong;
  return std::nullopt;
}

std::optional<std::string> wrong_in(ProgrammeDefinition const& definition) {
  if (Wrong wrong = first_of({not_a_name("programme", definition.programme), out_of_range("version", definition.version, 1, INT32_MAX),
                              out_of_range("cap", definition.cap, micro_yuan_least, money_max),
                              out_of_range("floor", definition.floor, Money{0}, money_max),
                              out_of_range("purse", definition.purse, Money{0}, money_max),
                              out_of_range("valid_days", definition.valid_days, 1, limits::valid_days_max)}))
    return wrong;
  if (!is_plain_text(definition.clause, limits::clause_length_max))
    return "clause: at most " + std::to_string(limits::clause_length_max) + " ASCII characters";
  if (definition.clusters.size() > limits::programme_clusters_max) return "clusters: too many names";
  for (ClusterName const& cluster : definition.clusters)
    if (Wrong wrong = not_a_name("clusters", cluster)) return wrong;
  if (definition.rates.size() > limits::rate_rows_max) return "rates: too many rows";
  for (std::size_t i = 0; i < definition.rates.size(); ++i)
    if (Wrong wrong = out_of_range(element("rates", i, ".rate_bp"), definition.rates[i].rate_bp, 1, 10'000)) return wrong;
  if (definition.regions.size() > limits::regions_max || !std::ranges::all_of(definition.regions, is_region))
    return "regions: at most " + std::to_string(limits::regions_max) + " GB/T 2260 codes";
  if (definition.eligible.size() > 4) return "eligible: each class at most once";
  if (definition.unset.size() > limits::unset_figures_max ||
      !std::ranges::all_of(definition.unset, [](auto const& name) { return is_plain_text(name, limits::clause_length_max); }))
    return "unset: names of figures";
  if (definition.effective_from && definition.effective_to && *definition.effective_from >= *definition.effective_to)
    return "effective_to: after effective_from";
  if (definition.active && (!definition.unset.empty() || !definition.purse || definition.rates.empty() || definition.clusters.empty()))
    return "active: only with purse, rates and clusters stated and nothing unset";
  return std::nullopt;
}

std::optional<std::string> wrong_in(EquivalenceTable const& table) {
  if (Wrong wrong = first_of({not_a_name("reference", table.reference), out_of_range("version", table.version, 1, INT32_MAX)}))
    return wrong;
  if (table.source.empty() || !is_plain_text(table.source, limits::source_length_max))
    return "source: 1 to " + std::to_string(limits::source_length_max) + " ASCII characters: a figure without a source is not used";
  if (table.rows.size() > limits::equivalence_rows_max) return "rows: at most " + std::to_string(limits::equivalence_rows_max);
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    if (Wrong wrong =
            first_of({not_a_name(element("rows", i, ".framework"), table.rows[i].framework),
                      not_a_name(element("rows", i, ".type"), table.rows[i].type),
                      out_of_range(element("rows", i, ".throughput_ppm"), table.rows[i].throughput_ppm, 1, limits::throughput_ppm_max)}))
      return wrong;
  return std::nullopt;
}

std::optional<std::string> wrong_in(MarketRules const& rules) {
  return first_of({out_of_range("ageing_ppm_per_round", rules.ageing_ppm_per_round, 0, limits::weight_ppm_max),
                   out_of_range("waiting_ppm", rules.waiting_ppm, 0, limits::weight_ppm_max),
                   out_of_range("price_move_ppm", rules.price_move_ppm, 0, 1'000'000), out_of_range("fee_bp", rules.fee_bp, 0, 10'000),
                   out_of_range("egress_per_gib", std::optional(rules.egress_per_gib), Money{0}, limits::unit_cost_max),
                   out_of_range("porting_per_hour", std::optional(rules.porting_per_hour), Money{0}, limits::unit_cost_max)});
}

std::optional<std::string> wrong_in(Offer const& offer) {
  return first_of(
      {not_a_name("type", offer.type), out_of_range("counted_cards", offer.counted_cards, 0, limits::cluster_cards_max),
       out_of_range("free_cards", offer.free_cards, 0, limits::cluster_cards_max),
       out_of_range("total_cards", offer.total_cards, 0, limits::cluster_cards_max),
       out_of_range("queue_delay_ms", offer.queue_delay_ms, std::int64_t{0}, limits::queue_delay_ms_max),
       // Zero is not a price: a missing or zero price is unknown, and unknown is absent.
       out_of_range("price_per_card_hour", offer.price_per_card_hour, micro_yuan_least, limits::price_per_card_hour_max),
       out_of_range("list_price_per_card_hour", offer.list_price_per_card_hour, micro_yuan_least, limits::price_per_card_hour_max)});
}

std::optional<std::string> wrong_in(VoucherTerms const& terms) {
  return first_of({not_a_name("programme", terms.programme), out_of_range("rate_bp", terms.rate_bp, 0, 10'000),
                   out_of_range("remaining_purse", terms.remaining_purse, Money{0}, money_max)});
}

std::optional<std::string> wrong_in(JobSpec const& spec) {
  if (Wrong wrong = first_of({out_of_range("data_gib", spec.data_gib, 0, limits::gib_max),
                              out_of_range("gang.cards", spec.gang.cards, 1, limits::gang_cards_max),
                              out_of_range("gang.cpus", spec.gang.cpus, 0, limits::gang_cpus_max),
                              out_of_range("gang.host_memory_gib", spec.gang.host_memory_gib, 0, limits::gib_max),
                              out_of_range("gang.interconnect_min_gbps", spec.gang.interconnect_min_gbps, 0, limits::gbps_max),
                              out_of_range("gang.min_memory_gib", spec.gang.min_memory_gib, 0, limits::gib_max),
                              out_of_range("max_attempts", spec.max_attempts, 1, limits::max_attempts_max),
                              out_of_range("max_cost", spec.max_cost, micro_yuan_least, money_max),
                              out_of_range("max_runtime_ms", spec.max_runtime_ms, std::int64_t{1}, limits::runtime_ms_max),
                              out_of_range("work_card_ms", spec.work_card_ms, std::int64_t{1}, limits::work_card_ms_max),
                              not_a_name("work_reference", spec.work_reference)}))
    return wrong;
  if (spec.data_location && !is_region(*spec.data_location)) return "data_location: a GB/T 2260 code of six digits";
  if (spec.data_regions.size() > limits::regions_max || !std::ranges::all_of(spec.data_regions, is_region))
    return "data_regions: at most " + std::to_string(limits::regions_max) + " GB/T 2260 codes";
  if (spec.variants.empty() || spec.variants.size() > limits::variants_max) return "variants: 1 to " + std::to_string(limits::variants_max);
  for (std::size_t v = 0; v < spec.variants.size(); ++v) {
    Variant const& variant = spec.variants[v];
    if (Wrong wrong =
            first_of({not_a_name(element("variants", v, ".framework"), variant.framework),
                      out_of_range(element("variants", v, ".porting_ms"), variant.porting_ms, std::int64_t{0}, limits::porting_ms_max)}))
      return wrong;
    if (variant.accelerators.empty() || variant.accelerators.size() > limits::accelerators_per_variant_max)
      return element("variants", v, ".accelerators: 1 to ") + std::to_string(limits::accelerators_per_variant_max);
    for (std::size_t a = 0; a < variant.accelerators.size(); ++a) {
      VariantAccelerator const& accelerator = variant.accelerators[a];
      std::string const path = element("variants", v, ".") + element("accelerators", a);
      if (Wrong wrong = first_of({not_a_name(path + ".type", accelerator.type),
                                  out_of_range(path + ".throughput_ppm", accelerator.throughput_ppm, 1, limits::throughput_ppm_max)}))
        return wrong;
      if (std::ranges::count(variant.accelerators, accelerator.type, &VariantAccelerator::type) > 1)
        return path + ".type: each type once per variant";
    }
  }
  return std::nullopt;
}

}  // namespace sluice::policy
