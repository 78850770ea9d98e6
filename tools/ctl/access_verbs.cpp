// tenant, key, account: who may do what, and where.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/secret_file.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct NewTenant {
  std::string name, applicant_class = "startup", credit_code, region, contact, key;
};

struct NewKey {
  std::string role = "tenant", tenant, label, expires_at, principal, out_file, key;
};

struct NewAccount {
  std::string cluster, holder = "operator", credential, approved_from, contract, reason, key;
};

struct Act {
  std::string id, reason;
  bool sure = false;
};

void put(nlohmann::json& body, char const* name, std::string const& value) {
  if (!value.empty()) body[name] = value;
}

void print_tenant(Session& session, nlohmann::json const& tenant) {
  print_fields(session, tenant,
               {{"tenant", "/id"},
                {"name", "/name"},
                {"credit code", "/credit_code"},
                {"contact", "/contact"},
                {"class", "/class"},
                {"region", "/region"},
                {"status", "/status"},
                {"since", "/created_at"},
                {"queued jobs", "/queued_jobs"},
                {"running jobs", "/running_jobs"}});
}

Result<ExitCode> add_tenant(Session& session, NewTenant const& what) {
  nlohmann::json body = {{"name", what.name}, {"class", what.applicant_class}};
  put(body, "credit_code", what.credit_code);
  put(body, "region", what.region);
  put(body, "contact", what.contact);
  auto const answer = post_once(session, "/v1/tenants", body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_tenant(session, answer->document);
  return ExitCode::ok;
}

Result<ExitCode> list_tenants(Session& session, Paging const& paging) {
  auto const list = read_list(session, Target("/v1/tenants"), paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list, {{"TENANT"}, {"NAME"}, {"CLASS"}, {"REGION"}, {"STATUS"}, {"QUEUED", true}, {"RUNNING", true}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/id"),     text(each, "/name"),        text(each, "/class"),       text(each, "/region"),
                       text(each, "/status"), text(each, "/queued_jobs"), text(each, "/running_jobs")};
             });
  return ExitCode::ok;
}

// Reads the version first, so that a tenant changed by someone else in between is not touched.
Result<ExitCode> change_tenant(Session& session, Act const& what, std::optional<std::string> const& status) {
  auto const target = Target("/v1/tenants").segment(what.id).text();
  auto const now = session.api.call({.target = target});
  if (!now) return std::unexpected(now.error());
  Call call{.method = status ? "PATCH" : "DELETE", .target = target, .body = {}, .headers = {{"If-Match", now->header("etag")}}};
  if (status) {
    call.body = nlohmann::json({{"status", *status}, {"reason", what.reason}}).dump();
  } else {
    call.target = Target(target).query("reason", what.reason).text();
  }
  auto const answer = session.api.call(call);
  if (!answer) return std::unexpected(answer.error());
  print_tenant(session, answer->document);
  return ExitCode::ok;
}

Result<ExitCode> issue_key(Session& session, NewKey const& what) {
  nlohmann::json body = {{"role", what.role}, {"label", what.label}};
  put(body, "tenant", what.tenant);
  put(body, "expires_at", what.expires_at);
  put(body, "principal", what.principal);
  // Opened before asking: a key that was issued but cannot be kept would be lost.
  std::optional<SecretFile> file;
  if (!what.out_file.empty()) {
    auto opened = SecretFile::create(what.out_file);
    if (!opened) return std::unexpected(opened.error());
    file.emplace(std::move(*opened));
  }
  auto answer = post_once(session, "/v1/keys", body, what.key);
  if (!answer) return std::unexpected(answer.error());
  auto const token = text(answer->document, "/token");
  if (token == "-") {
    return fail(
        ExitCode::conflict,
        fmt::format("Key {} was issued before under this Idempotency-Key; its secret is shown once only.", text(answer->document, "/id")),
        fmt::format("If the secret was lost: sluicectl key revoke {}, and issue another.", text(answer->document, "/id")));
  }
  if (file) {
    if (auto const kept = file->keep(token + "\n"); !kept) return std::unexpected(kept.error());
    answer->document.erase("token");
  }
  if (session.out.json()) {
    session.out.document(answer->document);
    return ExitCode::ok;
  }
  if (!file) session.out.line(token);
  session.out.note(fmt::format("Key {} with role {} for principal {}{}.", text(answer->document, "/id"), text(answer->document, "/role"),
                               text(answer->document, "/principal"), file ? ", in " + what.out_file : ". The secret is shown this once"));
  return ExitCode::ok;
}

struct KeyList {
  Paging paging;
  std::string tenant;
};

