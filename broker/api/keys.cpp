// Issuing, listing and revoking keys.
#include "broker/api/api.hpp"
#include "broker/api/body.hpp"
#include "broker/api/commit_event.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "policy/enum_names.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

/// A label is for people: private, erased with its tenant, and in no entry.
std::string label_owner(std::optional<policy::TenantName> const& tenant) { return tenant ? tenant->text : "operator"; }
std::string label_part_key(policy::KeyName const& name) { return "key-label/" + name.text; }

Json label_of(Api const& api, policy::KeyName const& name, policy::Key const& key) {
  auto const part = api.ledger.private_part(log::PrivateKind::secret_state, label_owner(key.tenant), label_part_key(name));
  if (!part || !*part) return nullptr;
  return (*part)->bytes;
}

Json key_json(policy::KeyName const& name, policy::Key const& key, Json label, policy::Timestamp now) {
  Json out{{"id", name.text}, {"role", policy::name_of(key.role)}};
  out["tenant"] = key.tenant ? Json(key.tenant->text) : Json(nullptr);
  out["principal"] = key.principal.text;
  out["label"] = std::move(label);
  out["created_at"] = policy::format_rfc3339(key.issued_at);
  out["created_by"] = key.created_by.text;
  out["expires_at"] = time_or_null(key.expires_at);
  bool const expired = key.expires_at && now >= *key.expires_at;
  out["status"] = key.revoked ? "revoked" : expired ? "expired" : "active";
  return out;
}

asio::awaitable<Answer> issue_key(Api& api, Call& call) {
  policy::KeyIssued event;
  std::string label;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    event.role = body.required_enum<policy::Role>("role", {{"tenant", policy::Role::tenant},
                                                           {"operator", policy::Role::operator_},
                                                           {"approver", policy::Role::approver},
                                                           {"auditor", policy::Role::auditor}});
    if (body.has("tenant")) event.tenant = required_name<policy::TenantName>(body, "tenant");
    if (event.role == policy::Role::tenant && !event.tenant) body.fail("tenant", "required", "a key of role tenant names its tenant");
    if (event.role != policy::Role::tenant && event.tenant) body.fail("tenant", "not_allowed", "only a key of role tenant has one");
    label = body.required_string("label", {.bytes_min = 1, .bytes_max = 100, .single_line = true});
    event.expires_at = body.optional_time("expires_at");
    if (body.has("principal")) event.principal = required_name<policy::PrincipalName>(body, "principal");
  });
  if (!read) co_return std::unexpected(read.error());
  NewKey key = make_key();
  event.key = key.name;
  event.secret_hash = key.secret_hash;
  if (event.principal.empty()) event.principal.text = "p-" + key.name.text;
  event.by = call.by();
  policy::KeyName const name = key.name;
  AnswerMaker answer = [&](log::Sequence, policy::Effects const&, policy::Timestamp now) -> std::optional<http::Response> {
    Json const body = key_json(name, api.state().keys.at(name), label, now);
    http::Response response = http::json_response(201, body.dump());
    response.add("Location", "/v1/keys/" + name.text);
    return response;
  };
  Submission submission = submission_of({event});
  submission.private_parts.push_back({log::PrivateKind::secret_state, label_owner(event.tenant), label_part_key(name), label});
  Answer result = co_await commit(api, call, std::move(submission), std::move(answer));
  if (!result) co_return result;
  // The secret is in this answer only: the one kept for a replay was made without it.
  Json body = Json::parse(result->body_text());
  body["token"] = key.token;
  result->body = body.dump();
  result->add("Cache-Control", "no-store");
  co_return result;
}

asio::awaitable<Answer> list_keys(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  std::optional<policy::TenantName> tenant = call.caller.tenant;
  if (auto const wanted = call.request.query_value("tenant"); wanted && !tenant) tenant = policy::TenantName{std::string(*wanted)};
  policy::Timestamp const now = api.sequencer.now();
  co_return named_page(call.request, *page, api.state().keys, [&](policy::KeyName const& name, policy::Key const& key) -> Json {
    if (tenant && key.tenant != tenant) return nullptr;
    return key_json(name, key, label_of(api, name, key), now);
  });
}

asio::awaitable<Answer> revoke_key(Api& api, Call& call) {
  policy::KeyName const name{std::string(call.request.parameter("id"))};
  auto const it = api.state().keys.find(name);
  if (it == api.state().keys.end() || (call.caller.tenant && it->second.tenant != call.caller.tenant))
    co_return std::unexpected(problem("not_found", "There is no such key."));
  auto const now = api.sequencer.now();
  auto const shown = [&api, &name, now] {
    policy::Key const& key = api.state().keys.at(name);
    return key_json(name, key, label_of(api, name, key), now);
  };
  if (it->second.revoked) co_return http::json_response(200, shown().dump());
  auto reason = read_reason(call);
  if (!reason) co_return std::unexpected(std::move(reason.error()));
  policy::KeyRevoked event{call.by(reason->commitment), name};
  std::vector<Sealed> sealed;
  sealed.push_back(std::move(*reason));
  co_return co_await commit_event(api, call, std::move(event), std::move(sealed), 200, [&](log::Sequence) { return shown(); });
}

}  // namespace

std::vector<Endpoint> key_endpoints() {
  using enum http::Method;
  Roles const acts = operator_role | socket_role;
  return {
      {post, "/v1/keys", "issueKey", acts, issue_key, Idempotency::required, true},
      {get, "/v1/keys", "listKeys", Roles(acts | approver_role | auditor_role | tenant_role), list_keys},
      {del, "/v1/keys/{id}", "revokeKey", Roles(acts | tenant_role), revoke_key},
  };
}

}  // namespace sluice::broker::api
