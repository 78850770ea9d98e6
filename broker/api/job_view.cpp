// Rendering jobs, attempts, placements and prices.
#include "broker/api/job_view.hpp"

#include "broker/api/job_request.hpp"
#include "broker/api/values.hpp"
#include "broker/secrets.hpp"
#include "policy/enum_names.hpp"
#include "policy/json/text_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::broker::api {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json number_or_null(std::optional<T> const& id) {
  return id ? Json(std::to_string(id->value)) : Json(nullptr);
}
Json yuan_or_null(std::optional<policy::Money> const& amount) { return amount ? Json(policy::format_yuan(*amount)) : Json(nullptr); }
std::string yuan_text(policy::Money amount) { return policy::format_yuan(amount); }

/// What the estimate costs, from an allocation alone: for jobs that have been placed.
Json allocated_price_json(policy::Attempt const& attempt) {
  policy::Allocation const& a = attempt.allocation;
  policy::Money const voucher = policy::apply_rate(a.estimate, a.rate_bp, policy::Rounding::floor_fen);
  policy::Money const paid_by_voucher = std::min(voucher, a.hold_subsidy);
  policy::Money const fee = policy::apply_rate(a.estimate, a.fee_bp, policy::Rounding::half_up_fen);
  policy::Money const pays{a.estimate.micro_yuan - paid_by_voucher.micro_yuan + fee.micro_yuan};
  Json price;
  price["list_yuan_per_card_hour"] = yuan_or_null(a.list_price_per_card_hour);
  price["unit_yuan_per_card_hour"] = yuan_text(a.price_per_card_hour);
  auto const card_ms =
      policy::Int128{a.estimate.micro_yuan} * policy::ms_per_hour / std::max<std::int64_t>(1, a.price_per_card_hour.micro_yuan);
  price["card_hours"] = hours_text(static_cast<std::int64_t>(card_ms));
  price["gross_yuan"] = yuan_text(a.estimate);
  price["voucher_yuan"] = yuan_text(paid_by_voucher);
  price["fee_yuan"] = yuan_text(fee);
  price["fee_bp"] = a.fee_bp;
  price["tenant_pays_yuan"] = yuan_text(pays);
  price["hold_yuan"] = yuan_text(a.hold_net);
  price["granted_limit_s"] = a.limit_ms / 1'000;
  price["as_of"] = policy::format_rfc3339(attempt.allocated_at);
  price["tariff_version"] = a.tariff_version;
  return price;
}

Json placement_json(Api const& api, policy::Attempt const& attempt) {
  policy::Allocation const& a = attempt.allocation;
  Json out{{"cluster", a.cluster.text}, {"accelerator", a.type.text}, {"cards", a.cards}, {"variant", a.variant}};
  out["account"] = std::to_string(a.account.value);
  out["entitlement"] = number_or_null(a.entitlement);
  Json programme = nullptr;
  if (a.entitlement) {
    auto const& entitlements = api.state().catalogue->entitlements;
    auto const it = entitlements.find(*a.entitlement);
    if (it != entitlements.end()) programme = it->second.programme.text;
  }
  out["programme"] = std::move(programme);
  out["round"] = std::to_string(attempt.round.value);
  out["price"] = allocated_price_json(attempt);
  return out;
}

std::string_view attempt_state(policy::Attempt const& attempt) {
  using policy::AttemptStatus;
  switch (attempt.status) {
    case AttemptStatus::allocated:
      return "allocated";
    case AttemptStatus::intended:
      return "dispatching";
    case AttemptStatus::acknowledged:
      return "dispatched";
    case AttemptStatus::running:
      return "running";
    case AttemptStatus::lost:
      return attempt.fenced ? "superseded" : "lost";
    case AttemptStatus::refused:
      return "failed";
    case AttemptStatus::ended:
    case AttemptStatus::settled:
      break;
  }
  if (!attempt.outcome) return "lost";
  switch (*attempt.outcome) {
    case policy::Outcome::succeeded:
      return "completed";
    case policy::Outcome::cancelled:
      return "cancelled";
    default:
      return "failed";
  }
}

std::string_view liability_word(policy::Liability liability) {
  switch (liability) {
    case policy::Liability::tenant:
      return "tenant";
    case policy::Liability::centre:
      return "nobody";
    case policy::Liability::operator_:
      return "operator";
    case policy::Liability::unknown:
      return "disputed";
  }
  return "disputed";
}

