// Tenants, keys, accounts and quotas.
#include "broker/api/api.hpp"
#include "broker/api/body.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "policy/credit_code.hpp"
#include "policy/enum_names.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

/// Submits one event and answers with what the state says then.
template <class Event, class Render>
asio::awaitable<Answer> change(Api& api, Call& call, Event event, std::vector<Sealed> sealed, int status, Render render) {
  std::vector<policy::Event> events;
  events.emplace_back(std::move(event));
  Submission submission = submission_of(std::move(events));
  for (Sealed& each : sealed) submission.private_parts.push_back(std::move(each.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp) -> std::optional<http::Response> {
    return http::json_response(status, render(sequence).dump());
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

// ---- tenants

/// What a tenant is called; a private part. Null members for those who may not open it.
Json identity_of(Api const& api, Caller const& caller, policy::TenantName const& name, policy::Tenant const& tenant) {
  Json const nothing{{"name", nullptr}, {"credit_code", nullptr}, {"contact", nullptr}};
  bool const own = caller.tenant == name;
  if (!own && caller.role != policy::Role::operator_ && caller.role != policy::Role::local_admin) return nothing;
  std::string const key(reinterpret_cast<char const*>(tenant.identity.bytes.data()), tenant.identity.bytes.size());
  auto const part = api.ledger.private_part(log::PrivateKind::payload, name.text, key);
  if (!part || !*part) return nothing;
  auto const document = json::parse_strict(content_of((*part)->bytes));
  return document ? Json(*document) : nothing;
}

Json tenant_json(Api const& api, Caller const& caller, policy::TenantName const& name) {
  policy::Tenant const& tenant = api.state().tenants.at(name);
  Json out{{"id", name.text}};
  out.update(identity_of(api, caller, name, tenant));
  out["class"] = policy::name_of(tenant.applicant);
  out["region"] = region_text(tenant.region);
  out["status"] = policy::name_of(tenant.status);
  out["created_at"] = policy::format_rfc3339(tenant.registered_at);
  out["sequence"] = std::to_string(tenant.changed_at);
  out["queued_jobs"] = tenant.jobs_waiting;
  out["running_jobs"] = tenant.jobs_open - tenant.jobs_waiting;
  return out;
}

std::string tenant_etag(policy::Tenant const& tenant) { return '"' + std::to_string(tenant.changed_at) + '"'; }

/// A pseudonym no one can guess a company from: 8 random characters.
policy::TenantName fresh_pseudonym() {
  static constexpr std::string_view letters = "23456789abcdefghjkmnpqrstuvwxyz";
  std::string name = "t-";
  while (name.size() < 10) {
    auto const byte = static_cast<unsigned char>(random_bytes(1).front());
    if (byte < 248) name.push_back(letters[byte % letters.size()]);
  }
  return {name};
}

asio::awaitable<Answer> add_tenant(Api& api, Call& call) {
  policy::TenantRegistered event;
  Json identity;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    identity["name"] = body.required_string("name", short_text);
    identity["credit_code"] = nullptr;
    if (auto const code = body.optional_string("credit_code", {.bytes_min = 18, .bytes_max = 18, .single_line = true})) {
      if (!policy::is_credit_code(*code))
        body.fail("credit_code", "bad_format", "not a unified social credit code: its check digit is wrong");
      identity["credit_code"] = *code;
    }
    identity["contact"] = nullptr;
    if (auto const contact = body.optional_string("contact", short_text)) identity["contact"] = *contact;
    event.applicant = body.required_enum<policy::ApplicantClass>("class", {{"startup", policy::ApplicantClass::startup},
                                                                           {"sme", policy::ApplicantClass::sme},
                                                                           {"large", policy::ApplicantClass::large},
                                                                           {"institute", policy::ApplicantClass::institute}});
    if (auto const region = body.optional_string("region", {.bytes_min = 6, .bytes_max = 6, .single_line = true})) {
      auto const code = region_of(*region);
      if (!code) body.fail("region", "bad_format", "a region is six digits of GB/T 2260");
      event.region = code.value_or(policy::RegionCode{});
    }
  });
  if (!read) co_return std::unexpected(read.error());
  event.tenant = fresh_pseudonym();
  event.by = call.by();
  event.queue_limit = api.options.queue_limit;
  event.submissions_per_minute = api.options.submissions_per_minute;
  Sealed sealed = seal(log::PrivateKind::payload, event.tenant.text, identity.dump());
  event.identity = sealed.commitment;
  policy::TenantName const name = event.tenant;
  Submission submission = submission_of({event});
  submission.private_parts.push_back(std::move(sealed.part));
  AnswerMaker answer = [&](log::Sequence, policy::Effects const&, policy::Timestamp) -> std::optional<http::Response> {
    Json body = tenant_json(api, call.caller, name);
    body.update(identity);  // the private part is not readable before it is durable
    http::Response response = http::json_response(201, body.dump());
    response.add("Location", "/v1/tenants/" + name.text);
    response.add("ETag", tenant_etag(api.state().tenants.at(name)));
    return response;
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

asio::awaitable<Answer> list_tenants(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  co_return named_page(call.request, *page, api.state().tenants,
                       [&](policy::TenantName const& name, policy::Tenant const&) { return tenant_json(api, call.caller, name); });
}

/// The tenant of the path, if the caller may know that it exists.
std::optional<policy::TenantName> tenant_of_path(Api const& api, Call const& call) {
  policy::TenantName name{std::string(call.request.parameter("id"))};
  if (call.caller.tenant && *call.caller.tenant != name) return std::nullopt;
  return api.state().tenants.contains(name) ? std::optional(name) : std::nullopt;
}

http::Problem no_tenant() { return problem("not_found", "There is no such tenant."); }

asio::awaitable<Answer> get_tenant(Api& api, Call& call) {
  co_await api.sequencer.settled();
  auto const name = tenant_of_path(api, call);
  if (!name) co_return std::unexpected(no_tenant());
  std::string const etag = tenant_etag(api.state().tenants.at(*name));
  bool const known = call.request.header("if-none-match") == etag;
  http::Response response = known ? http::empty_response(304) : http::json_response(200, tenant_json(api, call.caller, *name).dump());
  response.add("ETag", etag);
  co_return response;
}

/// 428 without If-Match, 412 when the tenant has changed since it was read.
std::optional<http::Problem> changed_meanwhile(Api const& api, Call const& call, policy::TenantName const& name) {
  auto const wanted = call.request.header("if-match");
  if (!wanted) return problem("precondition_required", "Send the tenant's ETag in If-Match.");
  if (*wanted != tenant_etag(api.state().tenants.at(name)))
    return problem("precondition_failed", "The tenant has changed since it was read.");
  return std::nullopt;
}

asio::awaitable<Answer> set_tenant_status(Api& api, Call& call, policy::TenantName name, policy::TenantStatus status, Sealed reason) {
  if (auto conflict = changed_meanwhile(api, call, name)) co_return std::unexpected(std::move(*conflict));
  policy::TenantStatusSet event{call.by(reason.commitment), status, name};
  std::vector<Sealed> sealed;
  sealed.push_back(std::move(reason));
  Answer answer = co_await change(api, call, std::move(event), std::move(sealed), 200,
                                  [&](log::Sequence) { return tenant_json(api, call.caller, name); });
  if (answer) answer->add("ETag", tenant_etag(api.state().tenants.at(name)));
  co_return answer;
}

asio::awaitable<Answer> change_tenant(Api& api, Call& call) {
  auto const name = tenant_of_path(api, call);
  if (!name) co_return std::unexpected(no_tenant());
  policy::TenantStatus status = policy::TenantStatus::active;
  std::string reason;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    status = body.required_enum<policy::TenantStatus>(
        "status", {{"active", policy::TenantStatus::active}, {"suspended", policy::TenantStatus::suspended}});
    reason = body.required_string("reason", reason_text);
  });
  if (!read) co_return std::unexpected(read.error());
  Sealed sealed = seal_reason(reason);
  co_return co_await set_tenant_status(api, call, *name, status, std::move(sealed));
}

/// Destroys the tenant's key once the entry is durable: from then on its private parts are noise.
asio::awaitable<Answer> erase_tenant(Api& api, Call& call) {
  auto const name = tenant_of_path(api, call);
  if (!name) co_return std::unexpected(no_tenant());
  auto reason = read_reason(call);
  if (!reason) co_return std::unexpected(std::move(reason.error()));
  // Asked again, it destroys the key again: the daemon may have been killed between the entry and the deed.
  if (api.state().tenants.at(*name).status != policy::TenantStatus::erased) {
    Answer answer = co_await set_tenant_status(api, call, *name, policy::TenantStatus::erased, std::move(*reason));
    if (!answer) co_return answer;
  }
  std::string failure;
  Committer::Errand erase = [&failure, owner = name->text](log::Ledger& ledger) {
    if (auto const erased = ledger.erase_owner(owner); !erased) failure = erased.error().message;
  };
  co_await api.sequencer.finish_on_committer(std::move(erase));
  if (!failure.empty()) co_return std::unexpected(problem("internal", "The tenant's key could not be destroyed: " + failure));
  Json const body = tenant_json(api, call.caller, *name);
  http::Response response = http::json_response(200, body.dump());
  response.add("ETag", tenant_etag(api.state().tenants.at(*name)));
  co_return response;
}

// ---- keys

/// A label is for people: private, erased with its tenant, and in no entry.
std::string owner_of(std::optional<policy::TenantName> const& tenant) { return tenant ? tenant->text : "operator"; }
std::string label_part_key(policy::KeyName const& name) { return "key-label/" + name.text; }

Json label_of(Api const& api, policy::KeyName const& name, policy::Key const& key) {
  auto const part = api.ledger.private_part(log::PrivateKind::secret_state, owner_of(key.tenant), label_part_key(name));
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
  submission.private_parts.push_back({log::PrivateKind::secret_state, owner_of(event.tenant), label_part_key(name), label});
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
  co_return co_await change(api, call, std::move(event), std::move(sealed), 200, [&](log::Sequence) { return shown(); });
}

// ---- accounts

Json account_json(policy::AccountId id, policy::Account const& account, policy::Timestamp now) {
  Json out{{"id", std::to_string(id.value)}, {"cluster", account.cluster.text}};
  out["holder"] = account.holder ? account.holder->text : "operator";
  out["credential"] = account.credential.text;
  out["approved_from"] = policy::format_rfc3339(account.approved_from);
  out["status"] = account.closed ? "closed" : now < account.approved_from ? "pending" : "open";
  return out;
}

asio::awaitable<Answer> open_account(Api& api, Call& call) {
  policy::AccountOpened event;
  std::string contract;
  std::string reason;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    event.cluster = required_name<policy::ClusterName>(body, "cluster");
    std::string const holder = body.required_string("holder", {.bytes_min = 1, .bytes_max = 63, .single_line = true});
    if (holder != "operator") event.holder = policy::TenantName{holder};
    event.credential = required_name<policy::CredentialName>(body, "credential");
    event.approved_from = body.optional_time("approved_from").value_or(api.sequencer.now());
    contract = body.optional_string("contract", short_text).value_or("");
    reason = body.required_string("reason", reason_text);
  });
  if (!read) co_return std::unexpected(read.error());
  Sealed why = seal_reason(reason);
  Sealed sealed_contract = seal(log::PrivateKind::payload, event.holder ? event.holder->text : "operator", contract);
  event.by = call.by(why.commitment);
  event.contract = sealed_contract.commitment;
  Submission submission = submission_of({event});
  submission.private_parts.push_back(std::move(why.part));
  submission.private_parts.push_back(std::move(sealed_contract.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp now) -> std::optional<http::Response> {
    policy::AccountId const id{sequence};
    http::Response response = http::json_response(201, account_json(id, api.state().catalogue->accounts.at(id), now).dump());
    response.add("Location", "/v1/accounts/" + std::to_string(sequence));
    return response;
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

asio::awaitable<Answer> list_accounts(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  policy::Timestamp const now = api.sequencer.now();
  auto const wanted = call.request.query_value("tenant");
  co_return numbered_page(call.request, *page, api.state().catalogue->accounts,
                          [&](policy::AccountId id, policy::Account const& account) -> Json {
                            if (call.caller.tenant && account.holder && *account.holder != *call.caller.tenant) return nullptr;
                            if (wanted && (!account.holder || account.holder->text != *wanted)) return nullptr;
                            return account_json(id, account, now);
                          });
}

asio::awaitable<Answer> close_account(Api& api, Call& call) {
  auto const number = id_of(call.request.parameter("id"));
  policy::AccountId const id{number.value_or(0)};
  if (!api.state().catalogue->accounts.contains(id)) co_return std::unexpected(problem("not_found", "There is no such account."));
  auto reason = read_reason(call);
  if (!reason) co_return std::unexpected(std::move(reason.error()));
  policy::AccountClosed event{id, call.by(reason->commitment)};
  std::vector<Sealed> sealed;
  sealed.push_back(std::move(*reason));
  co_return co_await change(api, call, std::move(event), std::move(sealed), 200, [&](log::Sequence) {
    return account_json(id, api.state().catalogue->accounts.at(id), api.state().governance.at);
  });
}

// ---- quotas

Json quota_json(Api const& api, policy::TenantName const& tenant, policy::ClusterName const& cluster, std::optional<std::int32_t> cards) {
  auto const used = api.state().tenant_cards.find({tenant, cluster});
  Json out{{"tenant", tenant.text}, {"cluster", cluster.text}};
  out["max_cards"] = cards ? Json(*cards) : Json(nullptr);
  out["used_cards"] = used == api.state().tenant_cards.end() ? 0 : used->second;
  return out;
}

asio::awaitable<Answer> list_quotas(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  Json data = Json::array();
  std::uint64_t index = 0;
  std::optional<std::uint64_t> next;
  auto const wanted = call.request.query_value("tenant");
  for (auto const& [key, cards] : api.state().catalogue->quotas) {
    if (call.caller.tenant && key.first != *call.caller.tenant) continue;
    if (wanted && key.first.text != *wanted) continue;
    if (index++ < page->after.value_or(0)) continue;
    if (data.size() == page->limit) {
      next = index - 1;
      break;
    }
    data.push_back(quota_json(api, key.first, key.second, cards));
  }
  co_return page_response(call.request, std::move(data), next);
}

asio::awaitable<Answer> set_quota(Api& api, Call& call) {
  policy::QuotaSet event;
  event.tenant.text = call.request.parameter("id");
  std::string reason;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    event.cluster = required_name<policy::ClusterName>(body, "cluster");
    if (auto const cards = body.optional_integer("max_cards", {0, 1'000'000})) event.cards = static_cast<std::int32_t>(*cards);
    reason = body.required_string("reason", reason_text);
  });
  if (!read) co_return std::unexpected(read.error());
  Sealed why = seal_reason(reason);
  event.by = call.by(why.commitment);
  policy::QuotaSet const wanted = event;
  std::vector<Sealed> sealed;
  sealed.push_back(std::move(why));
  co_return co_await change(api, call, std::move(event), std::move(sealed), 200,
                            [&](log::Sequence) { return quota_json(api, wanted.tenant, wanted.cluster, wanted.cards); });
}

}  // namespace

