// Tenants, keys, accounts and quotas.
#include "policy/apply/authority.hpp"
#include "policy/definition_check.hpp"
#include "policy/limits.hpp"

namespace sluice::policy {
namespace {

template <class Integer>
bool within(Integer value, Integer least, Integer most) {
  return value >= least && value <= most;
}

}  // namespace

Verdict on(Editor& editor, TenantRegistered const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators)) return refusal;
  if (!is_name(event.tenant.text)) return refuse(Reason::malformed, "tenant: a name");
  if (editor.state().tenants.contains(event.tenant)) return refuse(Reason::already_exists, "tenant " + event.tenant.text);
  if (!is_region(event.region)) return refuse(Reason::malformed, "region: a GB/T 2260 code of six digits");
  if (!within(event.queue_limit, 1, limits::queue_limit_max)) return refuse(Reason::malformed, "queue_limit");
  if (!within(event.submissions_per_minute, 1, limits::submissions_per_minute_max))
    return refuse(Reason::malformed, "submissions_per_minute");
  Tenant& tenant = editor.tenant(event.tenant);
  tenant.applicant = event.applicant;
  tenant.changed_at = editor.sequence();
  tenant.identity = event.identity;
  tenant.queue_limit = event.queue_limit;
  tenant.region = event.region;
  tenant.registered_at = editor.at();
  tenant.submissions_per_minute = event.submissions_per_minute;
  return std::nullopt;
}

// Erasing takes a tenant whose jobs have ended: the broker cancels them first, each as an entry of its own.
Verdict on(Editor& editor, TenantStatusSet const& event) {
  if (auto refusal = authority_refuses(editor.state(), event.by, operators)) return refusal;
  auto const it = editor.state().tenants.find(event.tenant);
  if (it == editor.state().tenants.end()) return refuse(Reason::unknown_tenant, "tenant " + event.tenant.text);
  Tenant const& tenant = it->second;
  if (tenant.status == TenantStatus::erased) return refuse(Reason::tenant_suspended, "tenant " + event.tenant.text + " is erased for good");
  if (tenant.status == event.status) return refuse(Reason::already_exists, "status");
  if (event.status == TenantStatus::erased && tenant.jobs_open > 0)
    return refuse(Reason::out_of_order,
                  "tenant " + event.tenant.text + " has " + std::to_string(tenant.jobs_open) + " open jobs: cancel them");
  Tenant& changed = editor.tenant(event.tenant);
  changed.changed_at = editor.sequence();
  changed.status = event.status;
  editor.next_round_may_differ();
  return std::nullopt;
}

// A further key of a principal comes from itself, from whoever created it, or from local administration: anybody else could otherwise
// give themselves a key that speaks in its name, and approve their own overrides with it.
Verdict on(Editor& editor, KeyIssued const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators)) return refusal;
  if (!is_name(event.key.text)) return refuse(Reason::malformed, "key: a name");
  if (state.keys.contains(event.key)) return refuse(Reason::already_exists, "key " + event.key.text);
  if (!is_name(event.principal.text) || is_reserved(event.principal)) return refuse(Reason::malformed, "principal: a name, none reserved");
  if (event.role == Role::local_admin || event.role == Role::broker)
    return refuse(Reason::malformed, "role: tenant, operator, approver or auditor");
  if (event.tenant.has_value() != (event.role == Role::tenant)) return refuse(Reason::malformed, "tenant: exactly for role tenant");
  if (event.tenant) {
    auto const tenant = state.tenants.find(*event.tenant);
    if (tenant == state.tenants.end()) return refuse(Reason::unknown_tenant, "tenant " + event.tenant->text);
    if (tenant->second.status == TenantStatus::erased) return refuse(Reason::tenant_suspended, "tenant " + event.tenant->text);
  }
  if (event.expires_at && (*event.expires_at <= editor.at() || event.expires_at->ms > limits::timestamp_ms_max))
    return refuse(Reason::malformed, "expires_at: after now");
  auto const known = state.principals.find(event.principal);
  if (known != state.principals.end()) {
    if (known->second.tenant != event.tenant) return refuse(Reason::not_permitted, "principal: it acts for somebody else");
    if (event.by.role != Role::local_admin && event.by.principal != event.principal && event.by.principal != known->second.created_by)
      return refuse(Reason::not_permitted, "principal: only its creator, itself or local administration may give it another key");
  }

  editor.key(event.key) = {.created_by = event.by.principal,
                           .expires_at = event.expires_at,
                           .issued_at = editor.at(),
                           .principal = event.principal,
                           .revoked = false,
                           .role = event.role,
                           .secret_hash = event.secret_hash,
                           .tenant = event.tenant};
  bool const fresh = known == state.principals.end();
  Principal& principal = editor.principal(event.principal);
  if (fresh) {
    principal.created_by = event.by.principal;
    principal.tenant = event.tenant;
  }
  principal.roles |= role_bit(event.role);
  return std::nullopt;
}