Json attempt_json(Api const& api, policy::Attempt const& attempt) {
  Json out{{"id", policy::to_string(attempt.id)}, {"number", attempt.id.number}, {"state", attempt_state(attempt)}};
  out["allocated_at"] = policy::format_rfc3339(attempt.allocated_at);
  out["dispatched_at"] = time_or_null(attempt.intended_at);
  out["started_at"] = time_or_null(attempt.started_at);
  out["ended_at"] = time_or_null(attempt.ended_at);
  out["exit_code"] = attempt.exit_code ? Json(*attempt.exit_code) : Json(nullptr);
  out["metered_card_hours"] = hours_text(attempt.card_ms);
  out["liability"] = nullptr;
  out["settled"] = nullptr;
  if (attempt.settlement) {
    policy::AttemptSettled const& line = *attempt.settlement;
    out["liability"] = liability_word(line.liability);
    Json settled;
    settled["gross_yuan"] = yuan_text(line.gross);
    settled["voucher_yuan"] = yuan_text(line.subsidy);
    settled["fee_yuan"] = yuan_text(line.fee);
    settled["tenant_paid_yuan"] = yuan_text({line.net.micro_yuan + line.fee.micro_yuan});
    settled["released_yuan"] = yuan_text(line.released);
    out["settled"] = std::move(settled);
  } else if (attempt.status == policy::AttemptStatus::lost) {
    out["liability"] = "disputed";
  }
  out["placement"] = placement_json(api, attempt);
  return out;
}

void write_cost(json::TextWriter& writer, std::vector<policy::Attempt> const& attempts) {
  std::int64_t held = 0;
  std::int64_t settled = 0;
  std::int64_t disputed = 0;
  for (policy::Attempt const& attempt : attempts) {
    if (policy::is_live(attempt.status) || attempt.status == policy::AttemptStatus::ended) held += attempt.allocation.hold_net.micro_yuan;
    if (attempt.status == policy::AttemptStatus::lost) disputed += attempt.allocation.hold_net.micro_yuan;
    if (attempt.settlement) settled += attempt.settlement->net.micro_yuan + attempt.settlement->fee.micro_yuan;
  }
  writer.begin_object().key("held_yuan").string(yuan_text({held})).key("settled_yuan").string(yuan_text({settled}));
  writer.key("disputed_yuan").string(yuan_text({disputed})).end_object();
}

void write_reason(json::TextWriter& writer, policy::Reason reason) {
  if (reason == policy::Reason::none) {
    writer.null();
    return;
  }
  writer.begin_object().key("code").string(policy::code(reason)).key("en").string(policy::text_english(reason));
  writer.key("zh").string(policy::text_chinese(reason)).end_object();
}

/// When the job came into its present state: the last moment that its attempts or its own end tell.
policy::Timestamp state_since(FoundJob const& found) {
  policy::Timestamp at = found.job.accepted_at;
  for (policy::Attempt const& attempt : found.attempts) {
    at = std::max(at, attempt.allocated_at);
    for (auto const& moment : {attempt.intended_at, attempt.started_at, attempt.ended_at})
      if (moment) at = std::max(at, *moment);
  }
  return at;
}

bool may_see(Caller const& caller, policy::TenantName const& tenant) {
  return caller.role != policy::Role::tenant || (caller.tenant && *caller.tenant == tenant);
}

}  // namespace

std::expected<std::optional<FoundJob>, http::Problem> find_job(Api const& api, Caller const& caller, std::string_view id) {
  auto const number = id_of(id);
  if (!number) return std::nullopt;
  policy::JobId const job{*number};
  std::optional<FoundJob> found;
  if (auto const it = api.state().jobs.find(job); it != api.state().jobs.end()) {
    found.emplace(FoundJob{*it->second, {}});
    auto const& attempts = api.state().attempts;
    for (auto each = attempts.lower_bound({job, 0}); each != attempts.end() && each->first.job == job; ++each)
      found->attempts.push_back(each->second);
  } else {
    auto const row = api.ledger.row(log::Table::history, policy::history_key(job));
    if (!row) return std::unexpected(problem("unavailable", "The ledger cannot be read."));
    if (*row) {
      auto finished = policy::decode_finished_job(**row);
      if (!finished) return std::unexpected(problem("internal", "A history row is damaged."));
      found.emplace(FoundJob{std::move(finished->job), std::move(finished->attempts)});
    }
  }
  if (found && !may_see(caller, found->job.tenant)) found.reset();
  return found;
}

boost::asio::awaitable<std::expected<std::optional<FoundJob>, http::Problem>> find_settled_job(Api const& api, Caller const& caller,
                                                                                               std::string_view id) {
  auto found = find_job(api, caller, id);
  if (!found || *found) co_return found;
  co_await api.sequencer.settled();
  co_return find_job(api, caller, id);
}

