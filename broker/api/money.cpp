// Deposits, vouchers, balances, and overrides that need two people.
#include "broker/api/api.hpp"
#include "broker/api/body.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "policy/enum_names.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

std::string yuan(policy::State const& state, policy::BookKind kind, std::string const& owner) {
  return policy::format_yuan(policy::balance(state, {kind, owner}));
}

// ---- deposits

asio::awaitable<Answer> record_deposit(Api& api, Call& call) {
  policy::DepositReceived event;
  std::string reference;
  std::string reason;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    event.tenant = required_name<policy::TenantName>(body, "tenant");
    event.amount = body.required_money("amount_yuan", positive_money);
    reference = body.required_string("reference", short_text);
    reason = body.required_string("reason", reason_text);
  });
  if (!read) co_return std::unexpected(read.error());
  Sealed why = seal_reason(reason);
  Sealed bank = seal(log::PrivateKind::payload, event.tenant.text, reference);
  event.by = call.by(why.commitment);
  event.reference = bank.commitment;
  Submission submission = submission_of({event});
  submission.private_parts.push_back(std::move(why.part));
  submission.private_parts.push_back(std::move(bank.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp now) -> std::optional<http::Response> {
    Json body{{"sequence", std::to_string(sequence)}, {"tenant", event.tenant.text}, {"amount_yuan", policy::format_yuan(event.amount)}};
    body["reference"] = reference;
    body["at"] = policy::format_rfc3339(now);
    body["by"] = event.by.principal.text;
    body["balance_yuan"] = yuan(api.state(), policy::BookKind::tenant_free, event.tenant.text);
    return http::json_response(201, body.dump());
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

// ---- entitlements

Json entitlement_json(Api const& api, policy::EntitlementId id, policy::Entitlement const& entitlement, policy::Timestamp now) {
  std::string const owner = std::to_string(id.value);
  policy::Money const left = policy::balance(api.state(), {policy::BookKind::entitlement_free, owner});
  policy::Money const held = policy::balance(api.state(), {policy::BookKind::entitlement_held, owner});
  policy::Money const disputed = policy::balance(api.state(), {policy::BookKind::entitlement_disputed, owner});
  Json out{{"id", owner}, {"programme", entitlement.programme.text}, {"version", entitlement.programme_version}};
  out["tenant"] = entitlement.holder.text;
  out["amount_yuan"] = policy::format_yuan(entitlement.amount);
  out["left_yuan"] = policy::format_yuan(left);
  out["held_yuan"] = policy::format_yuan({held.micro_yuan + disputed.micro_yuan});
  out["used_yuan"] = policy::format_yuan(
      {entitlement.amount.micro_yuan - entitlement.returned.micro_yuan - left.micro_yuan - held.micro_yuan - disputed.micro_yuan});
  out["valid_from"] = policy::format_rfc3339(entitlement.valid_from);
  out["valid_until"] = policy::format_rfc3339(entitlement.valid_until);
  out["issued_at"] = policy::format_rfc3339(entitlement.issued_at);
  bool const expired = now >= entitlement.valid_until;
  out["status"] = entitlement.closed     ? (expired ? "expired" : "revoked")
                  : expired              ? "expired"
                  : left.micro_yuan <= 0 ? "exhausted"
                                         : "active";
  Json& clusters = out["clusters"] = Json::array();
  auto const programme = api.state().catalogue->programmes.find({entitlement.programme, entitlement.programme_version});
  if (programme != api.state().catalogue->programmes.end())
    for (policy::ClusterName const& cluster : programme->second.clusters) clusters.push_back(cluster.text);
  return out;
}

asio::awaitable<Answer> issue_entitlement(Api& api, Call& call) {
  policy::EntitlementIssued event;
  std::string decision;
  std::string reason;
  std::optional<policy::Timestamp> until;
  policy::Timestamp const now = api.sequencer.now();
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    event.programme = required_name<policy::ProgrammeName>(body, "programme");
    event.programme_version = static_cast<std::int32_t>(body.required_integer("version", {1, INT32_MAX}));
    event.holder = required_name<policy::TenantName>(body, "tenant");
    event.amount = body.required_money("amount_yuan", positive_money);
    event.valid_from = body.optional_time("valid_from").value_or(now);
    until = body.optional_time("valid_until");
    decision = body.required_string("decision", short_text);
    reason = body.required_string("reason", reason_text);
    if (until) return;
    // The rule's own validity, when the authority's decision names no other.
    auto const programme = api.state().catalogue->programmes.find({event.programme, event.programme_version});
    if (programme != api.state().catalogue->programmes.end() && programme->second.valid_days) {
      until = policy::Timestamp{event.valid_from.ms + *programme->second.valid_days * policy::ms_per_day};
    } else {
      body.fail("valid_until", "required", "the programme states no validity, so the decision has to");
    }
  });
  if (!read) co_return std::unexpected(read.error());
  event.valid_until = *until;
  Sealed why = seal_reason(reason);
  Sealed document = seal(log::PrivateKind::payload, event.holder.text, decision);
  event.by = call.by(why.commitment);
  event.decision = document.commitment;
  Submission submission = submission_of({event});
  submission.private_parts.push_back(std::move(why.part));
  submission.private_parts.push_back(std::move(document.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp at) -> std::optional<http::Response> {
    policy::EntitlementId const id{sequence};
    http::Response response = http::json_response(201, entitlement_json(api, id, api.state().catalogue->entitlements.at(id), at).dump());
    response.add("Location", "/v1/entitlements/" + std::to_string(sequence));
    return response;
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

asio::awaitable<Answer> list_entitlements(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  std::optional<policy::TenantName> tenant = call.caller.tenant;
  if (auto const wanted = call.request.query_value("tenant"); wanted && !tenant) tenant = policy::TenantName{std::string(*wanted)};
  policy::Timestamp const now = api.sequencer.now();
  co_return numbered_page(call.request, *page, api.state().catalogue->entitlements,
                          [&](policy::EntitlementId id, policy::Entitlement const& entitlement) -> Json {
                            if (tenant && entitlement.holder != *tenant) return nullptr;
                            return entitlement_json(api, id, entitlement, now);
                          });
}

// ---- balances

Json balance_json(Api const& api, policy::TenantName const& tenant) {
  policy::State const& state = api.state();
  Json out{{"tenant", tenant.text}};
  out["available_yuan"] = yuan(state, policy::BookKind::tenant_free, tenant.text);
  out["held_yuan"] = yuan(state, policy::BookKind::tenant_held, tenant.text);
  out["disputed_yuan"] = yuan(state, policy::BookKind::tenant_disputed, tenant.text);
  Json& vouchers = out["entitlements"] = Json::array();
  for (auto const& [id, entitlement] : state.catalogue->entitlements)
    if (entitlement.holder == tenant) vouchers.push_back(entitlement_json(api, id, entitlement, api.sequencer.now()));
  out["sequence"] = std::to_string(state.governance.sequence - 1);
  return out;
}

asio::awaitable<Answer> list_balances(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  std::optional<policy::TenantName> tenant = call.caller.tenant;
  if (auto const wanted = call.request.query_value("tenant"); wanted && !tenant) tenant = policy::TenantName{std::string(*wanted)};
  co_return named_page(call.request, *page, api.state().tenants, [&](policy::TenantName const& name, policy::Tenant const&) -> Json {
    if (tenant && name != *tenant) return nullptr;
    return balance_json(api, name);
  });
}

// ---- overrides

Json override_json(policy::OverrideId id, policy::Override const& proposal, std::string_view status) {
  policy::OverrideAction const& action = proposal.action;
  Json out{{"id", std::to_string(id.value)}, {"kind", policy::name_of(action.kind)}, {"status", status}};
  out["proposed_by"] = proposal.proposed_by.text;
  Json request{{"kind", policy::name_of(action.kind)}};
  if (action.tenant) request["tenant"] = action.tenant->text;
  if (action.amount) request["amount_yuan"] = policy::format_yuan(*action.amount);
  if (action.entitlement) request["entitlement"] = std::to_string(action.entitlement->value);
  if (action.attempt) request["attempt"] = policy::to_string(*action.attempt);
  if (action.liability) request["liability"] = policy::name_of(*action.liability);
  if (action.card_ms) request["card_hours"] = hours_text(*action.card_ms);
  out["request"] = std::move(request);
  return out;
}

asio::awaitable<Answer> propose(Api& api, Call& call, policy::OverrideAction action, std::string reason) {
  Sealed why = seal_reason(reason);
  policy::OverrideProposed event{std::move(action), call.by(why.commitment)};
  Submission submission = submission_of({event});
  submission.private_parts.push_back(std::move(why.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp) -> std::optional<http::Response> {
    policy::OverrideId const id{sequence};
    http::Response response = http::json_response(202, override_json(id, api.state().overrides.at(id), "proposed").dump());
    response.add("Location", "/v1/overrides/" + std::to_string(sequence));
    return response;
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

constexpr json::DecimalRule hours_rule{.fraction_digits = 5, .min = 0, .max = 1'000'000'000LL * 100'000};
void read_dispute(json::Reader& body, policy::OverrideAction& action) {
  action.liability = body.required_enum<policy::Liability>(
      "liability",
      {{"tenant", policy::Liability::tenant}, {"centre", policy::Liability::centre}, {"operator", policy::Liability::operator_}});
  action.card_ms = body.required_decimal("card_hours", hours_rule) * 36;  // 10^-5 hours are 36 ms
}

asio::awaitable<Answer> propose_override(Api& api, Call& call) {
  using policy::OverrideKind;
  policy::OverrideAction action;
  std::string reason;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    action.kind = body.required_enum<OverrideKind>("kind", {{"refund", OverrideKind::refund},
                                                            {"correct_deposit", OverrideKind::correct_deposit},
                                                            {"revoke_entitlement", OverrideKind::revoke_entitlement},
                                                            {"settle_disputed", OverrideKind::settle_disputed}});
    reason = body.required_string("reason", reason_text);
    switch (action.kind) {
      case OverrideKind::refund:
      case OverrideKind::correct_deposit:
        action.tenant = required_name<policy::TenantName>(body, "tenant");
        action.amount = body.required_money("amount_yuan", positive_money);
        break;
      case OverrideKind::revoke_entitlement: {
        auto const id = id_of(body.required_string("entitlement", {.bytes_min = 1, .bytes_max = 20, .single_line = true}));
        if (!id) body.fail("entitlement", "bad_format", "an id is a decimal number");
        action.entitlement = policy::EntitlementId{id.value_or(0)};
        break;
      }
      case OverrideKind::settle_disputed: {
        auto const id =
            policy::attempt_from_string(body.required_string("attempt", {.bytes_min = 1, .bytes_max = 31, .single_line = true}));
        if (!id) body.fail("attempt", "bad_format", id.error());
        action.attempt = id.value_or(policy::AttemptId{});
        read_dispute(body, action);
        break;
      }
    }
  });
  if (!read) co_return std::unexpected(read.error());
  co_return co_await propose(api, call, std::move(action), std::move(reason));
}

asio::awaitable<Answer> resolve_attempt(Api& api, Call& call) {
  std::string const name = std::string(call.request.parameter("job")) + '-' + std::string(call.request.parameter("number"));
  auto const attempt = policy::attempt_from_string(name);
  if (!attempt) co_return std::unexpected(problem("not_found", "There is no such attempt."));
  policy::OverrideAction action;
  action.kind = policy::OverrideKind::settle_disputed;
  action.attempt = *attempt;
  std::string reason;
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    read_dispute(body, action);
    reason = body.required_string("reason", reason_text);
  });
  if (!read) co_return std::unexpected(read.error());
  co_return co_await propose(api, call, std::move(action), std::move(reason));
}

asio::awaitable<Answer> list_overrides(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  co_return numbered_page(call.request, *page, api.state().overrides,
                          [](policy::OverrideId id, policy::Override const& each) { return override_json(id, each, "proposed"); });
}

asio::awaitable<Answer> get_override(Api& api, Call& call) {
  co_await api.sequencer.settled();
  auto const number = id_of(call.request.parameter("id"));
  auto const it = api.state().overrides.find({number.value_or(0)});
  if (it == api.state().overrides.end())
    co_return std::unexpected(problem("not_found", "No override of this id waits for a decision; decided ones stand in the log."));
  co_return http::json_response(200, override_json(it->first, it->second, "proposed").dump());
}

asio::awaitable<Answer> decide_override(Api& api, Call& call) {
  policy::OverrideDecided event;
  std::string reason;
  auto const number = id_of(call.request.parameter("id"));
  event.override_id = {number.value_or(0)};
  auto const read = read_body(call.request.body, [&](json::Reader& body) {
    event.approved = body.required_enum<bool>("decision", {{"approve", true}, {"reject", false}});
    reason = body.required_string("reason", reason_text);
  });
  if (!read) co_return std::unexpected(read.error());
  auto const it = api.state().overrides.find(event.override_id);
  if (it == api.state().overrides.end()) co_return std::unexpected(problem("not_found", "No override of this id waits for a decision."));
  Json body = override_json(it->first, it->second, event.approved ? "approved" : "rejected");
  Sealed why = seal_reason(reason);
  event.by = call.by(why.commitment);
  Submission submission = submission_of({event});
  submission.private_parts.push_back(std::move(why.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp now) -> std::optional<http::Response> {
    body["decided_by"] = call.caller.principal.text;
    body["decided_at"] = policy::format_rfc3339(now);
    body["effect_sequence"] = std::to_string(sequence);
    return http::json_response(200, body.dump());
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

}  // namespace

std::vector<Endpoint> money_endpoints() {
  using enum http::Method;
  Roles const acts = operator_role | socket_role;
  Roles const staff = acts | approver_role | auditor_role;
  return {
      {post, "/v1/deposits", "recordDeposit", acts, record_deposit, Idempotency::required, true},
      {post, "/v1/entitlements", "issueEntitlement", acts, issue_entitlement, Idempotency::required, true},
      {get, "/v1/entitlements", "listEntitlements", Roles(staff | tenant_role), list_entitlements},
      {get, "/v1/balances", "listBalances", Roles(staff | tenant_role), list_balances},
      // Proposing takes a key of one's own: whoever sits at the machine must not be one of the two.
      {post, "/v1/overrides", "proposeOverride", operator_role, propose_override, Idempotency::required, true},
      {get, "/v1/overrides", "listOverrides", staff, list_overrides},
      {get, "/v1/overrides/{id}", "getOverride", staff, get_override},
      {post, "/v1/overrides/{id}/approval", "decideOverride", approver_role, decide_override, Idempotency::required, true},
      {post, "/v1/attempts/{job}/{number}/resolution", "resolveAttempt", operator_role, resolve_attempt, Idempotency::required, true},
  };
}

}  // namespace sluice::broker::api
