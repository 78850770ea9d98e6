// What operators stop and start: clusters, rounds, dispatch, the clock; and how the daemon is.
#include "broker/api/api.hpp"
#include "broker/api/cluster_view.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "policy/enum_names.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

Json control_json(Api const& api) {
  policy::Governance const& governance = api.state().governance;
  return {{"rounds", governance.rounds_paused ? "paused" : "running"},
          {"dispatch", governance.dispatch_frozen ? "frozen" : "running"},
          {"reason", nullptr},
          {"by", nullptr},
          {"sequence", std::to_string(governance.sequence - 1)}};
}

/// Submits one event of an operator with its reason as a private part.
template <class MakeEvent>
asio::awaitable<Answer> act(Api& api, Call& call, MakeEvent make, std::string (*body)(Api const&, Call const&)) {
  auto reason = read_reason(call);
  if (!reason) co_return std::unexpected(std::move(reason.error()));
  std::vector<policy::Event> events;
  events.emplace_back(make(call.by(reason->commitment)));
  Submission submission = submission_of(std::move(events));
  submission.private_parts.push_back(std::move(reason->part));
  Outcome const outcome = co_await api.sequencer.submit(std::move(submission));
  if (!outcome) co_return std::unexpected(problem_of(outcome.error(), call.language));
  co_return http::json_response(200, body(api, call));
}

std::string control_body(Api const& api, Call const&) { return control_json(api).dump(); }
std::string cluster_body(Api const& api, Call const& call) {
  return cluster_json(api, policy::ClusterName{std::string(call.request.parameter("name"))}).dump();
}

asio::awaitable<Answer> set_cluster(Api& api, Call& call, policy::ClusterStatus status) {
  policy::ClusterName const name{std::string(call.request.parameter("name"))};
  return act(
      api, call, [name, status](policy::By by) { return policy::ClusterStatusSet{std::move(by), name, false, status}; }, cluster_body);
}

asio::awaitable<Answer> cordon(Api& api, Call& call) { return set_cluster(api, call, policy::ClusterStatus::cordoned); }
asio::awaitable<Answer> drain(Api& api, Call& call) { return set_cluster(api, call, policy::ClusterStatus::draining); }
asio::awaitable<Answer> resume(Api& api, Call& call) {
  policy::ClusterName const name{std::string(call.request.parameter("name"))};
  if (auto const site = api.sites.find(name)) site->connector->forgive();
  return set_cluster(api, call, policy::ClusterStatus::open);
}

asio::awaitable<Answer> pause_rounds(Api& api, Call& call) {
  return act(api, call, [](policy::By by) { return policy::RoundsPaused{std::move(by)}; }, control_body);
}
asio::awaitable<Answer> resume_rounds(Api& api, Call& call) {
  api.rounds.nudge();
  return act(api, call, [](policy::By by) { return policy::RoundsResumed{std::move(by)}; }, control_body);
}
asio::awaitable<Answer> freeze_dispatch(Api& api, Call& call) {
  return act(api, call, [](policy::By by) { return policy::DispatchFrozen{std::move(by)}; }, control_body);
}
asio::awaitable<Answer> resume_dispatch(Api& api, Call& call) {
  api.health.clear_invariant_broken();
  return act(api, call, [](policy::By by) { return policy::DispatchResumed{std::move(by)}; }, control_body);
}

std::string status_body(Api const& api, Call const&);

/// The operator takes the wall clock for right; the entry says by how much it had moved.
asio::awaitable<Answer> accept_clock(Api& api, Call& call) {
  std::int64_t const step_ms = api.health.clock_guard().step_ms();
  Answer answer =
      co_await act(api, call, [step_ms](policy::By by) { return policy::ClockStepAccepted{std::move(by), step_ms}; }, status_body);
  if (answer) api.health.clock_guard().accept();
  co_return answer;
}

