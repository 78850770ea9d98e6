// Around every operation: who calls, may they, was it done before, and how errors are told.
#include "broker/api/api.hpp"

#include <algorithm>
#include <utility>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

bool admits(Endpoint const& endpoint, policy::Role caller) { return (endpoint.roles & role(caller)) != 0; }

std::string role_names(Roles roles) {
  std::string names;
  for (auto const& [each, name] : {std::pair{policy::Role::tenant, "tenant"}, std::pair{policy::Role::operator_, "operator"},
                                   std::pair{policy::Role::approver, "approver"}, std::pair{policy::Role::auditor, "auditor"}})
    if ((roles & role(each)) != 0) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

asio::awaitable<Answer> answer_for(Api* api, Endpoint const* endpoint, http::Request const& request) {
  Call call{.request = request, .caller = {}, .language = language_of(request), .idempotent = std::nullopt};
  if ((endpoint->roles & public_role) == 0) {
    auto caller = authenticate(api->state(), request, api->sequencer.now(), api->options.socket_uids);
    std::int64_t const now_ms = api->clock.since_boot_ms();
    if (!caller) {
      // Who guesses keys runs dry, by address; nobody else behind the same address with a good key is touched.
      if (auto limited = api->rates.take_unauthenticated(request.peer->address, now_ms)) co_return std::unexpected(std::move(*limited));
      co_return std::unexpected(std::move(caller.error()));
    }
    if (caller->role != policy::Role::local_admin) {
      if (auto limited = api->rates.take(caller->principal.text, now_ms)) co_return std::unexpected(std::move(*limited));
    }
    if (!admits(*endpoint, caller->role))
      co_return std::unexpected(problem("role_forbidden", "This takes a key with one of the roles: " + role_names(endpoint->roles) + "."));
    call.caller = std::move(*caller);
  }
  if (endpoint->idempotency == Idempotency::required) {
    auto claim = api->answers.claim(request, call.caller, api->sequencer.now());
    if (!claim) co_return std::unexpected(std::move(claim.error()));
    if (claim->replay()) co_return *claim->replay();
    call.idempotent.emplace(std::move(*claim));
  }
  co_return co_await endpoint->run(*api, call);
}

asio::awaitable<http::Response> serve(Api* api, Endpoint const* endpoint, http::Request request) {
  Answer answer = co_await answer_for(api, endpoint, request);
  if (answer) co_return std::move(*answer);
  co_return http::to_response(answer.error(), request);
}

}  // namespace

std::vector<Endpoint> const& endpoints() {
  static std::vector<Endpoint> const all = [] {
    std::vector<Endpoint> list;
    for (auto family : {job_endpoints(), market_endpoints(), round_endpoints(), event_endpoints(), people_endpoints(), money_endpoints(),
                        control_endpoints(), log_endpoints(), health_endpoints()})
      list.insert(list.end(), family.begin(), family.end());
    return list;
  }();
  return all;
}

http::Router make_router(Api& api) {
  http::Router router;
  for (Endpoint const& endpoint : endpoints()) {
    http::Route route;
    route.method = endpoint.method;
    route.path = endpoint.path;
    route.name = endpoint.operation_id;
    if (endpoint.takes_body) route.body = http::json_body();
    route.handler = [&api, &endpoint](http::Request request) { return serve(&api, &endpoint, request); };
    router.add(std::move(route));
  }
  return router;
}

http::Admission admission(Api& api) {
  return [&api](http::Request const& request, http::Route const& route, std::size_t) -> std::optional<http::Problem> {
    // Only what makes the log grow for a tenant is stopped; operators must still be able to repair.
    if (route.name != "submitJob") return std::nullopt;
    static_cast<void>(request);
    auto const stop = api.health.admission_stop();
    if (!stop) return std::nullopt;
    http::Problem out = problem(stop->problem_code, stop->detail);
    out.headers.emplace_back("Retry-After", "30");
    return out;
  };
}

asio::awaitable<Answer> commit(Api& api, Call& call, Submission submission, AnswerMaker answer) {
  std::optional<http::Response> response;
  auto before = std::move(submission.applied);
  submission.applied = [&](log::Sequence sequence, policy::Effects const& effects, std::vector<log::PrivatePart>& parts) {
    if (before) before(sequence, effects, parts);
    if (response) return;
    policy::Timestamp const now = api.state().governance.at;
    response = answer(sequence, effects, now);
    if (response && call.idempotent) parts.push_back(call.idempotent->part_for(*response, now));
  };
  Outcome const outcome = co_await api.sequencer.submit(std::move(submission));
  if (!outcome) co_return std::unexpected(problem_of(outcome.error()));
  if (!response) co_return std::unexpected(problem("conflict", "There was nothing left to do."));
  co_return std::move(*response);
}

}  // namespace sluice::broker::api
