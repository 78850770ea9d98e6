// /livez, /readyz, /metrics, /openapi.json and the pages that problem types point at.
#include "broker/api/api.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

/// Alive means that the loop answers; nothing else is asked.
asio::awaitable<Answer> livez(Api&, Call&) {
  nlohmann::ordered_json const body{{"ok", true}, {"checks", nlohmann::ordered_json::array()}};
  co_return http::json_response(200, body.dump());
}

/// Whether "a,b,c" holds the name.
bool names(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    std::string_view const each = list.substr(0, list.find(','));
    if (each == name) return true;
    list.remove_prefix(std::min(list.size(), each.size() + 1));
  }
  return false;
}

/// What fails is always listed; `verbose` lists the rest too. `exclude` leaves checks out of both list and verdict.
asio::awaitable<Answer> readyz(Api& api, Call& call) {
  std::string_view const excluded = call.request.query_value("exclude").value_or("");
  bool const verbose = call.request.query_value("verbose").has_value();
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  bool ready = true;
  for (CheckResult const& check : api.health.checks()) {
    if (names(excluded, check.name)) continue;
    ready = ready && (check.ok || !check.decides);
    if (check.ok && !verbose) continue;
    nlohmann::ordered_json row{{"name", check.name}, {"ok", check.ok}};
    if (!check.ok) row["detail"] = check.detail;
    checks.push_back(std::move(row));
  }
  nlohmann::ordered_json const body{{"ok", ready}, {"checks", std::move(checks)}};
  http::Response response = http::json_response(ready ? 200 : 503, body.dump());
  response.add("Cache-Control", "no-store");
  if (!ready) response.add("Retry-After", "5");
  co_return response;
}

asio::awaitable<Answer> metrics(Api& api, Call&) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = api.metrics();
  co_return response;
}

asio::awaitable<Answer> openapi(Api&, Call&) {
  static auto const text = std::make_shared<std::string const>(openapi_text());
  co_return http::shared_response(200, "application/json", text);
}

asio::awaitable<Answer> problem_type(Api&, Call& call) {
  auto page = problem_page(call.request.parameter("code"));
  if (!page) co_return std::unexpected(problem("not_found", "There is no such problem type."));
  co_return http::json_response(200, std::move(*page));
}

}  // namespace

std::vector<Endpoint> health_endpoints() {
  using enum http::Method;
  return {
      {get, "/livez", "livez", public_role, livez},
      {get, "/readyz", "readyz", public_role, readyz},
      {get, "/metrics", "metrics", public_role, metrics},
      {get, "/openapi.json", "openapi", public_role, openapi},
      {get, "/problems/{code}", "problemType", public_role, problem_type},
  };
}

}  // namespace sluice::broker::api
