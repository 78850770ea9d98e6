#include "connectors/centre/reading.hpp"

#include "connectors/answers.hpp"
#include "connectors/fault.hpp"
#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace sluice::connectors::centre {
namespace {

constexpr std::int64_t cards_max = 1'000'000;
constexpr std::int64_t seconds_max = 366LL * 86'400;
constexpr std::size_t offers_max = 256;
constexpr std::size_t jobs_max = 1'000;
constexpr json::StringRule id_rule{.bytes_min = 1, .bytes_max = 256};
constexpr json::StringRule name_rule{.bytes_min = 1, .bytes_max = 64};
// Words for people may hold anything; shown() makes them safe.
constexpr json::StringRule prose_rule{.bytes_min = 0, .bytes_max = 4'096, .single_line = false};

/// null means "unknown", as absence does.
void drop_nulls(nlohmann::json& value) {
  if (value.is_object()) {
    for (auto member = value.begin(); member != value.end();) member = member->is_null() ? value.erase(member) : std::next(member);
  }
  if (value.is_structured()) {
    for (auto& each : value) drop_nulls(each);  // depth is bounded by parse_strict
  }
}

Read<nlohmann::json> parse(std::string_view body) {
  auto parsed = json::parse_strict(body, {.bytes_max = 64u << 20});
  if (!parsed) return std::unexpected("the answer is not JSON: " + json::to_string(parsed.error()));
  drop_nulls(*parsed);
  return std::move(*parsed);
}

using Members = std::vector<std::string_view>;

/// Drops the members that are not read here: a newer centre may say more, and that is no error.
void keep(nlohmann::json& object, Members const& members) {
  if (!object.is_object()) return;
  for (auto member = object.begin(); member != object.end();) {
    bool const known = std::find(members.begin(), members.end(), member.key()) != members.end();
    member = known ? std::next(member) : object.erase(member);
  }
}
void keep_each(nlohmann::json& object, char const* array, Members const& members) {
  if (!object.is_object() || !object.contains(array) || !object[array].is_array()) return;
  for (nlohmann::json& each : object[array]) keep(each, members);
}

void keep_offers(nlohmann::json& document) {
  keep(document, {"as_of", "offers"});
  keep_each(document, "offers",
            {"accelerator", "cards_total", "cards_free", "gang_cards_max", "cpus_free", "memory_free_gib", "attempts", "price",
             "valid_until", "queue_delay_s"});
  if (!document.is_object() || !document.contains("offers") || !document["offers"].is_array()) return;
  for (nlohmann::json& offer : document["offers"]) {
    if (offer.is_object() && offer.contains("price")) keep(offer["price"], {"unit", "list_yuan", "voucher_yuan"});
  }
}

Members const job_members{"id",         "attempt",  "state",          "exit_code",         "cards", "submitted_at",
                          "started_at", "ended_at", "expected_start", "card_milliseconds", "reason"};

std::optional<std::string> first_error(json::Errors const& errors) {
  if (errors.empty()) return std::nullopt;
  json::FieldError const& error = errors.list().front();
  return fmt::format("{} {}", error.pointer.empty() ? "the answer" : error.pointer, error.detail);
}

std::optional<std::int32_t> optional_count(json::Reader& reader, std::string_view key) {
  auto const value = reader.optional_integer(key, {.min = 0, .max = cards_max});
  return value ? std::optional(static_cast<std::int32_t>(*value)) : std::nullopt;
}

/// A zero price is no price: it is told as a doubt.
std::optional<Price> optional_price(json::Reader& reader, std::string_view key, PriceUnit unit, std::vector<std::string>& doubts) {
  auto const amount = reader.optional_money(key);
  if (!amount) return std::nullopt;
  if (amount->micro_yuan == 0) {
    doubts.push_back(fmt::format("{}/{}: a price of zero is taken as unknown", reader.pointer(), key));
    return std::nullopt;
  }
  return Price{*amount, unit};
}

std::optional<std::vector<AttemptName>> optional_attempts(json::Reader& reader) {
  if (!reader.has("attempts")) {
    reader.ignore("attempts");
    return std::nullopt;
  }
  std::vector<AttemptName> names;
  for (std::string& text : reader.required_strings("attempts", {.min = 0, .max = 100'000}, name_rule)) {
    // A name that is not shaped like ours is another client's and tells us nothing.
    if (auto name = parse_attempt_name(text)) names.push_back(std::move(*name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Offer read_offer(json::Reader& reader, ClusterOptions const& options, std::optional<policy::Timestamp> as_of, policy::Timestamp now,
                 std::vector<std::string>& doubts) {
  Offer offer;
  std::string const theirs = reader.required_string("accelerator", name_rule);
  auto const mapped = options.accelerators.find(theirs);
  offer.accelerator.text = mapped == options.accelerators.end() ? theirs : mapped->second;
  offer.cards_total = optional_count(reader, "cards_total");
  offer.cards_free = optional_count(reader, "cards_free");
  offer.gang_cards_max = optional_count(reader, "gang_cards_max");
  offer.cpus_free = optional_count(reader, "cpus_free");
  offer.host_memory_free_gib = optional_count(reader, "memory_free_gib");
  offer.attempts_counted = optional_attempts(reader);
  offer.as_of = as_of;
  offer.valid_until = reader.optional_time("valid_until");
  if (auto const delay = reader.optional_integer("queue_delay_s", {.min = 0, .max = seconds_max})) offer.queue_delay_ms = *delay * 1'000;
  if (auto price = reader.optional_object("price"); price.present()) {
    auto const unit_name = price.required_string("unit", name_rule);
    auto const unit = price_unit_of(unit_name);
    if (unit) {
      offer.list_price = optional_price(price, "list_yuan", *unit, doubts);
      offer.discounted_price = optional_price(price, "voucher_yuan", *unit, doubts);
    } else {
      price.ignore("list_yuan");
      price.ignore("voucher_yuan");
      doubts.push_back(fmt::format("{}/unit: '{}' is no unit known here; the price is unknown", price.pointer(), shown(unit_name, 40)));
    }
  }
  if (offer.cards_total && offer.cards_free && *offer.cards_free > *offer.cards_total) {
    doubts.push_back(fmt::format("{}: more cards free than there are; the free cards are taken as unknown", reader.pointer()));
    offer.cards_free.reset();
  }
  offer.freshness = freshness_of(as_of, offer.valid_until, now, options.offer_age_max, options.clock_skew_max);
  return offer;
}

struct State {
  std::string_view word;
  RemotePhase phase;
  RemoteEnd end;
};
constexpr std::array states{
    State{"queued", RemotePhase::queued, RemoteEnd::unknown},
    State{"starting", RemotePhase::starting, RemoteEnd::unknown},
    State{"running", RemotePhase::running, RemoteEnd::unknown},
    State{"stopping", RemotePhase::stopping, RemoteEnd::unknown},
    State{"completed", RemotePhase::ended, RemoteEnd::own_exit},
    State{"failed", RemotePhase::ended, RemoteEnd::own_exit},
    State{"timed_out", RemotePhase::ended, RemoteEnd::run_limit},
    State{"cancelled", RemotePhase::ended, RemoteEnd::cancelled},
    State{"preempted", RemotePhase::ended, RemoteEnd::preempted},
    State{"cluster_failed", RemotePhase::ended, RemoteEnd::cluster_fault},
    State{"start_failed", RemotePhase::ended, RemoteEnd::start_failed},
};

RemoteStatus read_job_object(json::Reader& reader) {
  RemoteStatus status;
  status.handle.id = reader.required_string("id", id_rule);
  if (auto name = parse_attempt_name(reader.required_string("attempt", name_rule))) status.attempt = std::move(*name);
  std::string const word = reader.required_string("state", name_rule);
  for (State const& state : states) {
    if (state.word != word) continue;
    status.phase = state.phase;
    status.end = state.end;
  }
  if (auto const code = reader.optional_integer("exit_code", {.min = INT32_MIN, .max = INT32_MAX}))
    status.exit_code = static_cast<std::int32_t>(*code);
  status.cards = optional_count(reader, "cards");
  status.submitted_at = reader.optional_time("submitted_at");
  status.started_at = reader.optional_time("started_at");
  status.ended_at = reader.optional_time("ended_at");
  status.expected_start = reader.optional_time("expected_start");
  status.card_ms = reader.optional_decimal("card_milliseconds", {.fraction_digits = 0});
  status.reason = shown(reader.optional_string("reason", prose_rule).value_or(""), 400);
  if (status.phase == RemotePhase::unknown) status.reason = fmt::format("state '{}' is not known here; {}", shown(word, 40), status.reason);
  return status;
}

}  // namespace

Read<OfferReport> read_offers(std::string_view body, ClusterOptions const& options, policy::Timestamp now) {
  auto document = parse(body);
  if (!document) return std::unexpected(document.error());
  keep_offers(*document);
  json::Errors errors;
  OfferReport report;
  {
    json::Reader reader(*document, errors);
    auto const as_of = reader.optional_time("as_of");
    json::ArrayReader offers = reader.required_array("offers", {.min = 0, .max = offers_max});
    for (std::size_t index = 0; offers.present() && index < offers.size(); ++index) {
      json::Reader each = offers.object(index);
      report.offers.push_back(read_offer(each, options, as_of, now, report.doubts));
    }
    if (!as_of) report.doubts.emplace_back("/as_of is missing: how old the figures are is unknown");
  }
  if (auto error = first_error(errors)) return std::unexpected(*error);
  std::stable_sort(report.offers.begin(), report.offers.end(),
                   [](Offer const& a, Offer const& b) { return a.accelerator < b.accelerator; });
  auto const twice = std::adjacent_find(report.offers.begin(), report.offers.end(),
                                        [](Offer const& a, Offer const& b) { return a.accelerator == b.accelerator; });
  if (twice != report.offers.end()) return std::unexpected(fmt::format("/offers name {} twice", shown(twice->accelerator.text, 64)));
  return report;
}

Read<VoucherReport> read_voucher_terms(std::string_view body, ClusterOptions const& options, policy::Timestamp now) {
  auto document = parse(body);
  if (!document) return std::unexpected(document.error());
  keep(*document, {"as_of", "programmes"});
  keep_each(*document, "programmes", {"programme", "rate_bp", "remaining_yuan", "valid_until"});
  json::Errors errors;
  VoucherReport report;
  {
    json::Reader reader(*document, errors);
    report.as_of = reader.optional_time("as_of");
    json::ArrayReader programmes = reader.optional_array("programmes", {.min = 0, .max = 256});
    for (std::size_t index = 0; programmes.present() && index < programmes.size(); ++index) {
      json::Reader each = programmes.object(index);
      VoucherTerms terms;
      terms.programme.text = each.required_string("programme", name_rule);
      if (auto const rate = each.optional_integer("rate_bp", {.min = 0, .max = 10'000})) {
        if (*rate > 0) terms.rate_bp = static_cast<std::int32_t>(*rate);
        if (*rate == 0) report.doubts.push_back(fmt::format("{}/rate_bp: a rate of zero is taken as unknown", each.pointer()));
      }
      terms.remaining_purse = each.optional_money("remaining_yuan");
      terms.valid_until = each.optional_time("valid_until");
      report.terms.push_back(std::move(terms));
    }
  }
  if (auto error = first_error(errors)) return std::unexpected(*error);
  std::stable_sort(report.terms.begin(), report.terms.end(),
                   [](VoucherTerms const& a, VoucherTerms const& b) { return a.programme < b.programme; });
  auto const twice = std::adjacent_find(report.terms.begin(), report.terms.end(),
                                        [](VoucherTerms const& a, VoucherTerms const& b) { return a.programme == b.programme; });
  if (twice != report.terms.end()) return std::unexpected(fmt::format("/programmes name {} twice", shown(twice->programme.text, 64)));
  report.freshness = freshness_of(report.as_of, std::nullopt, now, options.offer_age_max, options.clock_skew_max);
  return report;
}

Read<RemoteStatus> read_job(std::string_view body) {
  auto document = parse(body);
  if (!document) return std::unexpected(document.error());
  keep(*document, job_members);
  json::Errors errors;
  RemoteStatus status;
  {
    json::Reader reader(*document, errors);
    status = read_job_object(reader);
  }
  if (auto error = first_error(errors)) return std::unexpected(*error);
  return status;
}

Read<JobPage> read_jobs(std::string_view body) {
  auto document = parse(body);
  if (!document) return std::unexpected(document.error());
  keep(*document, {"jobs", "next"});
  keep_each(*document, "jobs", job_members);
  json::Errors errors;
  JobPage page;
  {
    json::Reader reader(*document, errors);
    json::ArrayReader jobs = reader.required_array("jobs", {.min = 0, .max = jobs_max});
    for (std::size_t index = 0; jobs.present() && index < jobs.size(); ++index) {
      json::Reader each = jobs.object(index);
      page.jobs.push_back(read_job_object(each));
    }
    page.next = reader.optional_string("next", id_rule);
  }
  if (auto error = first_error(errors)) return std::unexpected(*error);
  return page;
}

Read<Usage> read_usage(std::string_view body) {
  auto document = parse(body);
  if (!document) return std::unexpected(document.error());
  keep(*document, {"job", "card_milliseconds", "as_of", "final"});
  json::Errors errors;
  Usage usage;
  {
    json::Reader reader(*document, errors);
    usage.handle.id = reader.required_string("job", id_rule);
    usage.card_ms = reader.required_decimal("card_milliseconds", {.fraction_digits = 0});
    usage.as_of = reader.optional_time("as_of");
    usage.final = reader.required_boolean("final");
  }
  if (auto error = first_error(errors)) return std::unexpected(*error);
  return usage;
}

ProblemText read_problem(std::string_view body) {
  auto document = parse(body);
  if (!document || !document->is_object()) return {};
  keep(*document, {"code", "detail"});
  json::Errors errors;
  json::Reader reader(*document, errors);
  ProblemText problem;
  problem.code = reader.optional_string("code", name_rule).value_or("");
  problem.detail = shown(reader.optional_string("detail", prose_rule).value_or(""));
  return problem;
}

Refusal refusal_of(std::string_view code) {
  for (Refusal const refusal : {Refusal::no_capacity, Refusal::price_changed, Refusal::purse_exhausted, Refusal::image_unreachable,
                                Refusal::input_unreachable, Refusal::limit_exceeded, Refusal::invalid_order, Refusal::not_open}) {
    if (name_of(refusal) == code) return refusal;
  }
  return Refusal::other;
}

}  // namespace sluice::connectors::centre
