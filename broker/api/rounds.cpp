// GET /v1/rounds and /v1/rounds/{n}: what was decided, what it cost, and what proves it. Read from the log itself.
#include "broker/api/api.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/values.hpp"
#include "broker/rounds/round_index.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t lines_without_rest_max = 32;

/// One round as its entries tell it, without its allocations.
Json round_json(RoundEntries const& round) {
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
  return out;
}

Json line_json(RoundEntries::Line const& line) {
  Json row{{"job", std::to_string(line.job.value)}};
  row["attempt"] = line.attempt ? Json(policy::to_string(*line.attempt)) : Json(nullptr);
  row["cluster"] = line.cluster.text;
  row["accelerator"] = line.type.text;
  row["cards"] = line.cards;
  row["sequence"] = std::to_string(line.sequence);
  row["result"] = line.attempt ? "applied" : "skipped";
  row["reason"] = reason_value(line.reason);
  return row;
}

asio::awaitable<void> rest() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

/// The figures, and of the allocations a page; a tenant's own only.
asio::awaitable<Answer> get_round(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  auto const number = id_of(call.request.parameter("n"));
  auto const round = number ? read_round(api.ledger, {*number}) : std::nullopt;
  if (!round) co_return std::unexpected(problem("not_found", "There is no such round."));
  Json body = round_json(*round);
  Json& allocations = body["allocations"] = Json::array();
  body["next"] = nullptr;
  log::Sequence last = 0;
  std::size_t looked_at = 0;
  for (RoundEntries::Line const& line : round->lines) {
    if (page->after && line.sequence <= *page->after) continue;
    if (++looked_at % lines_without_rest_max == 0) co_await rest();  // whose a finished job is stands in the database
    if (call.caller.tenant && api.events.tenant_of(line.job) != call.caller.tenant) continue;
    if (allocations.size() == page->limit) {
      body["next"] = cursor_of(last);
      break;
    }
    allocations.push_back(line_json(line));
    last = line.sequence;
  }
  co_return http::json_response(200, body.dump());
}

asio::awaitable<Answer> list_rounds(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  std::uint64_t next = std::min(page->after.value_or(UINT64_MAX), api.state().round.round.value + 1);
  Json data = Json::array();
  while (next > 1 && data.size() < page->limit) {
    --next;
    if (auto const round = read_round(api.ledger, {next})) data.push_back(round_json(*round));
    co_await rest();  // each is read from its entries
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