Result<ExitCode> list_keys(Session& session, KeyList const& what) {
  auto const list = read_list(session, Target("/v1/keys").query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"KEY"}, {"ROLE"}, {"TENANT"}, {"PRINCIPAL"}, {"CREATED BY"}, {"LABEL", false, true}, {"CREATED"}, {"EXPIRES"}, {"STATUS"}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/id"),         text(each, "/role"),  text(each, "/tenant"),           text(each, "/principal"),
                       text(each, "/created_by"), text(each, "/label"), short_time(each, "/created_at"), short_time(each, "/expires_at"),
                       text(each, "/status")};
             });
  return ExitCode::ok;
}

Result<ExitCode> remove(Session& session, char const* path, Act const& what,
                        std::vector<std::pair<std::string, std::string>> const& fields) {
  auto const answer = session.api.call(
      {.method = "DELETE", .target = Target(path).segment(what.id).query("reason", what.reason).text(), .body = {}, .headers = {}});
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document, fields);
  return ExitCode::ok;
}

Result<ExitCode> open_account(Session& session, NewAccount const& what) {
  nlohmann::json body = {{"cluster", what.cluster}, {"holder", what.holder}, {"credential", what.credential}, {"reason", what.reason}};
  put(body, "approved_from", what.approved_from);
  put(body, "contract", what.contract);
  auto const answer = post_once(session, "/v1/accounts", body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document,
               {{"account", "/id"},
                {"cluster", "/cluster"},
                {"holder", "/holder"},
                {"credential", "/credential"},
                {"approved from", "/approved_from"},
                {"status", "/status"}});
  return ExitCode::ok;
}

Result<ExitCode> list_accounts(Session& session, Paging const& paging) {
  auto const list = read_list(session, Target("/v1/accounts"), paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list, {{"ACCOUNT", true}, {"CLUSTER"}, {"HOLDER"}, {"CREDENTIAL"}, {"APPROVED FROM"}, {"STATUS"}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/id"),
                       text(each, "/cluster"),
                       text(each, "/holder"),
                       text(each, "/credential"),
                       short_time(each, "/approved_from"),
                       text(each, "/status")};
             });
  return ExitCode::ok;
}

void add_tenant_verbs(CLI::App& app, Chosen& chosen) {
  auto& tenant = add_verb(app, "tenant", "Tenants: add, list, show, suspend, reinstate, erase",
                          "  sluicectl tenant add --name 启明模型有限公司 --class startup --credit-code 91420100QAQA00010G --region "
                          "420100\n  sluicectl tenant suspend t-7k3m9q2x --reason unpaid");
  tenant.require_subcommand(1);
  auto& add = add_verb(tenant, "add", "Add a tenant", "");
  auto added = std::make_shared<NewTenant>();
  add.add_option("--name", added->name, "Company or person; private")->required();
  add.add_option("--class", added->applicant_class, "What programmes count it as")
      ->check(CLI::IsMember({"startup", "sme", "large", "institute"}))
      ->capture_default_str();
  add.add_option("--credit-code", added->credit_code, "Unified social credit code; private");
  add.add_option("--region", added->region, "Region code of its registration");
  add.add_option("--contact", added->contact, "For people; private");
  add.add_option("--idempotency-key", added->key, "Repeat safely; default: fresh");
  add.callback([&chosen, added] { chosen.verb = [added](Session& session) { return add_tenant(session, *added); }; });
  auto& list = add_verb(tenant, "list", "Tenants", "");
  auto paging = std::make_shared<Paging>();
  add_paging(list, *paging);
  list.callback([&chosen, paging] { chosen.verb = [paging](Session& session) { return list_tenants(session, *paging); }; });
  auto& show = add_verb(tenant, "show", "One tenant", "");
  auto shown = std::make_shared<std::string>();
  show.add_option("TENANT", *shown, "Pseudonym")->required();
  show.callback([&chosen, shown] {
    chosen.verb = [shown](Session& session) -> Result<ExitCode> {
      auto const answer = session.api.call({.target = Target("/v1/tenants").segment(*shown).text()});
      if (!answer) return std::unexpected(answer.error());
      print_tenant(session, answer->document);
      return ExitCode::ok;
    };
  });
  for (auto const& [name, status, what] : std::initializer_list<std::tuple<char const*, char const*, char const*>>{
           {"suspend", "suspended", "Takes no new jobs from it; running ones end"}, {"reinstate", "active", "Ends a suspension"}}) {
    auto& verb = add_verb(tenant, name, what, "");
    auto act = std::make_shared<Act>();
    verb.add_option("TENANT", act->id, "Pseudonym")->required();
    verb.add_option("--reason", act->reason, "Why")->required();
    verb.callback([&chosen, act, new_status = std::string(status)] {
      chosen.verb = [act, new_status](Session& session) { return change_tenant(session, *act, new_status); };
    });
  }
  auto& erase = add_verb(tenant, "erase", "Make a tenant's private data unreadable for ever",
                         "  sluicectl tenant erase t-7k3m9q2x --reason \"request of 3 November\" --yes");
  auto erased = std::make_shared<Act>();
  erase.add_option("TENANT", erased->id, "Pseudonym")->required();
  erase.add_option("--reason", erased->reason, "Why")->required();
  erase.add_flag("--yes", erased->sure, "This cannot be undone");
  erase.callback([&chosen, erased] {
    chosen.verb = [erased](Session& session) -> Result<ExitCode> {
      if (!erased->sure)
        return fail(ExitCode::usage, fmt::format("Erasing {} cannot be undone.", erased->id), "Add --yes when you mean it.");
      return change_tenant(session, *erased, std::nullopt);
    };
  });
}

