// GET /v1/rounds and /v1/rounds/{n}: what was decided, what it cost, and what proves it. Read from the log itself.
#include "broker/api/api.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/values.hpp"
#include "broker/rounds/round_index.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

/// One round as its entries tell it; tenants see the figures, and of the allocations only their own.
Json round_json(Api const& api, Caller const& caller, RoundEntries const& round, bool allocations) {
  Json out{{"number", std::to_string(round.number.value)}, {"state", round.state()}};
  out["opened_at"] = policy::format_rfc3339(round.opened_at);
  out["opened_sequence"] = std::to_string(round.opened);
  out["decided_at"] = nullptr;
  out["decided_sequence"] = nullptr;
  if (round.decision) {
    policy::RoundDecided const& decision = *round.decision;
    out["decided_at"] = policy::format_rfc3339(round.decided_at);
    out["decided_sequence"] = std::to_string(round.decided);
    out["problem_digest"] = policy::to_hex(decision.problem);
    out["plan_blob"] = policy::to_hex(decision.plan.hash);
    out["prices_blob"] = policy::to_hex(decision.prices.hash);
    out["cost_yuan"] = policy::format_yuan(decision.cost);
    out["bound_yuan"] = policy::format_yuan(decision.bound);
    out["gap_ppm"] = gap_ppm(decision.cost, decision.bound);
    out["jobs"] = decision.jobs;
    out["allocated"] = round.made;
    out["skipped"] = round.skipped;
    out["waiting"] = decision.jobs - decision.placed;
  }
  if (!allocations) return out;
  auto& list = out["allocations"] = Json::array();
  for (RoundEntries::Line const& line : round.lines) {
    auto const tenant = api.events.tenant_of(line.job);
    if (caller.role == policy::Role::tenant && tenant != caller.tenant) continue;
    Json row{{"job", std::to_string(line.job.value)}};
    row["attempt"] = line.attempt ? Json(policy::to_string(*line.attempt)) : Json(nullptr);
    row["cluster"] = line.cluster.text;
    row["accelerator"] = line.type.text;
    row["cards"] = line.cards;
    row["sequence"] = std::to_string(line.sequence);
    row["result"] = line.attempt ? "applied" : "skipped";
    row["reason"] = reason_value(line.reason);
    list.push_back(std::move(row));
  }
  return out;
}

asio::awaitable<Answer> get_round(Api& api, Call& call) {
  auto const number = id_of(call.request.parameter("n"));
  auto const round = number ? read_round(api.ledger, {*number}) : std::nullopt;
  if (!round) co_return std::unexpected(problem("not_found", "There is no such round."));
  co_return http::json_response(200, round_json(api, call.caller, *round, true).dump());
}

asio::awaitable<Answer> list_rounds(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  std::uint64_t next = page->after.value_or(api.state().round.round.value + 1);
  Json data = Json::array();
  while (next > 1 && data.size() < page->limit) {
    --next;
    if (auto const round = read_round(api.ledger, {next})) data.push_back(round_json(api, call.caller, *round, false));
  }
  co_return page_response(call.request, std::move(data), next > 1 ? std::optional(next) : std::nullopt);
}

}  // namespace

std::vector<Endpoint> round_endpoints() {
  using enum http::Method;
  Roles const readers = tenant_role | operator_role | approver_role | auditor_role | socket_role;
  return {
      {get, "/v1/rounds", "listRounds", readers, list_rounds},
      {get, "/v1/rounds/{n}", "getRound", readers, get_round},
  };
}

}  // namespace sluice::broker::api
