#include "tools/sim/centre_face.hpp"

#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>

namespace sluice::sim {
namespace {

using nlohmann::json;

struct Visit {
  World& world;
  CentreSite& site;
  std::string account;
  policy::Timestamp wall;
  Centre& centre() const { return *site.centre; }
  std::string time(SimTime at) const { return policy::format_rfc3339(world.stamp(at, wall)); }
};

Reply json_reply(int status, json const& body) {
  Reply reply;
  reply.status = status;
  reply.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return reply;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A query value; attempt names, cursors and numbers need no percent-decoding.
std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view const pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=') return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return {};
}

/// Who asks: the account of the bearer token; nullopt when it is not known here.
std::optional<std::string> account_of(CentreScenario const& scenario, std::string_view authorization) {
  if (!authorization.starts_with("Bearer ") || authorization.size() < 8) return std::nullopt;
  std::string_view const token = authorization.substr(7);
  if (scenario.accounts.empty()) return fmt::format("token {}", token);
  for (auto const& [name, known] : scenario.accounts) {
    if (known == token) return name;
  }
  return std::nullopt;
}

json job_json(Visit const& visit, Job const& job) {
  json body{{"id", std::to_string(job.id)},
            {"attempt", job.order.attempt},
            {"state", name_of(job.state)},
            {"accelerator", job.order.accelerator},
            {"cards", job.order.cards},
            {"submitted_at", visit.time(job.submitted)},
            {"card_milliseconds", std::to_string(visit.centre().card_ms(job))}};
  if (job.started) body["started_at"] = visit.time(*job.started);
  if (job.ended) body["ended_at"] = visit.time(*job.ended);
  if (job.exit_code) body["exit_code"] = *job.exit_code;
  if (!job.reason.empty()) body["reason"] = job.reason;
  return body;
}

Reply capacity(Visit const& visit) {
  Troubles& troubles = visit.site.troubles;
  SimTime const now = visit.world.now();
  json body{{"cluster", visit.centre().scenario().name}, {"offers", json::array()}, {"programmes", json::array()}};
  bool const stale = troubles.strikes(Trouble::stale, now);
  if (!troubles.strikes(Trouble::ageless, now)) body["as_of"] = visit.time(stale ? troubles.since(Trouble::stale) : now);
  bool const zero = troubles.strikes(Trouble::zero_price, now);
  bool const priceless = troubles.strikes(Trouble::priceless, now);
  bool const uncounted = troubles.strikes(Trouble::uncounted, now);
  for (Centre::PoolView const& pool : visit.centre().pools()) {
    PoolScenario const& told = *pool.scenario;
    json offer{{"accelerator", told.accelerator},
               {"cards_total", told.cards},
               {"cards_free", pool.free},
               {"gang_cards_max", told.cards},
               {"cpus_free", pool.free * told.cpus_per_card},
               {"memory_free_gib", pool.free * told.memory_gib_per_card}};
    if (!uncounted) offer["attempts"] = visit.centre().counted(visit.account, told.accelerator);
    if (pool.queued == 0 && pool.free > 0) offer["queue_delay_s"] = visit.centre().scenario().start_ms / 1'000;
    json price{{"unit", told.unit}};
    if (pool.list_price) price["list_yuan"] = zero ? "0.00" : policy::format_yuan(*pool.list_price);
    if (pool.voucher_price) price["voucher_yuan"] = zero ? "0.00" : policy::format_yuan(*pool.voucher_price);
    if (!priceless) offer["price"] = price;
    offer["valid_until"] = policy::format_rfc3339({visit.world.stamp(now, visit.wall).ms + visit.world.scenario().valid_for_s * 1'000});
    body["offers"].push_back(std::move(offer));
  }
  for (ProgrammeScenario const& programme : visit.centre().scenario().programmes) {
    json terms{{"programme", programme.name}, {"remaining_yuan", policy::format_yuan(visit.centre().remaining(programme.name))}};
    if (programme.rate_bp > 0) terms["rate_bp"] = programme.rate_bp;
    if (programme.valid_until) terms["valid_until"] = policy::format_rfc3339(*programme.valid_until);
    body["programmes"].push_back(std::move(terms));
  }
  return json_reply(200, body);
}

std::expected<Order, std::string> read_order(std::string const& body, std::string const& account) {
  auto const document = sluice::json::parse_strict(body);
  if (!document) return std::unexpected("the body is not JSON: " + sluice::json::to_string(document.error()));
  sluice::json::Errors errors;
  Order order;
  {
    sluice::json::Reader reader(*document, errors);
    sluice::json::StringRule const name{.bytes_min = 1, .bytes_max = 64};
    sluice::json::StringRule const prose{.bytes_min = 0, .bytes_max = 65'536, .single_line = false};
    order.account = account;
    order.attempt = reader.required_string("attempt", name);
    order.accelerator = reader.required_string("accelerator", name);
    order.cards = static_cast<std::int32_t>(reader.required_integer("cards", {.min = 1, .max = 1'000'000}));
    order.image = reader.required_string("image", {.bytes_min = 1, .bytes_max = 1'024});
    order.command = reader.required_strings("command", {.min = 0, .max = 256}, prose);
    order.run_limit_s = reader.required_integer("run_limit_s", {.min = 1, .max = 31'622'400});
    order.inputs = reader.optional_strings("inputs", {.min = 0, .max = 64}, {.bytes_min = 1, .bytes_max = 1'024});
    reader.optional_strings("outputs", {.min = 0, .max = 64}, {.bytes_min = 1, .bytes_max = 1'024});
    order.checkpoint = reader.optional_string("checkpoint", {.bytes_min = 0, .bytes_max = 1'024}).value_or("");
    order.programme = reader.optional_string("programme", name).value_or("");
    if (auto price = reader.optional_object("agreed_price"); price.present()) {
      order.agreed_unit = price.required_string("unit", name);
      order.agreed_price = price.required_money("yuan");
    }
    for (auto const* known : {"cards_per_node", "cpus", "memory_gib", "framework", "environment", "checkpoint_grace_s", "voucher"})
      reader.ignore(known);
  }
  if (!errors.empty()) return std::unexpected(fmt::format("{}: {}", errors.list()[0].pointer, errors.list()[0].detail));
  order.fingerprint = document->dump();
  return order;
}

Reply submit(Visit const& visit, std::string const& body) {
  SimTime const now = visit.world.now();
  auto const order = read_order(body, visit.account);
  if (!order) return problem(422, "invalid_order", order.error());
  if (visit.site.troubles.strikes(Trouble::refuses, now)) return problem(409, "no_capacity", "no cards are free");
  if (visit.site.troubles.strikes(Trouble::forgets, now)) {
    Job forgotten;
    forgotten.id = visit.centre().take_id();
    forgotten.order = *order;
    forgotten.submitted = now;
    return json_reply(201, job_json(visit, forgotten));
  }
  auto const submitted = visit.centre().submit(*order);
  if (!submitted) return problem(submitted.error().status, submitted.error().code, submitted.error().detail);
  // Refused or not, the second start is the fault itself: its outcome is no one's answer.
  if (!submitted->existed && visit.site.troubles.strikes(Trouble::duplicates, now)) static_cast<void>(visit.centre().submit(*order, true));
  return json_reply(submitted->existed ? 200 : 201, job_json(visit, *submitted->job));
}

Reply list(Visit const& visit, std::string_view query) {
  json body{{"jobs", json::array()}};
  if (std::string_view const attempt = query_value(query, "attempt"); !attempt.empty()) {
    if (visit.site.troubles.strikes(Trouble::denies, visit.world.now())) return json_reply(200, body);
    for (Job const* job : visit.centre().of_attempt(visit.account, attempt)) body["jobs"].push_back(job_json(visit, *job));
    return json_reply(200, body);
  }
  std::size_t const limit = std::clamp<std::uint64_t>(number(query_value(query, "limit")).value_or(100), 1, 1'000);
  bool const alive_only = query_value(query, "alive") == "true";
  auto const jobs = visit.centre().of_account(visit.account, number(query_value(query, "cursor")).value_or(0), limit + 1, alive_only);
  for (std::size_t index = 0; index < jobs.size() && index < limit; ++index) body["jobs"].push_back(job_json(visit, *jobs[index]));
  if (jobs.size() > limit) body["next"] = std::to_string(jobs[limit - 1]->id);
  return json_reply(200, body);
}

Reply job_reply(Visit const& visit, Request const& request, std::string_view rest, std::string_view query) {
  auto const id = number(rest.substr(0, rest.find('/')));
  Job const* job = id ? visit.centre().find(visit.account, *id) : nullptr;
  if (job == nullptr) return problem(404, "job_not_found", "this account has no such job");
  std::string_view const what = rest.find('/') == std::string_view::npos ? std::string_view() : rest.substr(rest.find('/'));
  if (what.empty() && request.method == "GET") return json_reply(200, job_json(visit, *job));
  if (what.empty() && request.method == "DELETE") {
    bool const had_ended = is_final(job->state);
    visit.centre().cancel(visit.account, *id);
    return json_reply(had_ended ? 200 : 202, job_json(visit, *job));
  }
  if (what == "/usage" && request.method == "GET") {
    return json_reply(200, {{"job", std::to_string(job->id)},
                            {"card_milliseconds", std::to_string(visit.centre().card_ms(*job))},
                            {"as_of", visit.time(visit.world.now())},
                            {"final", is_final(job->state)}});
  }
  if (what == "/logs" && request.method == "GET") {
    Reply reply;
    reply.content_type = "text/plain; charset=utf-8";
    reply.fields = fmt::format("Sluice-Log-Bytes: {}\r\n", visit.centre().log_bytes(*job));
    reply.body = visit.centre().log_tail(*job, std::min<std::uint64_t>(number(query_value(query, "tail")).value_or(65'536), 16u << 20));
    return reply;
  }
  return problem(404, "not_found", "no such path or method");
}

}  // namespace

Reply centre_reply(World& world, CentreSite& site, Request const& request, std::string_view path, std::string_view query,
                   policy::Timestamp wall) {
  auto account = account_of(site.centre->scenario(), request.authorization);
  if (!account) return problem(401, "token_refused", "send Authorization: Bearer with a token of this centre");
  Visit const visit{world, site, std::move(*account), wall};
  if (path == "/v1/capacity" && request.method == "GET") return capacity(visit);
  if (path == "/v1/jobs" && request.method == "POST") return submit(visit, request.body);
  if (path == "/v1/jobs" && request.method == "GET") return list(visit, query);
  if (path.starts_with("/v1/jobs/")) return job_reply(visit, request, path.substr(9), query);
  return problem(404, "not_found", "no such path or method");
}

}  // namespace sluice::sim