void add_key_verbs(CLI::App& app, Chosen& chosen) {
  auto& key = add_verb(
      app, "key", "API keys: issue, list, revoke",
      "  sluicectl key issue --tenant t-7k3m9q2x --label ci --out ci.token\n  sluicectl key issue --role auditor --label \"audit office\"");
  key.require_subcommand(1);
  auto& issue = add_verb(key, "issue", "Issue a key; its secret is shown once", "");
  auto issued = std::make_shared<NewKey>();
  issue.add_option("--role", issued->role, "What its holder may do")
      ->check(CLI::IsMember({"tenant", "operator", "approver", "auditor"}))
      ->capture_default_str();
  issue.add_option("--tenant", issued->tenant, "Whose jobs it acts for; with role tenant");
  issue.add_option("--label", issued->label, "For people")->required();
  issue.add_option("--expires-at", issued->expires_at, "RFC 3339");
  issue.add_option("--principal", issued->principal, "Person it belongs to; default: a new one");
  issue.add_option("--out", issued->out_file, "Write the secret to this new file (mode 0600) instead of standard output");
  issue.add_option("--idempotency-key", issued->key, "Repeat safely; default: fresh");
  issue.callback([&chosen, issued] { chosen.verb = [issued](Session& session) { return issue_key(session, *issued); }; });
  auto& list = add_verb(key, "list", "Keys, without secrets", "");
  auto listed = std::make_shared<KeyList>();
  add_paging(list, listed->paging);
  list.add_option("--tenant", listed->tenant, "Only this tenant's");
  list.callback([&chosen, listed] { chosen.verb = [listed](Session& session) { return list_keys(session, *listed); }; });
  auto& revoke = add_verb(key, "revoke", "Revoke a key at once", "");
  auto revoked = std::make_shared<Act>();
  revoke.add_option("KEY", revoked->id, "Public part of the key")->required();
  revoke.add_option("--reason", revoked->reason, "Why; an operator must say");
  revoke.callback([&chosen, revoked] {
    chosen.verb = [revoked](Session& session) { return remove(session, "/v1/keys", *revoked, {{"key", "/id"}, {"status", "/status"}}); };
  });
}

void add_account_verbs(CLI::App& app, Chosen& chosen) {
  auto& account = add_verb(
      app, "account", "Accounts at clusters: open, list, close",
      "  sluicectl account open qingyang --credential qingyang-token --approved-from 2026-11-22T08:00:00Z --reason \"contract signed\"");
  account.require_subcommand(1);
  auto& open = add_verb(account, "open", "Open an account", "");
  auto opened = std::make_shared<NewAccount>();
  open.add_option("CLUSTER", opened->cluster, "Where")->required();
  open.add_option("--holder", opened->holder, "\"operator\" or a tenant")->capture_default_str();
  open.add_option("--credential", opened->credential, "Name of a credential file of the daemon, never the secret")->required();
  open.add_option("--approved-from", opened->approved_from, "RFC 3339; default: now");
  open.add_option("--contract", opened->contract, "Contract number; private");
  open.add_option("--reason", opened->reason, "Why")->required();
  open.add_option("--idempotency-key", opened->key, "Repeat safely; default: fresh");
  open.callback([&chosen, opened] { chosen.verb = [opened](Session& session) { return open_account(session, *opened); }; });
  auto& list = add_verb(account, "list", "Accounts", "");
  auto paging = std::make_shared<Paging>();
  add_paging(list, *paging);
  list.callback([&chosen, paging] { chosen.verb = [paging](Session& session) { return list_accounts(session, *paging); }; });
  auto& close = add_verb(account, "close", "No new jobs through it; live ones end", "");
  auto closed = std::make_shared<Act>();
  close.add_option("ACCOUNT", closed->id, "The account's id")->required();
  close.add_option("--reason", closed->reason, "Why")->required();
  close.callback([&chosen, closed] {
    chosen.verb = [closed](Session& session) {
      return remove(session, "/v1/accounts", *closed, {{"account", "/id"}, {"cluster", "/cluster"}, {"status", "/status"}});
    };
  });
}

}  // namespace

void add_access_verbs(CLI::App& app, Chosen& chosen) {
  add_tenant_verbs(app, chosen);
  add_key_verbs(app, chosen);
  add_account_verbs(app, chosen);
}

}  // namespace sluice::ctl
