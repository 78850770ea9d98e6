// What people declare: roles, clusters, tariffs, programmes, jobs. Used by events and by the state alike.
//
// Each struct lists its members once, in `fields`, in the order RFC 8785 sorts the keys; the JSON codec of the log and the
// binary rows of the state are both written from that list, so a member cannot be forgotten in one of them.
#pragma once

#include "policy/hash.hpp"
#include "policy/identifiers.hpp"
#include "policy/money.hpp"
#include "policy/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

enum class Role : std::uint8_t { tenant = 1, operator_ = 2, approver = 3, auditor = 4, local_admin = 5, broker = 6 };

/// Who did it, in which role, and why: the reason's text is a private part bound by this hash.
struct By {
  PrincipalName principal;
  std::optional<Hash> reason;
  Role role = Role::operator_;
  bool operator==(By const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("principal", self.principal);
    visit("reason", self.reason);
    visit("role", self.role);
  }
};

enum class ApplicantClass : std::uint8_t { startup = 1, sme = 2, large = 3, institute = 4 };
enum class DataClass : std::uint8_t { general = 1, important = 2, core = 3 };  ///< GB/T 43697-2024
enum class HardwareOrigin : std::uint8_t { domestic = 1, foreign = 2 };

/// One accelerator type as a site declares it. A figure the site did not state is absent, never zero.
struct Hardware {
  std::int32_t cards = 0;           ///< declared total, the upper bound of what can ever fit
  std::int32_t cards_per_node = 0;  ///< ≥ 1
  std::optional<std::int32_t> cpus_per_node;
  std::vector<FrameworkName> frameworks;
  std::optional<std::int32_t> host_memory_gib_per_node;
  std::optional<std::int32_t> interconnect_gbps;
  std::int32_t memory_gib = 0;  ///< per card
  HardwareOrigin origin = HardwareOrigin::domestic;
  AcceleratorType type;
  bool operator==(Hardware const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("cards", self.cards);
    visit("cards_per_node", self.cards_per_node);
    visit("cpus_per_node", self.cpus_per_node);
    visit("frameworks", self.frameworks);
    visit("host_memory_gib_per_node", self.host_memory_gib_per_node);
    visit("interconnect_gbps", self.interconnect_gbps);
    visit("memory_gib", self.memory_gib);
    visit("origin", self.origin);
    visit("type", self.type);
  }
};

/// How use of one accelerator type becomes money. The price stands here only where the protocol cannot quote one.
struct Tariff {
  std::int32_t increment_ms = 1'000;  ///< use is billed in whole increments, rounded up; ≥ 1
  std::int32_t minimum_ms = 0;        ///< least billed time per attempt
  std::optional<Money> price_per_card_hour;
  Rounding rounding = Rounding::half_up_fen;  ///< once per invoice line
  AcceleratorType type;
  std::int32_t version = 1;
  bool operator==(Tariff const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("increment_ms", self.increment_ms);
    visit("minimum_ms", self.minimum_ms);
    visit("price_per_card_hour_micro_yuan", self.price_per_card_hour);
    visit("rounding", self.rounding);
    visit("type", self.type);
    visit("version", self.version);
  }
};

/// Terms of access to the centre itself, apart from any voucher programme.
struct AccessTerms {
  std::optional<std::int32_t> approval_days_max;
  std::optional<std::int32_t> approval_days_min;
  std::optional<Money> minimum_annual_spend;
  bool operator==(AccessTerms const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("approval_days_max", self.approval_days_max);
    visit("approval_days_min", self.approval_days_min);
    visit("minimum_annual_spend_micro_yuan", self.minimum_annual_spend);
  }
};

