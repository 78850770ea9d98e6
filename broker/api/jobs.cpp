// Submitting, listing, showing and cancelling jobs.
#include "broker/api/api.hpp"
#include "broker/api/job_request.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "broker/secrets.hpp"
#include "policy/enum_names.hpp"
#include "policy/json/text_writer.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

/// 422 with every cluster's reason, for a job that declared hardware excludes for ever.
http::Problem impossible(std::vector<std::pair<policy::ClusterName, policy::Reason>> const& reasons) {
  http::Problem out =
      problem("job_impossible", "No cluster's declared hardware and rules can ever run this job; clusters says why, one by one.");
  Json clusters = Json::array();
  for (auto const& [cluster, reason] : reasons)
    clusters.push_back({{"cluster", cluster.text}, {"reasons", Json::array({reason_value(reason)})}});
  out.members.emplace_back("clusters", clusters.dump());
  return out;
}

/// Without the request, which the client has just sent: this text is also stored with every submission, and GET shows all.
http::Response accepted_response(Api const& api, policy::JobId id, JobPayload const& payload) {
  policy::Job const& job = *api.state().jobs.at(id);
  http::Response response = http::json_response(201, job_json(api, {job, {}}, &payload, false));
  response.add("Location", "/v1/jobs/" + std::to_string(id.value));
  response.add("ETag", etag_of(job));
  return response;
}

/// Keeps a refusal as an entry, so that nobody is turned away unseen. The state machine caps how many a tenant can cause.
asio::awaitable<void> note_refusal(Api& api, policy::TenantName tenant, policy::Reason reason) {
  std::vector<policy::Event> events;
  events.emplace_back(policy::SubmissionRefused{reason, std::move(tenant)});
  Submission submission = submission_of(std::move(events));
  co_await api.sequencer.submit(std::move(submission));
}

asio::awaitable<Answer> submit_job(Api& api, Call& call) {
  auto read = read_job_request(call.request.body, api.sequencer.now());
  if (!read) co_return std::unexpected(std::move(read.error()));
  JobRequest job = std::move(*read);
  policy::TenantName const tenant = *call.caller.tenant;
  std::vector<policy::Reach> blocked = unreachable(*api.state().catalogue, api.sites, job.payload);
  auto const never = policy::never_fits(*api.state().catalogue, {job.spec, tenant, blocked});
  if (!never.empty()) co_return std::unexpected(impossible(never));

  Sealed sealed = seal(log::PrivateKind::payload, tenant.text, encode_payload(job.payload));
  policy::JobAccepted accepted;
  accepted.idempotency = policy::sha256(call.idempotent->key());
  accepted.payload = sealed.commitment;
  accepted.spec = std::move(job.spec);
  accepted.tenant = tenant;
  accepted.unreachable = std::move(blocked);

  Submission submission;
  bool done = false;
  submission.events = [&](policy::State const& state, policy::Timestamp at) -> std::optional<policy::Event> {
    if (done) return std::nullopt;
    if (auto day = api.lots.due(state, at)) return day;
    done = true;
    accepted.lot = api.lots.lot(state, tenant, accepted.idempotency);
    return std::move(accepted);
  };
  submission.private_parts.push_back(std::move(sealed.part));
  submission.applied = [&](log::Sequence, policy::Effects const&, std::vector<log::PrivatePart>& parts) {
    api.lots.take_part(api.state(), parts);
  };
  AnswerMaker answer = [&](log::Sequence, policy::Effects const& effects, policy::Timestamp) -> std::optional<http::Response> {
    if (!effects.accepted) return std::nullopt;
    return accepted_response(api, *effects.accepted, job.payload);
  };
  Answer result = co_await commit(api, call, std::move(submission), std::move(answer));
  if (!result && result.error().status == 429) {
    auto const reason =
        result.error().code == "queue_limit" ? policy::Reason::queue_limit_reached : policy::Reason::submission_rate_exceeded;
    co_await note_refusal(api, tenant, reason);
  }
  co_return result;
}

