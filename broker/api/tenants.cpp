// Registering, showing, suspending and erasing tenants.
#include "broker/api/api.hpp"
#include "broker/api/body.hpp"
#include "broker/api/commit_event.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "policy/credit_code.hpp"
#include "policy/enum_names.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

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
  Answer answer = co_await commit_event(api, call, std::move(event), std::move(sealed), 200,
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

}  // namespace

std::vector<Endpoint> tenant_endpoints() {
  using enum http::Method;
  Roles const acts = operator_role | socket_role;
  Roles const staff = acts | approver_role | auditor_role;
  return {
      {post, "/v1/tenants", "addTenant", acts, add_tenant, Idempotency::required, true},
      {get, "/v1/tenants", "listTenants", staff, list_tenants},
      {get, "/v1/tenants/{id}", "getTenant", Roles(staff | tenant_role), get_tenant},
      {patch, "/v1/tenants/{id}", "changeTenant", acts, change_tenant, Idempotency::none, true},
      {del, "/v1/tenants/{id}", "eraseTenant", acts, erase_tenant},
  };
}

}  // namespace sluice::broker::api