struct ClusterDefinition {
  AccessTerms access;
  ClusterName cluster;
  std::vector<DataClass> data_classes;         ///< admitted; empty admits general only
  std::vector<Hardware> hardware;              ///< sorted by type
  std::optional<std::int64_t> max_runtime_ms;  ///< the site's own limit per job
  std::int32_t offer_max_age_ms = 60'000;      ///< an offer older than this is stale
  Name<struct ProtocolTag> protocol;           ///< "centre", "slurm", "kubernetes", "modelarts", "manual"
  RegionCode region;
  std::vector<Tariff> tariffs;  ///< sorted by type, at most one each
  bool operator==(ClusterDefinition const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("access", self.access);
    visit("cluster", self.cluster);
    visit("data_classes", self.data_classes);
    visit("hardware", self.hardware);
    visit("max_runtime_ms", self.max_runtime_ms);
    visit("offer_max_age_ms", self.offer_max_age_ms);
    visit("protocol", self.protocol);
    visit("region", self.region);
    visit("tariffs", self.tariffs);
  }
};

enum class Flow : std::uint8_t { reimburse = 1, deduct_at_use, platform_metered, target_letter, in_kind, project_award, billing_tag };
enum class RateKind : std::uint8_t { ceiling = 1, exact = 2 };
enum class CapPeriod : std::uint8_t { natural_year = 1, rolling_365_days = 2, validity = 3, once = 4 };

/// First row whose conditions all hold gives the rate; an absent condition always holds.
struct RateRow {
  std::optional<ApplicantClass> applicant;
  std::optional<HardwareOrigin> origin;
  std::int32_t rate_bp = 0;  ///< 1 … 10,000
  bool operator==(RateRow const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("applicant_class", self.applicant);
    visit("hardware_origin", self.origin);
    visit("rate_bp", self.rate_bp);
  }
};

/// One version of a voucher scheme's rules. What the published rule leaves open is absent; such a programme is inactive.
struct ProgrammeDefinition {
  bool active = false;       ///< false while a figure it needs is unset
  std::optional<Money> cap;  ///< per entity and cap period
  CapPeriod cap_period = CapPeriod::natural_year;
  std::string clause;                 ///< of the rule's document, cited by postings; ≤ 64 ASCII characters
  std::vector<ClusterName> clusters;  ///< where the voucher is spendable
  std::optional<Timestamp> effective_from;
  std::optional<Timestamp> effective_to;
  std::vector<ApplicantClass> eligible;  ///< empty: all classes
  std::optional<Money> floor;            ///< contract or order value below which there is no subsidy
  Flow flow = Flow::deduct_at_use;
  ProgrammeName programme;
  std::optional<Money> purse;  ///< money per year
  RateKind rate_is = RateKind::ceiling;
  std::vector<RateRow> rates;
  std::vector<RegionCode> regions;          ///< where an applicant must be registered; empty: anywhere
  Rounding rounding = Rounding::floor_fen;  ///< of the subsidy
  std::vector<std::string> unset;           ///< names of the figures that keep it inactive
  std::optional<std::int32_t> valid_days;   ///< of an issued voucher
  std::int32_t version = 1;
  bool operator==(ProgrammeDefinition const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("active", self.active);
    visit("cap_micro_yuan", self.cap);
    visit("cap_period", self.cap_period);
    visit("clause", self.clause);
    visit("clusters", self.clusters);
    visit("effective_from_ms", self.effective_from);
    visit("effective_to_ms", self.effective_to);
    visit("eligible", self.eligible);
    visit("floor_micro_yuan", self.floor);
    visit("flow", self.flow);
    visit("programme", self.programme);
    visit("purse_micro_yuan", self.purse);
    visit("rate_is", self.rate_is);
    visit("rates", self.rates);
    visit("regions", self.regions);
    visit("rounding", self.rounding);
    visit("unset", self.unset);
    visit("valid_days", self.valid_days);
    visit("version", self.version);
  }
};

/// Throughput of one card of `type` under `framework`, in millionths of one reference card.
struct EquivalenceRow {
  FrameworkName framework;
  std::int32_t throughput_ppm = 0;  ///< > 0
  AcceleratorType type;
  bool operator==(EquivalenceRow const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("framework", self.framework);
    visit("throughput_ppm", self.throughput_ppm);
    visit("type", self.type);
  }
};

