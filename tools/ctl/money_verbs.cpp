// balances, deposit, refund, entitlement, quota: money and how much may be held.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/overrides.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct TenantList {
  Paging paging;
  std::string tenant;
};

struct Deposit {
  std::string tenant, amount, reference, reason, key;
};

struct Refund {
  std::string tenant, amount, reason, key;
};

struct Issue {
  std::string programme, tenant, amount, decision, reason, valid_until, key;
  int version = 1;
};

struct QuotaChange {
  std::string tenant, cluster, max_cards, reason;
};

Result<ExitCode> balances(Session& session, TenantList const& what) {
  auto const list = read_list(session, Target("/v1/balances").query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list, {{"TENANT"}, {"AVAILABLE", true}, {"HELD", true}, {"DISPUTED", true}, {"VOUCHERS LEFT"}},
             [](nlohmann::json const& balance) -> std::vector<std::string> {
               std::string left;
               for (auto const& each : items(member(balance, "/entitlements"))) {
                 left += fmt::format("{}{} {}", left.empty() ? "" : ", ", text(each, "/programme"), text(each, "/left_yuan"));
               }
               return {text(balance, "/tenant"), text(balance, "/available_yuan"), text(balance, "/held_yuan"),
                       text(balance, "/disputed_yuan"), left};
             });
  return ExitCode::ok;
}

Result<ExitCode> deposit(Session& session, Deposit const& what) {
  nlohmann::json const body = {
      {"tenant", what.tenant}, {"amount_yuan", what.amount}, {"reference", what.reference}, {"reason", what.reason}};
  auto const answer = post_once(session, "/v1/deposits", body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document,
               {{"entry", "/sequence"}, {"tenant", "/tenant"}, {"amount, yuan", "/amount_yuan"}, {"available now, yuan", "/balance_yuan"}});
  return ExitCode::ok;
}

Result<ExitCode> issue(Session& session, Issue const& what) {
  nlohmann::json body = {{"programme", what.programme}, {"version", what.version},   {"tenant", what.tenant},
                         {"amount_yuan", what.amount},  {"decision", what.decision}, {"reason", what.reason}};
  if (!what.valid_until.empty()) body["valid_until"] = what.valid_until;
  auto const answer = post_once(session, "/v1/entitlements", body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document,
               {{"entitlement", "/id"},
                {"programme", "/programme"},
                {"tenant", "/tenant"},
                {"amount, yuan", "/amount_yuan"},
                {"valid until", "/valid_until"}});
  return ExitCode::ok;
}

Result<ExitCode> entitlements(Session& session, TenantList const& what) {
  auto const list = read_list(session, Target("/v1/entitlements").query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"ID", true},
              {"PROGRAMME"},
              {"VERSION", true},
              {"TENANT"},
              {"AMOUNT", true},
              {"LEFT", true},
              {"HELD", true},
              {"VALID UNTIL"},
              {"STATUS"}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/id"),        text(each, "/programme"),         text(each, "/version"),
                       text(each, "/tenant"),    text(each, "/amount_yuan"),       text(each, "/left_yuan"),
                       text(each, "/held_yuan"), short_time(each, "/valid_until"), text(each, "/status")};
             });
  return ExitCode::ok;
}

Result<ExitCode> set_quota(Session& session, QuotaChange const& what) {
  nlohmann::json body = {{"cluster", what.cluster}, {"reason", what.reason}};
  if (what.max_cards != "none") {
    bool const number =
        !what.max_cards.empty() && what.max_cards.size() <= 7 && what.max_cards.find_first_not_of("0123456789") == std::string::npos;
    if (!number) return fail(ExitCode::usage, fmt::format("--max-cards {} is neither a number nor \"none\".", what.max_cards));
    body["max_cards"] = std::stoi(what.max_cards);
  }
  auto const answer = send_body(session, "PUT", Target("/v1/quotas").segment(what.tenant).text(), body);
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document,
               {{"tenant", "/tenant"}, {"cluster", "/cluster"}, {"cards at most", "/max_cards"}, {"cards in use", "/used_cards"}});
  return ExitCode::ok;
}

Result<ExitCode> quotas(Session& session, TenantList const& what) {
  auto const list = read_list(session, Target("/v1/quotas").query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list, {{"TENANT"}, {"CLUSTER"}, {"CARDS IN USE", true}, {"AT MOST", true}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/tenant"), text(each, "/cluster"), text(each, "/used_cards"), text(each, "/max_cards")};
             });
  return ExitCode::ok;
}

void add_list(CLI::App& verb, std::shared_ptr<TenantList> const& list) {
  add_paging(verb, list->paging);
  verb.add_option("--tenant", list->tenant, "Only this tenant's (operators and auditors)");
}

}  // namespace