asio::awaitable<Answer> get_job(Api& api, Call& call) {
  auto found = co_await find_settled_job(api, call.caller, call.request.parameter("id"));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (!*found) co_return std::unexpected(problem("not_found", "There is no such job."));
  FoundJob const job = std::move(**found);
  co_await api.sequencer.durable(job.job.changed_at);  // nothing is shown before it is on disk
  std::string const etag = etag_of(job.job);
  if (call.request.header("if-none-match") == etag) {
    http::Response unchanged = http::empty_response(304);
    unchanged.add("ETag", etag);
    co_return unchanged;
  }
  auto const payload = payload_of(api, call.caller, job.job);
  http::Response response = http::json_response(200, job_json(api, job, payload ? &*payload : nullptr, true));
  response.add("ETag", etag);
  co_return response;
}

/// Ids below `before` (absent: all there are), newest first, at most `most`.
using NewestFirst = std::expected<std::vector<policy::JobId>, http::Problem>;

NewestFirst scanned_ids(Api const& api, log::RowRange const& range, std::size_t most) {
  std::vector<policy::JobId> ids;
  auto const scanned = api.ledger.scan_rows(log::Table::history, range, [&](std::string_view key, std::string_view) {
    if (ids.size() < most) ids.push_back({last_be64(key)});
    return ids.size() < most;
  });
  if (!scanned) return std::unexpected(problem("unavailable", "The ledger cannot be read."));
  return ids;
}

/// The index of acceptance lies in history: it also names open jobs, and costs no memory.
NewestFirst ids_of_tenant(Api const& api, policy::TenantName const& tenant, std::optional<std::uint64_t> before, std::size_t most) {
  std::string const prefix = policy::tenant_index_key(tenant, {0}).substr(0, 1 + tenant.text.size() + 1);
  log::RowRange range{.prefix = prefix, .from = {}, .reverse = true};
  if (before) range.from = policy::tenant_index_key(tenant, {*before});
  return scanned_ids(api, range, most);
}

/// Open jobs from the state and finished ones from history, where each stands once.
NewestFirst ids_of_all(Api const& api, std::optional<std::uint64_t> before, std::size_t most) {
  log::RowRange range{.prefix = policy::history_key({0}).substr(0, 1), .from = {}, .reverse = true};
  if (before) range.from = policy::history_key({*before});
  NewestFirst ids = scanned_ids(api, range, most);
  if (!ids) return ids;
  auto const& open = api.state().jobs;
  auto it = before ? open.lower_bound({*before}) : open.end();
  for (std::size_t taken = 0; taken < most && it != open.begin(); ++taken) ids->push_back((--it)->first);
  std::ranges::sort(*ids, std::greater{});
  if (ids->size() > most) ids->resize(most);
  return ids;
}

/// The cursor is the last id shown: stable while new jobs come in.
asio::awaitable<Answer> list_jobs(Api& api, Call& call) {
  auto page = read_page(call.request);
  if (!page) co_return std::unexpected(std::move(page.error()));
  std::optional<policy::TenantName> tenant = call.caller.tenant;
  if (!tenant) {
    if (auto const wanted = call.request.query_value("tenant")) tenant = policy::TenantName{std::string(*wanted)};
  }
  std::optional<policy::JobStatus> status;
  if (auto const wanted = call.request.query_value("state")) {
    status = policy::from_name<policy::JobStatus>(*wanted);
    if (!status) co_return std::unexpected(problem("malformed_query", "state is none of the contract's job states."));
  }
  co_await api.sequencer.settled();

  NewestFirst const found_ids =
      tenant ? ids_of_tenant(api, *tenant, page->after, page->limit + 1) : ids_of_all(api, page->after, page->limit + 1);
  if (!found_ids) co_return std::unexpected(found_ids.error());
  std::vector<policy::JobId> ids = *found_ids;
  bool const more = ids.size() > page->limit;
  if (more) ids.resize(page->limit);

  std::string data;
  json::TextWriter rows(data);
  rows.begin_array();
  for (policy::JobId const id : ids) {
    // Each row may read the database and open a private part of up to a megabyte: others get their turn.
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    std::string const each = std::to_string(id.value);
    auto found = co_await find_settled_job(api, call.caller, each);
    if (!found) co_return std::unexpected(std::move(found.error()));
    if (!*found || (status && (*found)->job.status != *status)) continue;
    auto const payload = payload_of(api, call.caller, (*found)->job);
    rows.raw(job_json(api, **found, payload ? &*payload : nullptr, false));
  }
  rows.end_array();
  co_return page_of_text(call.request, data, more ? std::optional(ids.back().value) : std::nullopt);
}

