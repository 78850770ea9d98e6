// Writing and judging answers.
#include "tools/solve/answer.hpp"

#include "policy/assignment/blob.hpp"
#include "policy/json/canonical_writer.hpp"
#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::solve {

namespace {

using assignment::Certificate;
using assignment::CommitmentPlan;
using assignment::Contract;
using assignment::Int128;
using assignment::Job;
using assignment::Plan;
using assignment::Problem;
using json::ArrayReader;
using json::CanonicalWriter;
using json::Reader;

constexpr json::Limits answer_limits{.bytes_max = 512U * 1024 * 1024, .depth_max = 8, .keys_max = 64, .values_max = 40'000'000};

char const* status_name(assignment::SolveStatus status) {
  switch (status) {
    case assignment::SolveStatus::feasible:
      return "feasible";
    case assignment::SolveStatus::optimal:
      return "optimal";
    case assignment::SolveStatus::unplaced:
      return "unplaced";
  }
  return "unknown";
}

void write_plan(CanonicalWriter& out, Problem const& problem, Plan const& plan) {
  out.key("plan").begin_array();
  for (std::uint32_t const bid : plan.choice) out.integer(bid == assignment::waiting ? -1 : static_cast<std::int64_t>(problem.tag(bid)));
  out.end_array();
}

std::string errors_text(json::Errors const& errors) {
  auto const& first = errors.list().front();
  return first.pointer + ": " + first.detail;
}

/// A decimal string that may be negative; the certificate's own fields.
std::int64_t signed_decimal(Reader& from, std::string_view key) {
  std::string const text = from.required_string(key, {.bytes_min = 1, .bytes_max = 20});
  bool const negative = text.starts_with('-');
  auto const value = json::parse_decimal(std::string_view(text).substr(negative ? 1 : 0), 0);
  if (!value) {
    from.fail(key, "bad_format", "expected whole micro-yuan as a decimal string");
    return 0;
  }
  return negative ? -*value : *value;
}

std::vector<std::int64_t> decimals(Reader& from, std::string_view key, std::size_t most) {
  ArrayReader list = from.required_array(key, {.min = 0, .max = most});
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; list.present() && i < list.size(); ++i) {
    auto const value = json::parse_decimal(list.string(i, {.bytes_min = 1, .bytes_max = 19}), 0);
    if (!value) list.fail(i, "bad_format", "expected a decimal string of at most 19 digits");
    values.push_back(value.value_or(0));
  }
  return values;
}

/// The bid that a job's entry in `plan` (and `bids`) means; nullopt when it means none.
std::optional<std::uint32_t> bid_of(Problem const& problem, Job const& job, std::int64_t offer, std::optional<std::int64_t> place) {
  if (offer < 0) return assignment::waiting;
  std::optional<std::uint32_t> best;
  for (std::uint32_t b = 0; b < job.bid_count; ++b) {
    std::uint32_t const bid = job.first_bid + b;
    if (problem.tag(bid) != offer || (place && *place != b)) continue;
    if (!best || problem.cost(bid) < problem.cost(*best)) best = bid;
  }
  return best;
}

std::expected<Plan, std::string> read_plan(Reader& from, Problem const& problem) {
  ArrayReader offers = from.required_array("plan", {.min = 0, .max = assignment::jobs_max});
  ArrayReader places = from.optional_array("bids", {.min = 0, .max = assignment::jobs_max});
  if (!offers.present()) return Plan{};
  if (offers.size() != problem.jobs.size())
    return std::unexpected("plan_size: the plan has " + std::to_string(offers.size()) + " entries for " +
                           std::to_string(problem.jobs.size()) + " jobs");
  if (places.present() && places.size() != offers.size()) return std::unexpected("plan_size: bids and plan differ in length");
  Plan plan;
  for (std::size_t j = 0; j < offers.size(); ++j) {
    std::int64_t const offer = offers.integer(j, {-1, UINT32_MAX});
    std::optional<std::int64_t> place;
    if (places.present()) place = places.integer(j, {-1, UINT32_MAX});
    if (place && (*place < 0) != (offer < 0)) return std::unexpected("foreign_bid: job " + std::to_string(j) + ": plan and bids disagree");
    auto const bid = bid_of(problem, problem.jobs[j], offer, place);
    if (!bid) return std::unexpected("foreign_bid: job " + std::to_string(j) + " has no such bid on offer " + std::to_string(offer));
    plan.choice.push_back(*bid);
  }
  return plan;
}

}  // namespace