std::string status_body(Api const& api, Call const&) {
  policy::State const& state = api.state();
  Json body{{"version", SLUICE_VERSION}, {"rules_version", state.governance.rules_version}};
  body["started_at"] = policy::format_rfc3339({api.options.started_at_ms});
  body["now"] = policy::format_rfc3339(api.sequencer.now());
  body["ready"] = api.health.ready();
  body["control"] = control_json(api);
  auto const stop = api.health.admission_stop();
  body["admission"] = stop ? "stopped" : "open";
  body["sequence"] = std::to_string(state.governance.sequence - 1);
  body["checkpoint_size"] = std::to_string(api.ledger.size());
  Json& checks = body["checks"] = Json::array();
  for (CheckResult const& check : api.health.checks()) {
    Json row{{"name", check.name}, {"ok", check.ok}};
    if (!check.ok) row["detail"] = check.detail;
    checks.push_back(std::move(row));
  }
  // Jobs that do not wait have a live attempt each: counting those spares a walk over a million waiting ones.
  std::map<policy::JobStatus, std::int64_t> by_status;
  std::optional<policy::JobId> counted;
  for (auto const& [id, attempt] : state.attempts) {
    if (counted == id.job) continue;
    counted = id.job;
    if (auto const job = state.jobs.find(id.job); job != state.jobs.end()) ++by_status[job->second->status];
  }
  body["jobs"] = {{"queued", state.queue.size()},
                  {"allocated", by_status[policy::JobStatus::allocated]},
                  {"dispatched", by_status[policy::JobStatus::dispatched]},
                  {"running", by_status[policy::JobStatus::running]}};
  std::int64_t unknown = 0;
  for (auto const& [id, attempt] : state.attempts)
    if (attempt.status == policy::AttemptStatus::intended || attempt.status == policy::AttemptStatus::lost) ++unknown;
  body["attempts_unknown"] = unknown;
  body["overrides_waiting"] = state.overrides.size();
  std::map<std::string_view, std::int64_t> by_health;
  for (auto const& [name, cluster] : state.catalogue->clusters) ++by_health[cluster_health(api, name)];
  Json& clusters = body["clusters"] = Json::object();
  for (std::string_view const health : {"healthy", "suspect", "lost", "quarantined", "unknown"})
    clusters[std::string(health)] = by_health[health];
  RoundFigures const& rounds = api.rounds.figures();
  body["round"] = nullptr;
  if (rounds.last_decided) {
    body["round"] = {{"number", std::to_string(rounds.last_decided->number.value)},
                     {"decided_at", policy::format_rfc3339(rounds.last_decided->at)},
                     {"solve_ms", rounds.last_solve_ms},
                     {"gap_ppm", rounds.last_decided->gap_ppm}};
  }
  rocks::FreeSpace const space = api.health.free_space();
  body["disk"] = {{"free_bytes", std::to_string(space.available_bytes)},
                  {"total_bytes", std::to_string(space.total_bytes)},
                  {"stop_below_bytes", std::to_string(api.health.floor_bytes())}};
  body["clock"] = {{"step_ms", api.health.clock_guard().step_ms()}};
  return body.dump();
}

asio::awaitable<Answer> get_status(Api& api, Call& call) { co_return http::json_response(200, status_body(api, call)); }

}  // namespace

std::vector<Endpoint> control_endpoints() {
  using enum http::Method;
  Roles const acts = operator_role | socket_role;
  return {
      {post, "/v1/clusters/{name}/cordon", "cordonCluster", acts, cordon, Idempotency::none, true},
      {post, "/v1/clusters/{name}/drain", "drainCluster", acts, drain, Idempotency::none, true},
      {post, "/v1/clusters/{name}/resume", "resumeCluster", acts, resume, Idempotency::none, true},
      {post, "/v1/rounds/pause", "pauseRounds", acts, pause_rounds, Idempotency::none, true},
      {post, "/v1/rounds/resume", "resumeRounds", acts, resume_rounds, Idempotency::none, true},
      {post, "/v1/dispatch/freeze", "freezeDispatch", acts, freeze_dispatch, Idempotency::none, true},
      {post, "/v1/dispatch/resume", "resumeDispatch", acts, resume_dispatch, Idempotency::none, true},
      {post, "/v1/clock/accept", "acceptClock", acts, accept_clock, Idempotency::none, true},
      {get, "/v1/status", "getStatus", Roles(acts | approver_role | auditor_role), get_status},
  };
}

}  // namespace sluice::broker::api