std::optional<JobPayload> payload_of(Api const& api, Caller const& caller, policy::Job const& job) {
  if (caller.role == policy::Role::auditor || caller.role == policy::Role::approver) return std::nullopt;  // openings are handed out apart
  std::string const key(reinterpret_cast<char const*>(job.payload.bytes.data()), job.payload.bytes.size());
  auto const part = api.ledger.private_part(log::PrivateKind::payload, job.tenant.text, key);
  if (!part || !*part) return std::nullopt;
  auto payload = decode_payload(content_of((*part)->bytes));
  if (!payload) return std::nullopt;
  return std::move(*payload);
}

Json reason_value(policy::Reason reason) {
  if (reason == policy::Reason::none) return nullptr;
  return {{"code", policy::code(reason)}, {"en", policy::text_english(reason)}, {"zh", policy::text_chinese(reason)}};
}

Json price_json(policy::PricedBid const& bid, policy::Timestamp as_of, std::optional<policy::Timestamp> valid_until) {
  policy::Allocation const& a = bid.allocation;
  Json price;
  price["list_yuan_per_card_hour"] = yuan_or_null(a.list_price_per_card_hour);
  price["unit_yuan_per_card_hour"] = yuan_text(a.price_per_card_hour);
  price["card_hours"] = hours_text(bid.work_card_ms);
  std::optional<policy::Money> list;
  if (a.list_price_per_card_hour) list = policy::gross_price(*a.list_price_per_card_hour, bid.work_card_ms, policy::Rounding::half_up_fen);
  price["list_yuan"] = yuan_or_null(list);
  price["gross_yuan"] = yuan_text(a.estimate);
  price["voucher_yuan"] = yuan_text(bid.estimate_subsidy);
  price["fee_yuan"] = yuan_text(bid.estimate_fee);
  price["fee_bp"] = a.fee_bp;
  price["tenant_pays_yuan"] = yuan_text(bid.estimate_net);
  price["hold_yuan"] = yuan_text(a.hold_net);
  price["porting_yuan"] = yuan_text(bid.porting);
  price["egress_yuan"] = yuan_text(bid.egress);
  price["effective_discount_bp"] = nullptr;
  if (list && list->micro_yuan > 0) {
    auto const bp = policy::Int128{list->micro_yuan - bid.estimate_net.micro_yuan} * 10'000 / list->micro_yuan;
    price["effective_discount_bp"] = static_cast<std::int64_t>(std::max<policy::Int128>(bp, INT32_MIN));
  }
  price["granted_limit_s"] = a.limit_ms / 1'000;
  price["as_of"] = policy::format_rfc3339(as_of);
  price["valid_until"] = time_or_null(valid_until);
  price["tariff_version"] = a.tariff_version;
  return price;
}

std::string job_json(Api const& api, FoundJob const& found, JobPayload const* payload, bool full) {
  policy::Job const& job = found.job;
  std::string out;
  out.reserve(2'048);
  json::TextWriter writer(out);
  writer.begin_object().key("id").decimal(job.id.value).key("sequence").decimal(job.id.value);
  writer.key("changed_sequence").decimal(job.changed_at);
  writer.key("tenant").string(job.tenant.text);
  writer.key("name");
  payload != nullptr ? writer.string(payload->name) : writer.null();
  writer.key("state").string(policy::name_of(job.status));
  writer.key("state_since").string(policy::format_rfc3339(state_since(found)));
  writer.key("accepted_at").string(policy::format_rfc3339(job.accepted_at));
  writer.key("reason");
  write_reason(writer, job.reason);
  if (full) {
    writer.key("request");
    write_job_request(writer, *job.spec, payload);
    writer.key("attempts").begin_array();
    for (policy::Attempt const& attempt : found.attempts) writer.raw(attempt_json(api, attempt).dump());
    writer.end_array();
  }
  bool const placed = !found.attempts.empty() && found.attempts.back().status != policy::AttemptStatus::refused;
  writer.key("placement");
  placed ? writer.raw(placement_json(api, found.attempts.back()).dump()) : writer.null();
  writer.key("cost");
  write_cost(writer, found.attempts);
  writer.key("receipt").begin_object().key("href").string("/v1/jobs/" + std::to_string(job.id.value) + "/receipt").end_object();
  writer.end_object();
  return out;
}

std::string etag_of(policy::Job const& job) { return '"' + std::to_string(job.changed_at) + '"'; }

}  // namespace sluice::broker::api
