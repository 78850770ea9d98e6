// What a file of programmes/ says: one version of a voucher scheme, with one track for each kind of voucher.
//
// A track becomes a policy::ProgrammeDefinition. Rules that no decision uses yet are read, checked, kept here and shown.
#pragma once

#include "config/provenance.hpp"
#include "policy/definitions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

enum class Level : std::uint8_t { national, province, city, district, platform };
enum class VoucherKind : std::uint8_t { compute, training, model, corpus, data, storage, token, card_hours };
enum class Expense : std::uint8_t { rent, self_built, purchase, model_api, private_deployment, data_set };
enum class ProjectLevel : std::uint8_t { national, province };
enum class Base : std::uint8_t { contract, verified_contract, fee_paid, metered_fee, order };
enum class FloorOf : std::uint8_t { order, subsidy };
enum class TaxBasis : std::uint8_t { included, excluded };
enum class CapScope : std::uint8_t { entity, group, contract, project };
enum class CapCounts : std::uint8_t { issued, redeemed };
enum class PursePeriod : std::uint8_t { natural_year, validity, once };
enum class PurseOrder : std::uint8_t { first_come, scored, window_prorata, lottery };
enum class Settlement : std::uint8_t { per_use, monthly, quarterly, yearly, once };
enum class Stack : std::uint8_t { allow, forbid };
enum class Invoice : std::uint8_t { full, net, none };
enum class Evidence : std::uint8_t {
  contract,
  invoice,
  payment,
  delivery,
  usage_meter,
  electricity,
  third_party_report,
  project_decision,
};
enum class ClawbackCause : std::uint8_t { fraud, duplicate, unmet_target, affiliation };

/// When a rate row counts. An absent condition always holds.
struct RateConditions {
  std::optional<policy::ApplicantClass> applicant_class;
  std::optional<policy::HardwareOrigin> hardware_origin;
  std::optional<Expense> expense;
  std::optional<bool> model_registered;
  std::optional<ProjectLevel> project_level;
  std::optional<bool> district_cofunded;
  std::optional<std::int32_t> within_days_of_founding;
};

struct RateRule {
  RateConditions when;
  std::int32_t max_bp = 0;
  std::optional<std::int32_t> within_days;  ///< the rate holds for so long at most
};

struct Eligibility {
  std::optional<std::vector<policy::RegionCode>> registered_in;
  std::optional<bool> anywhere;  ///< applicants from outside the region may apply
  std::vector<policy::ApplicantClass> applicant_classes;
  std::optional<bool> legal_person;
  std::optional<bool> makers;  ///< teams without legal personality
  std::optional<std::vector<std::string>> industries;
  std::optional<std::int32_t> employees_below;
  std::optional<std::int32_t> founded_within_days;
  std::optional<std::int32_t> dishonesty_free_years;
  std::optional<std::int32_t> accident_free_years;
};

struct ProviderRules {
  std::optional<bool> non_affiliated;
  std::optional<bool> listed_only;
  std::optional<std::int32_t> min_pflops;
  std::optional<std::int32_t> min_racks;
  std::optional<bool> self_use_excluded;
  std::optional<bool> may_claim;
  std::optional<bool> both_may_claim;
  std::optional<bool> splitting_forbidden;
};

struct Stacking {
  std::optional<Stack> same_level;
  std::optional<Stack> cross_level;
  std::optional<std::int32_t> total_max_bp;
  std::vector<std::string> prefers_holders_of;
};

/// Who pays which part of the subsidy; the parts sum to 10,000.
struct FundingLayer {
  Level level = Level::city;
  std::int32_t share_bp = 0;
};

struct Clawback {
  std::vector<ClawbackCause> on;
  std::optional<std::int32_t> interest_bp;
};

/// `[programme]`.
struct ProgrammeHeader : Provenance {
  policy::ProgrammeName id;
  std::int32_t version = 1;
  std::string title_zh;
  std::string title_en;
  Level level = Level::city;
  std::optional<policy::RegionCode> region;
  std::string authority;
  std::optional<policy::Timestamp> effective_from;
  std::optional<policy::Timestamp> effective_to;
  std::optional<policy::Money> purse_total;
  std::string note;
};

/// `[[track]]`: the rules of one kind of voucher, with everything the published document leaves open left unset.
struct ProgrammeRules {
  std::string name;  ///< appended to the programme's id; may be empty when there is only one track
  VoucherKind kind = VoucherKind::compute;
  std::optional<policy::Flow> flow;
  std::vector<RateRule> rate;
  policy::RateKind rate_is = policy::RateKind::ceiling;
  policy::Rounding rounding = policy::Rounding::floor_fen;
  std::optional<Base> base;
  std::vector<std::string> base_includes;
  std::vector<std::string> base_excludes;
  std::optional<TaxBasis> base_tax;
  std::optional<policy::Money> floor;
  std::optional<FloorOf> floor_of;  ///< what the floor is compared with
  std::optional<policy::Money> cap;
  bool uncapped = false;  ///< the rule itself says that there is no cap
  CapScope cap_scope = CapScope::entity;
  std::optional<policy::CapPeriod> cap_period;
  std::vector<CapCounts> cap_counts;
  std::optional<policy::Money> purse;
  std::optional<PursePeriod> purse_period;
  std::optional<PurseOrder> purse_order;
  std::optional<std::int32_t> valid_days;
  std::optional<std::int32_t> in_kind_card_hours;
  std::optional<Settlement> settle;
  std::optional<std::int32_t> contract_max_days;
  std::optional<policy::Timestamp> contract_signed_on_or_after;
  std::optional<bool> one_per_contract;
  std::optional<bool> transferable;
  std::optional<bool> partial_use;
  std::optional<std::vector<policy::ClusterName>> clusters;
  std::string clause;
  Eligibility eligible;
  ProviderRules provider;
  Stacking stacking;
  std::optional<Invoice> invoice;
  std::vector<FundingLayer> funding;
  std::vector<Evidence> evidence;
  Clawback clawback;
  std::string note;
};

struct ProgrammeFile {
  ProgrammeHeader programme;
  std::vector<ProgrammeRules> tracks;
};

/// The name a track's programme has in the log: "shanghai-2025-model", or the id alone for a single track without a name.
policy::ProgrammeName programme_name(ProgrammeHeader const& header, ProgrammeRules const& track);

/// What the log learns of a track. It is inactive, with the reasons in `unset`, while a figure it needs is unset or while it has a rule
/// that decisions cannot honour yet: a flow other than deduct_at_use and billing_tag, a voucher kind that pays no accelerator time, a rate
/// condition that nobody can judge at allocation. REQUIRES: the file passed its checks.
policy::ProgrammeDefinition definition_of(ProgrammeHeader const& header, ProgrammeRules const& track);

}  // namespace sluice::config
