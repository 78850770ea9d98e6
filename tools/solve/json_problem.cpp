// JSON to flat arrays.
#include "tools/solve/json_problem.hpp"

#include "policy/assignment/builder.hpp"
#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>

namespace sluice::solve {

namespace {

using assignment::BidMoney;
using assignment::Builder;
using assignment::Job;
using assignment::Meter;
using assignment::Row;
using assignment::RowKind;
using assignment::Use;
using json::ArrayReader;
using json::Reader;

constexpr json::Limits problem_limits{.bytes_max = 512U * 1024 * 1024, .depth_max = 16, .keys_max = 60'000'000, .values_max = 80'000'000};
constexpr json::DecimalRule amount_rule{.fraction_digits = 0, .min = 0, .max = assignment::sum_limit};

Row read_row(Reader from, std::uint32_t index) {
  Row row;
  row.kind = from.required_enum<RowKind>("kind", {{"cards", RowKind::cards},
                                                  {"cpu", RowKind::cpu},
                                                  {"memory", RowKind::memory},
                                                  {"tenant_cluster_quota", RowKind::tenant_cluster_quota},
                                                  {"tenant_budget", RowKind::tenant_budget},
                                                  {"purse", RowKind::purse},
                                                  {"entity_cap", RowKind::entity_cap},
                                                  {"entitlement", RowKind::entitlement},
                                                  {"other", RowKind::other},
                                                  {"minimum_spend", RowKind::minimum_spend}});
  row.capacity = from.required_decimal("capacity", amount_rule);
  row.shortfall_ppm = static_cast<std::int32_t>(from.optional_integer("shortfall_ppm", {0, assignment::ppm}).value_or(0));
  row.lot = static_cast<std::uint64_t>(from.optional_decimal("lot", {}).value_or(0));
  row.tag = index;
  return row;
}

Use read_use(Reader from, std::size_t rows) {
  Use use;
  use.row = static_cast<std::uint32_t>(from.required_integer("row", {0, rows == 0 ? 0 : static_cast<std::int64_t>(rows) - 1}));
  use.amount = from.required_decimal("amount", amount_rule);
  use.meter =
      from.optional_enum<Meter>("meter", {{"fixed", Meter::fixed}, {"price", Meter::price}, {"hold", Meter::hold}, {"draw", Meter::draw}})
          .value_or(Meter::fixed);
  return use;
}

/// A decimal string that may start with '-'.
std::int64_t read_signed(Reader& from, std::string_view key) {
  auto const text = from.optional_string(key, {.bytes_min = 1, .bytes_max = 20});
  if (!text) return 0;
  bool const negative = text->starts_with('-');
  auto const value = json::parse_decimal(std::string_view(*text).substr(negative ? 1 : 0), 0);
  if (!value || *value > assignment::sum_limit) {
    from.fail(key, "bad_format", "whole micro-yuan as a decimal string, magnitude at most 2^58");
    return 0;
  }
  return negative ? -*value : *value;
}

void read_bid(Reader from, std::size_t rows, Builder& builder, std::vector<Use>& uses) {
  BidMoney money;
  money.price = from.required_decimal("price", amount_rule);
  money.fairness = read_signed(from, "fairness");
  money.hold = from.optional_decimal("hold", amount_rule).value_or(0);
  money.draw = from.optional_decimal("draw", amount_rule).value_or(0);
  auto const offer = static_cast<std::uint32_t>(from.required_integer("offer", {0, INT32_MAX}));
  ArrayReader list = from.optional_array("uses", {.min = 0, .max = assignment::uses_per_bundle_max});
  uses.clear();
  for (std::size_t u = 0; list.present() && u < list.size(); ++u) {
    uses.push_back(read_use(list.object(u), rows));
    for (std::size_t v = 0; v < u; ++v)
      if (uses[v].row == uses[u].row) list.fail(u, "not_allowed", "two uses of one row");
  }
  builder.add_bid(money, uses, offer);
}

}  // namespace

std::expected<assignment::Problem, std::string> read_problem(std::string_view text) {
  auto const document = json::parse_strict(text, problem_limits);
  if (!document) return std::unexpected(json::to_string(document.error()));
  json::Errors errors;
  Builder builder;
  {
    Reader top(*document, errors);
    top.required_enum<int>("format", {{"sluice-problem/1", 1}});
    ArrayReader rows = top.required_array("rows", {.min = 0, .max = assignment::rows_max});
    std::size_t const row_total = rows.present() ? rows.size() : 0;
    for (std::size_t r = 0; r < row_total; ++r) builder.add_row(read_row(rows.object(r), static_cast<std::uint32_t>(r)));
    ArrayReader jobs = top.required_array("jobs", {.min = 0, .max = assignment::jobs_max});
    std::vector<Use> uses;
    for (std::size_t j = 0; jobs.present() && j < jobs.size(); ++j) {
      Reader from = jobs.object(j);
      Job job;
      job.waiting_cost = read_signed(from, "waiting_cost");
      job.waiting_allowed = from.optional_boolean("waiting_allowed").value_or(true);
      job.lot = static_cast<std::uint64_t>(from.optional_decimal("lot", {}).value_or(0));
      job.accepted_round = static_cast<std::uint32_t>(from.optional_integer("accepted_round", {0, UINT32_MAX}).value_or(0));
      job.tag = static_cast<std::uint32_t>(j);
      builder.add_job(job);
      ArrayReader bids = from.required_array("bids", {.min = 0, .max = 1'000'000});
      for (std::size_t b = 0; bids.present() && b < bids.size(); ++b) read_bid(bids.object(b), row_total, builder, uses);
    }
  }
  if (errors.empty()) return builder.finish();
  std::string all;
  for (auto const& error : errors.list()) all += (all.empty() ? "" : "\n") + error.pointer + ": " + error.detail;
  return std::unexpected(all);
}

}  // namespace sluice::solve