void add_money_verbs(CLI::App& app, Chosen& chosen) {
  auto& balances_verb = add_verb(app, "balances", "Money and vouchers", "  sluicectl balances");
  auto balance_list = std::make_shared<TenantList>();
  add_list(balances_verb, balance_list);
  balances_verb.callback(
      [&chosen, balance_list] { chosen.verb = [balance_list](Session& session) { return balances(session, *balance_list); }; });

  auto& deposit_verb = add_verb(app, "deposit", "Record money received from a tenant",
                                "  sluicectl deposit t-7k3m9q2x 10000.00 --reference BOC-20261122-0017 --reason \"bank transfer\"");
  auto received = std::make_shared<Deposit>();
  deposit_verb.add_option("TENANT", received->tenant, "Pseudonym")->required();
  deposit_verb.add_option("YUAN", received->amount, "Amount")->required();
  deposit_verb.add_option("--reference", received->reference, "Of the bank's statement")->required();
  deposit_verb.add_option("--reason", received->reason, "Why")->required();
  deposit_verb.add_option("--idempotency-key", received->key, "Repeat safely; default: fresh");
  deposit_verb.callback([&chosen, received] { chosen.verb = [received](Session& session) { return deposit(session, *received); }; });

  auto& refund_verb = add_verb(app, "refund", "Propose to pay a tenant's money out; a second person approves",
                               "  sluicectl refund t-7k3m9q2x 500.00 --reason \"tenant leaves\"");
  auto refund = std::make_shared<Refund>();
  refund_verb.add_option("TENANT", refund->tenant, "Pseudonym")->required();
  refund_verb.add_option("YUAN", refund->amount, "Amount, at most what is available")->required();
  refund_verb.add_option("--reason", refund->reason, "Why")->required();
  refund_verb.add_option("--idempotency-key", refund->key, "Repeat safely; default: fresh");
  refund_verb.callback([&chosen, refund] {
    chosen.verb = [refund](Session& session) {
      return propose_override(session,
                              {{"kind", "refund"}, {"tenant", refund->tenant}, {"amount_yuan", refund->amount}, {"reason", refund->reason}},
                              refund->key);
    };
  });

  auto& entitlement = add_verb(app, "entitlement", "Issued vouchers",
                               "  sluicectl entitlement issue qingyang-2024 t-7k3m9q2x 200000.00 --decision QY-2026-118 --reason approved");
  entitlement.require_subcommand(1);
  auto& issue_verb = add_verb(entitlement, "issue", "Issue a voucher", "");
  auto issued = std::make_shared<Issue>();
  issue_verb.add_option("PROGRAMME", issued->programme, "Name")->required();
  issue_verb.add_option("TENANT", issued->tenant, "Holder")->required();
  issue_verb.add_option("YUAN", issued->amount, "Amount")->required();
  issue_verb.add_option("--rules-version", issued->version, "Version of the programme")->capture_default_str();
  issue_verb.add_option("--decision", issued->decision, "Reference of the decision")->required();
  issue_verb.add_option("--reason", issued->reason, "Why")->required();
  issue_verb.add_option("--valid-until", issued->valid_until, "RFC 3339; default: by the programme");
  issue_verb.add_option("--idempotency-key", issued->key, "Repeat safely; default: fresh");
  issue_verb.callback([&chosen, issued] { chosen.verb = [issued](Session& session) { return issue(session, *issued); }; });
  auto& revoke_verb = add_verb(entitlement, "revoke", "Propose to revoke what is left of a voucher; a second person approves", "");
  auto revoked = std::make_shared<std::pair<std::string, std::string>>();
  revoke_verb.add_option("ID", revoked->first, "The entitlement")->required();
  revoke_verb.add_option("--reason", revoked->second, "Why")->required();
  revoke_verb.callback([&chosen, revoked] {
    chosen.verb = [revoked](Session& session) {
      return propose_override(session, {{"kind", "revoke_entitlement"}, {"entitlement", revoked->first}, {"reason", revoked->second}}, {});
    };
  });
  auto& entitlement_list = add_verb(entitlement, "list", "Issued vouchers", "");
  auto listed = std::make_shared<TenantList>();
  add_list(entitlement_list, listed);
  entitlement_list.callback([&chosen, listed] { chosen.verb = [listed](Session& session) { return entitlements(session, *listed); }; });

  auto& quota = add_verb(app, "quota", "How many cards a tenant may hold at once in a cluster",
                         "  sluicectl quota set t-7k3m9q2x qingyang --max-cards 64 --reason contract\n"
                         "  sluicectl quota set t-7k3m9q2x qingyang --max-cards none --reason \"limit lifted\"");
  quota.require_subcommand(1);
  auto& set_verb = add_verb(quota, "set", "Set the limit; \"none\" lifts it", "");
  auto change = std::make_shared<QuotaChange>();
  set_verb.add_option("TENANT", change->tenant, "Pseudonym")->required();
  set_verb.add_option("CLUSTER", change->cluster, "Where")->required();
  set_verb.add_option("--max-cards", change->max_cards, "Cards of live attempts, or none")->required();
  set_verb.add_option("--reason", change->reason, "Why")->required();
  set_verb.callback([&chosen, change] { chosen.verb = [change](Session& session) { return set_quota(session, *change); }; });
  auto& quota_list = add_verb(quota, "list", "Limits and use", "");
  auto quota_listed = std::make_shared<TenantList>();
  add_list(quota_list, quota_listed);
  quota_list.callback(
      [&chosen, quota_listed] { chosen.verb = [quota_listed](Session& session) { return quotas(session, *quota_listed); }; });
}

}  // namespace sluice::ctl