std::string format_gap(std::int64_t cost, std::int64_t bound) {
  constexpr std::int64_t digits = 100'000'000;
  Int128 const magnitude = std::max<Int128>(1, bound < 0 ? -Int128{bound} : Int128{bound});
  Int128 const gap = (Int128{cost - bound} * digits + magnitude - 1) / magnitude;
  std::string fraction = std::to_string(static_cast<std::int64_t>(gap % digits));
  fraction.insert(0, 8 - fraction.size(), '0');
  return std::to_string(static_cast<std::int64_t>(std::min<Int128>(gap / digits, INT64_MAX))) + "." + fraction;
}

std::string write_answer(Problem const& problem, assignment::Solution const& solution) {
  Certificate const& certificate = solution.certificate;
  std::string text;
  CanonicalWriter out(text);
  out.begin_object().key("bids").begin_array();
  for (std::size_t j = 0; j < solution.plan.choice.size(); ++j) {
    std::uint32_t const bid = solution.plan.choice[j];
    out.integer(bid == assignment::waiting ? -1 : static_cast<std::int64_t>(bid - problem.jobs[j].first_bid));
  }
  out.end_array().key("bound").decimal(certificate.bound);
  out.key("classes").integer(static_cast<std::int64_t>(solution.classes));
  out.key("cost").decimal(certificate.cost).key("gap").string(format_gap(certificate.cost, certificate.bound));
  out.key("iterations").integer(static_cast<std::int64_t>(solution.iterations));
  write_plan(out, problem, solution.plan);
  out.key("price_shift").integer(certificate.price_shift).key("prices").begin_array();
  for (std::int64_t const price : certificate.row_price) out.decimal(price);
  out.end_array().key("problem").string(policy::to_hex(assignment::digest(problem)));
  out.key("search_bound").decimal(solution.search_bound).key("split").begin_object();
  out.key("fairness").decimal(certificate.split.fairness).key("price").decimal(certificate.split.price);
  out.key("shortfall").decimal(certificate.split.shortfall).key("waiting").decimal(certificate.split.waiting).end_object();
  out.key("status").string(status_name(solution.status)).end_object();
  return text;
}

std::expected<assignment::CertificateReport, std::string> check_answer(Problem const& problem, std::string_view answer) {
  auto const document = json::parse_strict(answer, answer_limits);
  if (!document) return std::unexpected(json::to_string(document.error()));
  json::Errors errors;
  Certificate certificate;
  Plan plan;
  {
    Reader top(*document, errors);
    for (char const* const other : {"classes", "gap", "iterations", "search_bound", "status"}) top.ignore(other);
    auto read = read_plan(top, problem);
    if (!read) {
      top.ignore("bound");
      return std::unexpected(read.error());
    }
    plan = *read;
    certificate.cost = signed_decimal(top, "cost");
    certificate.bound = signed_decimal(top, "bound");
    certificate.price_shift = static_cast<std::uint8_t>(top.required_integer("price_shift", {0, 255}));
    certificate.row_price = decimals(top, "prices", assignment::rows_max);
    Reader split = top.required_object("split");
    if (split.present())
      certificate.split = {signed_decimal(split, "price"), signed_decimal(split, "waiting"), signed_decimal(split, "fairness"),
                           signed_decimal(split, "shortfall")};
    auto const named = top.optional_string("problem", {.bytes_min = 64, .bytes_max = 64});
    if (named && *named != policy::to_hex(assignment::digest(problem)))
      return std::unexpected("problem: the answer belongs to another problem");
  }
  if (!errors.empty()) return std::unexpected(errors_text(errors));
  auto const report = check_certificate(problem, plan, certificate);
  if (!report) return std::unexpected(std::string(name_of(report.error().kind)) + ": " + report.error().text);
  return *report;
}