Verdict on(Editor& editor, KeyRevoked const& event) {
  State const& state = editor.state();
  auto const it = state.keys.find(event.key);
  if (it == state.keys.end()) return refuse(Reason::unknown_key, "key " + event.key.text);
  bool const own = event.by.principal == it->second.principal;
  Roles const allowed = own ? operators | role_bit(it->second.role) : operators;
  if (auto refusal = authority_refuses(state, event.by, allowed)) return refusal;
  if (it->second.revoked) return refuse(Reason::key_revoked, "key " + event.key.text);
  PrincipalName const owner = it->second.principal;
  editor.key(event.key).revoked = true;
  Roles roles = 0;
  for (auto const& [name, key] : state.keys)
    if (key.principal == owner && !key.revoked) roles |= role_bit(key.role);
  editor.principal(owner).roles = roles;
  return std::nullopt;
}

Verdict on(Editor& editor, AccountOpened const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators)) return refusal;
  if (!state.catalogue->clusters.contains(event.cluster)) return refuse(Reason::unknown_cluster, "cluster " + event.cluster.text);
  if (!is_name(event.credential.text)) return refuse(Reason::malformed, "credential: a name");
  if (!within(event.approved_from.ms, std::int64_t{0}, limits::timestamp_ms_max)) return refuse(Reason::malformed, "approved_from");
  if (event.holder && !state.tenants.contains(*event.holder)) return refuse(Reason::unknown_tenant, "holder " + event.holder->text);
  editor.account({editor.sequence()}) = {.approved_from = event.approved_from,
                                         .closed = false,
                                         .cluster = event.cluster,
                                         .credential = event.credential,
                                         .holder = event.holder};
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, AccountClosed const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators)) return refusal;
  auto const it = state.catalogue->accounts.find(event.account);
  if (it == state.catalogue->accounts.end()) return refuse(Reason::unknown_account, "account " + std::to_string(event.account.value));
  if (it->second.closed) return refuse(Reason::already_exists, "the account is closed");
  editor.account(event.account).closed = true;
  editor.next_round_may_differ();
  return std::nullopt;
}

Verdict on(Editor& editor, QuotaSet const& event) {
  State const& state = editor.state();
  if (auto refusal = authority_refuses(state, event.by, operators)) return refusal;
  if (!state.tenants.contains(event.tenant)) return refuse(Reason::unknown_tenant, "tenant " + event.tenant.text);
  if (!state.catalogue->clusters.contains(event.cluster)) return refuse(Reason::unknown_cluster, "cluster " + event.cluster.text);
  if (event.cards && !within(*event.cards, 0, limits::cluster_cards_max)) return refuse(Reason::malformed, "cards");
  editor.set_quota(event.tenant, event.cluster, event.cards);
  editor.next_round_may_differ();
  return std::nullopt;
}

}  // namespace sluice::policy
