// Reading jobs as the contract writes them.
#include "tools/day/records.hpp"

#include "policy/json/reader.hpp"
#include "policy/time.hpp"

#include <nlohmann/json.hpp>

namespace sluice::day {
namespace {

using Json = nlohmann::json;

std::string text_at(Json const& object, char const* key) {
  auto const it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}
std::optional<std::int64_t> time_at(Json const& object, char const* key) {
  auto const at = policy::parse_rfc3339(text_at(object, key));
  return at ? std::optional(at->ms) : std::nullopt;
}
std::optional<policy::Money> money_at(Json const& object, char const* key) {
  auto const amount = policy::parse_yuan(text_at(object, key));
  return amount ? std::optional(*amount) : std::nullopt;
}

AttemptRecord read_attempt(Json const& body) {
  AttemptRecord out;
  out.state = text_at(body, "state");
  out.liability = text_at(body, "liability");
  out.allocated_ms = time_at(body, "allocated_at").value_or(0);
  out.started_ms = time_at(body, "started_at");
  out.ended_ms = time_at(body, "ended_at");
  if (auto const code = body.find("exit_code"); code != body.end() && code->is_number_integer()) out.exit_code = code->get<std::int64_t>();
  // Hours with up to nine fraction digits; 3,600,000 ms are an hour.
  if (auto const hours = json::parse_decimal(text_at(body, "metered_card_hours"), 9))
    out.card_ms = static_cast<std::int64_t>(policy::Int128{*hours} * 36 / 10'000);
  if (auto const placement = body.find("placement"); placement != body.end() && placement->is_object()) {
    out.cluster = text_at(*placement, "cluster");
    out.accelerator = text_at(*placement, "accelerator");
    out.programme = text_at(*placement, "programme");
    if (auto const cards = placement->find("cards"); cards != placement->end() && cards->is_number_integer())
      out.cards = cards->get<std::int32_t>();
    if (auto const price = placement->find("price"); price != placement->end() && price->is_object())
      out.list_price = money_at(*price, "list_yuan_per_card_hour");
  }
  if (auto const settled = body.find("settled"); settled != body.end() && settled->is_object()) {
    out.settled = true;
    out.gross = money_at(*settled, "gross_yuan").value_or(policy::Money{});
    out.voucher = money_at(*settled, "voucher_yuan").value_or(policy::Money{});
    out.fee = money_at(*settled, "fee_yuan").value_or(policy::Money{});
    out.paid = money_at(*settled, "tenant_paid_yuan").value_or(policy::Money{});
  }
  return out;
}

}  // namespace

std::expected<JobRecord, std::string> read_job(Json const& body) {
  if (!body.is_object()) return std::unexpected("a job is a JSON object");
  JobRecord out;
  out.id = text_at(body, "id");
  out.state = text_at(body, "state");
  auto const accepted = time_at(body, "accepted_at");
  if (out.id.empty() || out.state.empty() || !accepted) return std::unexpected("a job has id, state and accepted_at");
  out.accepted_ms = *accepted;
  if (auto const reason = body.find("reason"); reason != body.end() && reason->is_object()) out.reason = text_at(*reason, "code");
  if (auto const attempts = body.find("attempts"); attempts != body.end() && attempts->is_array())
    for (Json const& each : *attempts)
      if (each.is_object()) out.attempts.push_back(read_attempt(each));
  return out;
}

}  // namespace sluice::day