/// Which types stand in for which, with the source of the figures (≤ 200 ASCII characters).
struct EquivalenceTable {
  AcceleratorType reference;
  std::vector<EquivalenceRow> rows;
  std::string source;
  std::int32_t version = 1;
  bool operator==(EquivalenceTable const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("reference", self.reference);
    visit("rows", self.rows);
    visit("source", self.source);
    visit("version", self.version);
  }
};

/// What the operator charges and how the round weighs waiting.
struct MarketRules {
  std::int32_t ageing_ppm_per_round = 20'000;  ///< a waiting job's waiting cost grows by this share each round
  Money egress_per_gib;                        ///< for inputs that leave their location's prefecture
  std::int32_t fee_bp = 0;                     ///< broker fee on the gross price, shown on every quote
  Money porting_per_hour;                      ///< what an hour of porting to another framework is worth
  std::int32_t price_move_ppm = 50'000;        ///< smaller price changes are not logged between rounds
  std::int32_t waiting_ppm = 3'000'000;        ///< waiting cost of a fresh job, in millionths of its cheapest bid
  bool operator==(MarketRules const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("ageing_ppm_per_round", self.ageing_ppm_per_round);
    visit("egress_per_gib_micro_yuan", self.egress_per_gib);
    visit("fee_bp", self.fee_bp);
    visit("porting_per_hour_micro_yuan", self.porting_per_hour);
    visit("price_move_ppm", self.price_move_ppm);
    visit("waiting_ppm", self.waiting_ppm);
  }
};

/// Cards that start together, and what each must offer. Amounts of CPU and host memory are for the whole gang.
struct Gang {
  std::int32_t cards = 1;
  std::int32_t cpus = 0;
  std::int32_t host_memory_gib = 0;
  std::int32_t interconnect_min_gbps = 0;
  std::int32_t min_memory_gib = 0;
  bool operator==(Gang const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("cards", self.cards);
    visit("cpus", self.cpus);
    visit("host_memory_gib", self.host_memory_gib);
    visit("interconnect_min_gbps", self.interconnect_min_gbps);
    visit("min_memory_gib", self.min_memory_gib);
  }
};

struct VariantAccelerator {
  std::optional<std::int32_t> throughput_ppm;  ///< of the work's reference card; absent: ask the equivalence table
  AcceleratorType type;
  bool operator==(VariantAccelerator const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("throughput_ppm", self.throughput_ppm);
    visit("type", self.type);
  }
};

/// One way to run the job; image, command and environment are private.
struct Variant {
  std::vector<VariantAccelerator> accelerators;
  FrameworkName framework;
  std::int64_t porting_ms = 0;
  bool operator==(Variant const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("accelerators", self.accelerators);
    visit("framework", self.framework);
    visit("porting_ms", self.porting_ms);
  }
};

/// The part of a job that decisions need. Everything else of the request is a private part.
struct JobSpec {
  DataClass data_class = DataClass::general;
  std::int32_t data_gib = 0;
  std::optional<RegionCode> data_location;
  std::vector<RegionCode> data_regions;  ///< where the data may go; empty: anywhere
  std::optional<Timestamp> deadline;     ///< the job must have ended by then
  Gang gang;
  std::int32_t max_attempts = 1;
  std::optional<Money> max_cost;    ///< what the tenant pays at most, subsidy deducted, fee included
  std::int64_t max_runtime_ms = 0;  ///< > 0
  bool preemptible = false;
  std::vector<Variant> variants;
  std::int64_t work_card_ms = 0;  ///< in card-milliseconds of the reference type
  AcceleratorType work_reference;
  bool operator==(JobSpec const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("data_class", self.data_class);
    visit("data_gib", self.data_gib);
    visit("data_location", self.data_location);
    visit("data_regions", self.data_regions);
    visit("deadline_ms", self.deadline);
    visit("gang", self.gang);
    visit("max_attempts", self.max_attempts);
    visit("max_cost_micro_yuan", self.max_cost);
    visit("max_runtime_ms", self.max_runtime_ms);
    visit("preemptible", self.preemptible);
    visit("variants", self.variants);
    visit("work_card_ms", self.work_card_ms);
    visit("work_reference", self.work_reference);
  }
};

}  // namespace sluice::policy
