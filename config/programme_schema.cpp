// The schema of a file of programmes/.
#include "config/kinds.hpp"
#include "config/provenance_schema.hpp"
#include "config/schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::config {
namespace {

using policy::ApplicantClass;
using policy::CapPeriod;
using policy::Flow;
using policy::HardwareOrigin;
using policy::RateKind;
using policy::Rounding;

Kind<Level> level_kind() {
  return choice<Level>({{"national", Level::national},
                        {"province", Level::province},
                        {"city", Level::city},
                        {"district", Level::district},
                        {"platform", Level::platform}});
}

Kind<ApplicantClass> applicant_kind() {
  return choice<ApplicantClass>({{"startup", ApplicantClass::startup},
                                 {"sme", ApplicantClass::sme},
                                 {"large", ApplicantClass::large},
                                 {"institute", ApplicantClass::institute}});
}

Section<ProgrammeHeader> header_section() {
  Section<ProgrammeHeader> section("programme", "One version of a scheme.");
  section.required("id", &ProgrammeHeader::id, name<policy::ProgrammeTag>(), "The name of the file, without .toml.");
  section.defaulted("version", &ProgrammeHeader::version, integer(1, 1'000'000),
                    "Raise it with every change; vouchers already issued keep the version they cite.");
  section.required("title_zh", &ProgrammeHeader::title_zh, text(200), "Title to show, in Chinese.");
  section.required("title_en", &ProgrammeHeader::title_en, text(200), "Title to show, in English.");
  section.required("level", &ProgrammeHeader::level, level_kind(), "Who runs it.");
  section.optional("region", &ProgrammeHeader::region, region(), "Of the authority.");
  section.defaulted("authority", &ProgrammeHeader::authority, text(200), "Who issues the vouchers.");
  section.optional("effective_from", &ProgrammeHeader::effective_from, day_begin(), "First day in force.");
  section.optional("effective_to", &ProgrammeHeader::effective_to, day_end(), "Last day in force.");
  section.optional("purse_total", &ProgrammeHeader::purse_total, money({1}),
                   "Published sum of the tracks' purses; it is checked. They stay separate.");
  section.defaulted("note", &ProgrammeHeader::note, text(1'000), "For people.");
  section.check([](Reader& reader, ProgrammeHeader const& header) {
    if (header.effective_from && header.effective_to && *header.effective_from >= *header.effective_to) {
      reader.error_at("effective_to", "must be later than effective_from");
    }
  });
  add_provenance(section);
  return section;
}

Section<RateConditions> conditions_section() {
  Section<RateConditions> section("when", "All of these must hold; an absent one always does.");
  section.optional("applicant_class", &RateConditions::applicant_class, applicant_kind(), "Who applies.");
  section.optional("hardware_origin", &RateConditions::hardware_origin,
                   choice<HardwareOrigin>({{"domestic", HardwareOrigin::domestic}, {"foreign", HardwareOrigin::foreign}}),
                   "Of the accelerators.");
  section.optional("expense", &RateConditions::expense,
                   choice<Expense>({{"rent", Expense::rent},
                                    {"self_built", Expense::self_built},
                                    {"purchase", Expense::purchase},
                                    {"model_api", Expense::model_api},
                                    {"private_deployment", Expense::private_deployment},
                                    {"data_set", Expense::data_set}}),
                   "What the money is spent on.");
  section.optional("model_registered", &RateConditions::model_registered, boolean(), "A filed or registered model is used.");
  section.optional("project_level", &RateConditions::project_level,
                   choice<ProjectLevel>({{"national", ProjectLevel::national}, {"province", ProjectLevel::province}}),
                   "Of a named project.");
  section.optional("district_cofunded", &RateConditions::district_cofunded, boolean(), "The district adds its share.");
  section.optional("within_days_of_founding", &RateConditions::within_days_of_founding, integer(1, 36'500), "Age of the applicant.");
  return section;
}

Section<RateRule> rate_section() {
  Section<RateRule> section("rate", "Rates; the first row whose conditions hold counts.");
  section.defaulted("when", &RateRule::when, table_of(conditions_section()), "Conditions.");
  section.required("max_bp", &RateRule::max_bp, rate_bp(), "Share of the base that is paid.");
  section.optional("within_days", &RateRule::within_days, integer(1, 36'500), "The rate holds for so long at most.");
  return section;
}

Section<Eligibility> eligibility_section() {
  Section<Eligibility> section("eligible", "Who may apply.");
  section.optional("registered_in", &Eligibility::registered_in, list_of(region(), 64),
                   "Where an applicant must be registered; empty: anywhere.");
  section.optional("anywhere", &Eligibility::anywhere, boolean(), "Applicants from outside the region may apply.");
  section.defaulted("applicant_classes", &Eligibility::applicant_classes, list_of(applicant_kind(), 4), "Empty: all.");
  section.optional("legal_person", &Eligibility::legal_person, boolean(), "Legal persons only.");
  section.optional("makers", &Eligibility::makers, boolean(), "Teams without legal personality may apply.");
  section.optional("industries", &Eligibility::industries, list_of(text(64), 64), "Industries named by the rule.");
  section.optional("employees_below", &Eligibility::employees_below, integer(1, 10'000'000), "Fewer employees than this.");
  section.optional("founded_within_days", &Eligibility::founded_within_days, integer(1, 36'500), "Founded no longer ago.");
  section.optional("dishonesty_free_years", &Eligibility::dishonesty_free_years, integer(0, 100), "Years without a record of dishonesty.");
  section.optional("accident_free_years", &Eligibility::accident_free_years, integer(0, 100), "Years without a serious accident.");
  section.check([](Reader& reader, Eligibility const& eligible) {
    if (eligible.anywhere.value_or(false) && eligible.registered_in && !eligible.registered_in->empty()) {
      reader.error_at("anywhere", "contradicts registered_in, which names regions");
    }
  });
  return section;
}

Section<ProviderRules> provider_section() {
  Section<ProviderRules> section("provider", "Who may supply the compute.");
  section.optional("non_affiliated", &ProviderRules::non_affiliated, boolean(), "User and provider may not be affiliated.");
  section.optional("listed_only", &ProviderRules::listed_only, boolean(), "Only listed providers.");
  section.optional("min_pflops", &ProviderRules::min_pflops, integer(0, 10'000'000), "Least size of the centre.");
  section.optional("min_racks", &ProviderRules::min_racks, integer(0, 10'000'000), "Least size of the data centre.");
  section.optional("self_use_excluded", &ProviderRules::self_use_excluded, boolean(), "Self-built for self-use is excluded.");
  section.optional("may_claim", &ProviderRules::may_claim, boolean(), "The provider may claim.");
  section.optional("both_may_claim", &ProviderRules::both_may_claim, boolean(), "Provider and user may both claim.");
  section.optional("splitting_forbidden", &ProviderRules::splitting_forbidden, boolean(), "The provider may not split entities.");
  return section;
}

Section<Stacking> stacking_section() {
  auto const stack = choice<Stack>({{"allow", Stack::allow}, {"forbid", Stack::forbid}});
  Section<Stacking> section("stacking", "Together with other subsidies.");
  section.optional("same_level", &Stacking::same_level, stack, "Of the same level of government.");
  section.optional("cross_level", &Stacking::cross_level, stack, "Of another level.");
  section.optional("total_max_bp", &Stacking::total_max_bp, rate_bp(), "All subsidies together, of the cost.");
  section.defaulted("prefers_holders_of", &Stacking::prefers_holders_of, list_of(text(64), 16), "Holders of these come first.");
  return section;
}

Section<FundingLayer> funding_section() {
  Section<FundingLayer> section("funding", "Who pays which part.");
  section.required("level", &FundingLayer::level, level_kind(), "Level of government.");
  section.required("share_bp", &FundingLayer::share_bp, rate_bp(), "Its part; the parts sum to 10000.");
  return section;
}

Section<Clawback> clawback_section() {
  Section<Clawback> section("clawback", "When money is asked back.");
  section.defaulted("on", &Clawback::on,
                    list_of(choice<ClawbackCause>({{"fraud", ClawbackCause::fraud},
                                                   {"duplicate", ClawbackCause::duplicate},
                                                   {"unmet_target", ClawbackCause::unmet_target},
                                                   {"affiliation", ClawbackCause::affiliation}}),
                            4),
                    "Causes.");
  section.optional("interest_bp", &Clawback::interest_bp, integer(0, 10'000), "Interest per year.");
  return section;
}

void add_money_rules(Section<ProgrammeRules>& section) {
  section.optional("flow", &ProgrammeRules::flow,
                   choice<Flow>({{"reimburse", Flow::reimburse},
                                 {"deduct_at_use", Flow::deduct_at_use},
                                 {"platform_metered", Flow::platform_metered},
                                 {"target_letter", Flow::target_letter},
                                 {"in_kind", Flow::in_kind},
                                 {"project_award", Flow::project_award},
                                 {"billing_tag", Flow::billing_tag}}),
                   "How the money moves.");
  section.defaulted("rate", &ProgrammeRules::rate, tables_of(rate_section(), 32), "Rates; none: unknown.");
  section.defaulted("rate_is", &ProgrammeRules::rate_is, choice<RateKind>({{"ceiling", RateKind::ceiling}, {"exact", RateKind::exact}}),
                    "\"ceiling\" where the rule says 不超过 or 最高.");
  section.defaulted(
      "rounding", &ProgrammeRules::rounding,
      choice<Rounding>(
          {{"floor_fen", Rounding::floor_fen}, {"half_up_fen", Rounding::half_up_fen}, {"floor_micro", Rounding::floor_micro}}),
      "Of the subsidy; floor_fen never exceeds rate × base.");
  section.optional("base", &ProgrammeRules::base,
                   choice<Base>({{"contract", Base::contract},
                                 {"verified_contract", Base::verified_contract},
                                 {"fee_paid", Base::fee_paid},
                                 {"metered_fee", Base::metered_fee},
                                 {"order", Base::order}}),
                   "What the rate is applied to.");
  section.defaulted("base_includes", &ProgrammeRules::base_includes, list_of(text(32), 16), "Services that count.");
  section.defaulted("base_excludes", &ProgrammeRules::base_excludes, list_of(text(32), 16), "Services that do not.");
  section.optional("base_tax", &ProgrammeRules::base_tax,
                   choice<TaxBasis>({{"included", TaxBasis::included}, {"excluded", TaxBasis::excluded}}),
                   "Whether the base holds VAT. No published excerpt says so: the operator must find out.");
  section.optional("floor", &ProgrammeRules::floor, money({1}), "Amount below which there is no subsidy.");
  section.optional("floor_of", &ProgrammeRules::floor_of, choice<FloorOf>({{"order", FloorOf::order}, {"subsidy", FloorOf::subsidy}}),
                   "Whether the floor is of the contract or order, or of the subsidy itself.");
  section.optional("cap", &ProgrammeRules::cap, money({1}), "Most that one applicant gets in a cap period.");
  section.defaulted("uncapped", &ProgrammeRules::uncapped, boolean(), "The rule itself says that there is no cap.");
  section.defaulted(
      "cap_scope", &ProgrammeRules::cap_scope,
      choice<CapScope>(
          {{"entity", CapScope::entity}, {"group", CapScope::group}, {"contract", CapScope::contract}, {"project", CapScope::project}}),
      "Whose cap it is.");
  section.optional("cap_period", &ProgrammeRules::cap_period,
                   choice<CapPeriod>({{"natural_year", CapPeriod::natural_year},
                                      {"rolling_365_days", CapPeriod::rolling_365_days},
                                      {"validity", CapPeriod::validity},
                                      {"once", CapPeriod::once}}),
                   "For how long it counts.");
  section.defaulted("cap_counts", &ProgrammeRules::cap_counts,
                    list_of(choice<CapCounts>({{"issued", CapCounts::issued}, {"redeemed", CapCounts::redeemed}}), 2),
                    "What counts against it.");
  section.optional("purse", &ProgrammeRules::purse, money({1}), "Money for this track and period; exhausting it never draws on another.");
  section.optional(
      "purse_period", &ProgrammeRules::purse_period,
      choice<PursePeriod>({{"natural_year", PursePeriod::natural_year}, {"validity", PursePeriod::validity}, {"once", PursePeriod::once}}),
      "For how long the purse is.");
  section.optional("purse_order", &ProgrammeRules::purse_order,
                   choice<PurseOrder>({{"first_come", PurseOrder::first_come},
                                       {"scored", PurseOrder::scored},
                                       {"window_prorata", PurseOrder::window_prorata},
                                       {"lottery", PurseOrder::lottery}}),
                   "Who draws on it first.");
  section.optional("valid_days", &ProgrammeRules::valid_days, integer(1, 3'660), "Of an issued voucher.");
  section.optional("in_kind_card_hours", &ProgrammeRules::in_kind_card_hours, integer(1, 1'000'000'000),
                   "Card-hours per applicant and year.");
  section.optional("settle", &ProgrammeRules::settle,
                   choice<Settlement>({{"per_use", Settlement::per_use},
                                       {"monthly", Settlement::monthly},
                                       {"quarterly", Settlement::quarterly},
                                       {"yearly", Settlement::yearly},
                                       {"once", Settlement::once}}),
                   "When the authority pays.");
}

Section<ProgrammeRules> track_section() {
  Section<ProgrammeRules> section("track",
                                  "The rules of one kind of voucher. What the published rule leaves open stays unset, never zero.");
  section.defaulted("name", &ProgrammeRules::name, text(32), "Appended to the id; empty only for a single track.");
  section.required("kind", &ProgrammeRules::kind,
                   choice<VoucherKind>({{"compute", VoucherKind::compute},
                                        {"training", VoucherKind::training},
                                        {"model", VoucherKind::model},
                                        {"corpus", VoucherKind::corpus},
                                        {"data", VoucherKind::data},
                                        {"storage", VoucherKind::storage},
                                        {"token", VoucherKind::token},
                                        {"card_hours", VoucherKind::card_hours}}),
                   "What the voucher buys.");
  add_money_rules(section);
  section.optional("contract_max_days", &ProgrammeRules::contract_max_days, integer(1, 36'500), "Longest contract.");
  section.optional("contract_signed_on_or_after", &ProgrammeRules::contract_signed_on_or_after, day_begin(), "Earliest contract.");
  section.optional("one_per_contract", &ProgrammeRules::one_per_contract, boolean(), "One contract, one voucher.");
  section.optional("transferable", &ProgrammeRules::transferable, boolean(), "May be handed on.");
  section.optional("partial_use", &ProgrammeRules::partial_use, boolean(), "May be used in parts.");
  section.optional("clusters", &ProgrammeRules::clusters, list_of(name<policy::ClusterTag>(), 256),
                   "Where it is spendable: files of clusters/.");
  section.defaulted("clause", &ProgrammeRules::clause, ascii_text(64), "Of the rule's document; postings cite it.");
  section.defaulted("eligible", &ProgrammeRules::eligible, table_of(eligibility_section()), "Who may apply.");
  section.defaulted("provider", &ProgrammeRules::provider, table_of(provider_section()), "Who may supply.");
  section.defaulted("stacking", &ProgrammeRules::stacking, table_of(stacking_section()), "Together with other subsidies.");
  section.optional("invoice", &ProgrammeRules::invoice,
                   choice<Invoice>({{"full", Invoice::full}, {"net", Invoice::net}, {"none", Invoice::none}}),
                   "Over the full amount, or without the voucher's part.");
  section.defaulted("funding", &ProgrammeRules::funding, tables_of(funding_section(), 8), "Who pays which part.");
  section.defaulted("evidence", &ProgrammeRules::evidence,
                    list_of(choice<Evidence>({{"contract", Evidence::contract},
                                              {"invoice", Evidence::invoice},
                                              {"payment", Evidence::payment},
                                              {"delivery", Evidence::delivery},
                                              {"usage_meter", Evidence::usage_meter},
                                              {"electricity", Evidence::electricity},
                                              {"third_party_report", Evidence::third_party_report},
                                              {"project_decision", Evidence::project_decision}}),
                            16),
                    "What a claim must show.");
  section.defaulted("clawback", &ProgrammeRules::clawback, table_of(clawback_section()), "When money is asked back.");
  section.defaulted("note", &ProgrammeRules::note, text(1'000), "For people.");
  return section;
}

bool unconditional(RateRule const& rule) {
  RateConditions const& when = rule.when;
  return !when.applicant_class && !when.hardware_origin && !when.expense && !when.model_registered && !when.project_level &&
         !when.district_cofunded && !when.within_days_of_founding;
}

void judge_track(Reader& reader, ProgrammeRules const& track) {
  if (track.uncapped && track.cap) reader.error_at("uncapped", "contradicts cap: remove one of them");
  for (std::size_t row = 0; row + 1 < track.rate.size(); ++row) {
    if (!unconditional(track.rate[row])) continue;
    reader.error_at(fmt::format("rate[{}]", row + 1), fmt::format("can never count: rate[{}] before it holds for everything", row));
    break;
  }
  if (!track.funding.empty()) {
    std::int64_t sum = 0;
    for (FundingLayer const& layer : track.funding) sum += layer.share_bp;
    if (sum != 10'000) reader.error_at("funding", fmt::format("the shares sum to {}, not to 10000", sum));
  }
}

void judge_purses(Reader& reader, ProgrammeFile const& file) {
  if (!file.programme.purse_total) return;
  policy::Money sum;
  for (ProgrammeRules const& track : file.tracks) {
    if (!track.purse) return;  // a purse that is not published cannot be summed
    auto const next = policy::checked_add(sum, *track.purse);
    if (!next) return;
    sum = *next;
  }
  if (sum != *file.programme.purse_total) {
    reader.error_at("programme.purse_total", fmt::format("is {} yuan, but the purses of the tracks sum to {} yuan",
                                                         policy::format_yuan(*file.programme.purse_total), policy::format_yuan(sum)));
  }
}

void judge_names(Reader& reader, ProgrammeFile const& file) {
  if (file.tracks.empty() && reader.has("track")) reader.error_at("track", "needs at least one [[track]]");
  for (std::size_t row = 0; row < file.tracks.size(); ++row) {
    std::string const key = fmt::format("track[{}].name", row);
    std::string const& own = file.tracks[row].name;
    if (own.empty() && file.tracks.size() > 1) {
      reader.error_at(key, "is required: the file has several tracks");
    } else if (!policy::is_name(programme_name(file.programme, file.tracks[row]).text) && !file.programme.id.empty()) {
      reader.error_at(
          key, fmt::format("'{}' with the id before it must be a name of at most 63 letters, digits, '.', '_', '-'", printable(own)));
    }
    for (std::size_t earlier = 0; earlier < row; ++earlier) {
      if (own.empty() || file.tracks[earlier].name != own) continue;
      reader.error_at(key, fmt::format("'{}' is the name of track[{}] already", printable(own), earlier));
      break;
    }
  }
}

Section<ProgrammeFile> make_programme_schema() {
  Section<ProgrammeFile> section("programmes/ID.toml",
                                 "One version of a voucher scheme. Each track becomes a programme of its own in the log.");
  Section<ProgrammeRules> track = track_section();
  track.check(judge_track);
  section.required("programme", &ProgrammeFile::programme, table_of(header_section()), "The scheme.");
  section.required("track", &ProgrammeFile::tracks, tables_of(std::move(track), 16), "Its kinds of vouchers.");
  section.check_whole([](Reader& reader, ProgrammeFile const& file) {
    judge_purses(reader, file);
    judge_names(reader, file);
  });
  return section;
}

}  // namespace

Section<ProgrammeFile> const& programme_schema() {
  static Section<ProgrammeFile> const schema = make_programme_schema();
  return schema;
}

}  // namespace sluice::config
