// Around every operation: who calls, may they, was it done before, and how errors are told.
#include "broker/api/api.hpp"

#include <algorithm>
#include <functional>
#include <map>
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

constexpr std::size_t stranger_body_bytes_max = 4 * 1024;

/// Who calls. Error: 401, or 429 for an address that guesses keys: nobody else behind it with a good key is touched.
std::expected<Caller, http::Problem> identify(Api& api, http::Request const& request) {
  auto caller = authenticate(api.state(), request, api.sequencer.now(), api.options.socket_uids);
  if (caller) return caller;
  if (auto limited = api.rates.take_unauthenticated(request.peer->address, api.clock.since_boot_ms()))
    return std::unexpected(std::move(*limited));
  return caller;
}

/// Counts a request of the caller's. The socket's peers are not limited: they repair.
std::optional<http::Problem> over_its_rate(Api& api, Caller const& caller) {
  if (caller.role == policy::Role::local_admin) return std::nullopt;
  return api.rates.take(caller.principal.text, api.clock.since_boot_ms());
}

std::optional<http::Problem> forbidden(Endpoint const& endpoint, Caller const& caller) {
  if (admits(endpoint, caller.role)) return std::nullopt;
  return problem("role_forbidden", "This takes a key with one of the roles: " + role_names(endpoint.roles) + ".");
}

asio::awaitable<Answer> answer_for(Api* api, Endpoint const* endpoint, http::Request const& request, std::string& principal) {
  Call call{.request = request, .caller = {}, .language = language_of(request), .idempotent = std::nullopt};
  if ((endpoint->roles & public_role) == 0) {
    auto caller = identify(*api, request);
    if (!caller) co_return std::unexpected(std::move(caller.error()));
    if (caller->role != policy::Role::local_admin) principal = caller->principal.text;
    if (auto limited = over_its_rate(*api, *caller)) co_return std::unexpected(std::move(*limited));
    if (auto refused = forbidden(*endpoint, *caller)) co_return std::unexpected(std::move(*refused));
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
  std::string principal;  // of a caller whose requests are counted
  Answer answer = co_await answer_for(api, endpoint, request, principal);
  if (!answer) give_texts(answer.error(), request);
  http::Response response = answer ? std::move(*answer) : http::to_response(answer.error(), request);
  if (!principal.empty()) api->rates.tell(principal, api->clock.since_boot_ms(), response);
  co_return response;
}

}  // namespace

std::vector<Endpoint> const& endpoints() {
  static std::vector<Endpoint> const all = [] {
    std::vector<Endpoint> list;
    for (auto family : {job_endpoints(), market_endpoints(), round_endpoints(), event_endpoints(), tenant_endpoints(), key_endpoints(),
                        account_endpoints(), money_endpoints(), control_endpoints(), log_endpoints(), health_endpoints()})
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
  std::map<std::string, Endpoint const*, std::less<>> by_name;
  for (Endpoint const& endpoint : endpoints()) by_name.emplace(endpoint.operation_id, &endpoint);
  return [&api, by_name = std::move(by_name)](http::Request const& request, http::Route const& route,
                                              std::size_t content_length) -> std::optional<http::Problem> {
    // Only what makes the log grow for a tenant is stopped; operators must still be able to repair.
    if (route.name == "submitJob") {
      if (auto const stop = api.health.admission_stop()) {
        http::Problem out = problem(stop->problem_code, stop->detail);
        out.headers.emplace_back("Retry-After", "30");
        return out;
      }
    }
    // A small body has come along with the header; a large one is not waited for unless somebody known sends it.
    if (content_length <= stranger_body_bytes_max) return std::nullopt;
    Endpoint const& endpoint = *by_name.find(route.name)->second;
    auto caller = identify(api, request);
    if (!caller) return std::move(caller.error());
    auto refused = forbidden(endpoint, *caller);
    if (!refused) return std::nullopt;  // the operation counts it
    if (auto limited = over_its_rate(api, *caller)) return limited;
    return refused;
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
  if (!outcome) co_return std::unexpected(problem_of(outcome.error(), call.language));
  if (!response) co_return std::unexpected(problem("conflict", "There was nothing left to do."));
  co_return std::move(*response);
}

}  // namespace sluice::broker::api