asio::awaitable<Answer> cancel_job(Api& api, Call& call) {
  auto found = co_await find_settled_job(api, call.caller, call.request.parameter("id"));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (!*found) co_return std::unexpected(problem("not_found", "There is no such job."));
  // An operator says why; a tenant may.
  std::optional<Sealed> reason;
  if (call.is_operator() || call.request.query_value("reason")) {
    auto read = read_reason(call);
    if (!read) co_return std::unexpected(std::move(read.error()));
    reason.emplace(std::move(*read));
  }
  policy::JobId const id = (*found)->job.id;
  if (!policy::is_final((*found)->job.status) && !(*found)->job.cancel_requested) {
    std::vector<policy::Event> events;
    events.emplace_back(policy::JobCancelled{call.by(reason ? std::optional(reason->commitment) : std::nullopt), id});
    Submission submission = submission_of(std::move(events));
    if (reason) submission.private_parts.push_back(std::move(reason->part));
    Outcome const outcome = co_await api.sequencer.submit(std::move(submission));
    bool const raced = !outcome && outcome.error().refusal.reason == policy::Reason::job_already_final;
    if (!outcome && !raced) co_return std::unexpected(problem_of(outcome.error(), call.language));
  }
  std::string const same = std::to_string(id.value);
  auto after = co_await find_settled_job(api, call.caller, same);
  if (!after || !*after) co_return std::unexpected(problem("internal", "The job left while it was being cancelled."));
  co_await api.sequencer.durable((*after)->job.changed_at);
  auto const payload = payload_of(api, call.caller, (*after)->job);
  bool const stopping = !policy::is_final((*after)->job.status);  // the cluster still has to stop it
  http::Response response = http::json_response(stopping ? 202 : 200, job_json(api, **after, payload ? &*payload : nullptr, true));
  response.add("ETag", etag_of((*after)->job));
  co_return response;
}

}  // namespace

asio::awaitable<Answer> quote_job(Api& api, Call& call);    // quotes.cpp
asio::awaitable<Answer> explain_job(Api& api, Call& call);  // explain.cpp
asio::awaitable<Answer> tail_logs(Api& api, Call& call);    // logs.cpp

std::vector<Endpoint> job_endpoints() {
  using enum http::Method;
  Roles const readers = tenant_role | operator_role | auditor_role | socket_role;
  return {
      {post, "/v1/jobs", "submitJob", tenant_role, submit_job, Idempotency::required, true},
      {get, "/v1/jobs", "listJobs", readers, list_jobs},
      {get, "/v1/jobs/{id}", "getJob", readers, get_job},
      {del, "/v1/jobs/{id}", "cancelJob", Roles(tenant_role | operator_role | socket_role), cancel_job},
      {get, "/v1/jobs/{id}/explain", "explainJob", readers, explain_job},
      {get, "/v1/jobs/{id}/logs", "tailLogs", Roles(tenant_role | operator_role | socket_role), tail_logs},
      {post, "/v1/quotes", "quoteJob", tenant_role, quote_job, Idempotency::none, true},
  };
}

}  // namespace sluice::broker::api
