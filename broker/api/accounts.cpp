// Accounts at clusters, and how many cards a tenant may hold at each.
#include "broker/api/api.hpp"
#include "broker/api/body.hpp"
#include "broker/api/commit_event.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

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
  co_return co_await commit_event(api, call, std::move(event), std::move(sealed), 200, [&](log::Sequence) {
    return account_json(id, api.state().catalogue->accounts.at(id), api.state().governance.at);
  });
}

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
  co_return co_await commit_event(api, call, std::move(event), std::move(sealed), 200,
                                  [&](log::Sequence) { return quota_json(api, wanted.tenant, wanted.cluster, wanted.cards); });
}

}  // namespace

std::vector<Endpoint> account_endpoints() {
  using enum http::Method;
  Roles const acts = operator_role | socket_role;
  Roles const all = acts | approver_role | auditor_role | tenant_role;
  return {
      {post, "/v1/accounts", "openAccount", acts, open_account, Idempotency::required, true},
      {get, "/v1/accounts", "listAccounts", all, list_accounts},
      {del, "/v1/accounts/{id}", "closeAccount", acts, close_account},
      {get, "/v1/quotas", "listQuotas", all, list_quotas},
      {put, "/v1/quotas/{id}", "setQuota", acts, set_quota, Idempotency::none, true},
  };
}

}  // namespace sluice::broker::api