std::string write_commitments(Problem const& problem, std::vector<Contract> const& contracts, CommitmentPlan const& plan) {
  std::string text;
  CanonicalWriter out(text);
  out.begin_object().key("bound").decimal(plan.bound).key("cost").decimal(plan.cost);
  out.key("evaluations").integer(plan.evaluations).key("gap").string(format_gap(plan.cost, plan.bound)).key("open").begin_array();
  for (std::size_t c = 0; c < contracts.size(); ++c)
    if (plan.sign[c]) out.integer(static_cast<std::int64_t>(c));
  out.end_array();
  write_plan(out, problem, plan.plan);
  out.key("prices").begin_array();
  for (std::int64_t const price : plan.job_price) out.decimal(price);
  out.end_array().end_object();
  return text;
}

std::expected<std::string, std::string> check_commitments(Problem const& problem, std::vector<Contract> const& contracts,
                                                          std::string_view answer) {
  auto const document = json::parse_strict(answer, answer_limits);
  if (!document) return std::unexpected(json::to_string(document.error()));
  json::Errors errors;
  std::int64_t cost = 0;
  std::int64_t bound = 0;
  std::vector<std::int64_t> prices;
  std::vector<std::uint8_t> sign(contracts.size(), 0);
  Plan plan;
  {
    Reader top(*document, errors);
    top.ignore("evaluations");
    top.ignore("gap");
    cost = signed_decimal(top, "cost");
    bound = signed_decimal(top, "bound");
    prices = decimals(top, "prices", assignment::jobs_max);
    ArrayReader open = top.required_array("open", {.min = 0, .max = contracts.size()});
    for (std::size_t i = 0; open.present() && i < open.size(); ++i)
      sign[static_cast<std::size_t>(open.integer(i, {0, static_cast<std::int64_t>(contracts.size()) - 1}))] = 1;
    auto read = read_plan(top, problem);
    if (!read) return std::unexpected(read.error());
    plan = *read;
  }
  if (!errors.empty()) return std::unexpected(errors_text(errors));
  if (prices.size() != problem.jobs.size()) return std::unexpected("price_count: not one price per customer");
  // The plan is checked as a round of its own, with unsigned contracts at capacity zero; prices of zero prove nothing, so its bound is left
  // out.
  Problem const trial = signed_problem(problem, contracts, sign);
  Certificate certificate;
  certificate.row_price.assign(problem.rows.size(), 0);
  certificate.bound = INT64_MIN;
  for (std::size_t c = 0; c < contracts.size(); ++c) cost -= sign[c] ? contracts[c].opening_cost : 0;
  for (std::uint32_t const bid : plan.choice)
    if (bid != assignment::waiting) certificate.split.price += problem.cost(bid);
  certificate.cost = cost;
  auto const report = check_certificate(trial, plan, certificate);
  if (!report) return std::unexpected(std::string(name_of(report.error().kind)) + ": " + report.error().text);
  for (std::size_t c = 0; c < contracts.size(); ++c) cost += sign[c] ? contracts[c].opening_cost : 0;
  std::int64_t const proven = commitment_bound(problem, contracts, prices);
  if (bound > proven) return std::unexpected("bound_unproven: the prices prove only " + std::to_string(proven));
  return "cost " + std::to_string(cost) + " bound " + std::to_string(bound) + " gap " + format_gap(cost, bound);
}

}  // namespace sluice::solve