std::vector<Endpoint> people_endpoints() {
  using enum http::Method;
  Roles const acts = operator_role | socket_role;
  Roles const staff = acts | approver_role | auditor_role;
  Roles const all = staff | tenant_role;
  return {
      {post, "/v1/tenants", "addTenant", acts, add_tenant, Idempotency::required, true},
      {get, "/v1/tenants", "listTenants", staff, list_tenants},
      {get, "/v1/tenants/{id}", "getTenant", all, get_tenant},
      {patch, "/v1/tenants/{id}", "changeTenant", acts, change_tenant, Idempotency::none, true},
      {del, "/v1/tenants/{id}", "eraseTenant", acts, erase_tenant},
      {post, "/v1/keys", "issueKey", acts, issue_key, Idempotency::required, true},
      {get, "/v1/keys", "listKeys", all, list_keys},
      {del, "/v1/keys/{id}", "revokeKey", Roles(acts | tenant_role), revoke_key},
      {post, "/v1/accounts", "openAccount", acts, open_account, Idempotency::required, true},
      {get, "/v1/accounts", "listAccounts", all, list_accounts},
      {del, "/v1/accounts/{id}", "closeAccount", acts, close_account},
      {get, "/v1/quotas", "listQuotas", all, list_quotas},
      {put, "/v1/quotas/{id}", "setQuota", acts, set_quota, Idempotency::none, true},
  };
}

}  // namespace sluice::broker::api
