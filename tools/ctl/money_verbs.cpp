// balances, deposit, refund, entitlement, quota: money and how much may be held.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct TenantList {
  Paging paging;
  std::string tenant;
};

struct Movement {
  std::string tenant, amount, reference, reason, key;
};

struct Issue {
  std::string programme, tenant, amount, decision, reason, valid_until, key;
  int version = 1;
};

struct QuotaChange {
  std::string tenant, reason, budget;
  std::string max_cards, max_running, max_queued, rate;  ///< a number or "none"
};

Result<ExitCode> balances(Session& session, TenantList const& what) {
  auto const list = read_list(session, Target("/v1/balances").query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"TENANT"},
              {"AVAILABLE", true},
              {"HELD", true},
              {"DISPUTED", true},
              {"DEPOSITED", true},
              {"SPENT", true},
              {"FEES", true},
              {"VOUCHERS PAID", true},
              {"VOUCHERS LEFT"}},
             [](nlohmann::json const& balance) -> std::vector<std::string> {
               std::string left;
               for (auto const& each : items(member(balance, "/entitlements"))) {
                 left += fmt::format("{}{} {}", left.empty() ? "" : ", ", text(each, "/programme"), text(each, "/left_yuan"));
               }
               return {text(balance, "/tenant"),        text(balance, "/available_yuan"), text(balance, "/held_yuan"),
                       text(balance, "/disputed_yuan"), text(balance, "/deposited_yuan"), text(balance, "/spent_yuan"),
                       text(balance, "/fees_yuan"),     text(balance, "/subsidy_yuan"),   left};
             });
  return ExitCode::ok;
}

Result<ExitCode> move(Session& session, char const* path, Movement const& what) {
  nlohmann::json const body = {
      {"tenant", what.tenant}, {"amount_yuan", what.amount}, {"reference", what.reference}, {"reason", what.reason}};
  auto const answer = post_once(session, path, body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document,
               {{"entry", "/sequence"}, {"tenant", "/tenant"}, {"amount, yuan", "/amount_yuan"}, {"available now, yuan", "/balance_yuan"}});
  return ExitCode::ok;
}

Result<ExitCode> movements(Session& session, char const* path, TenantList const& what) {
  auto const list = read_list(session, Target(path).query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list, {{"ENTRY", true}, {"AT"}, {"TENANT"}, {"YUAN", true}, {"REFERENCE"}, {"BY"}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/sequence"),    short_time(each, "/at"),  text(each, "/tenant"),
                       text(each, "/amount_yuan"), text(each, "/reference"), text(each, "/by")};
             });
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

// "none" lifts a limit (null), a number sets it, "" leaves it.
Result<bool> put_limit(nlohmann::json& body, char const* name, std::string const& value) {
  if (value.empty()) return false;
  if (value == "none") {
    body[name] = nullptr;
    return true;
  }
  if (value.find_first_not_of("0123456789") != std::string::npos || value.size() > 9) {
    return fail(ExitCode::usage, fmt::format("\"{}\" is neither a number nor \"none\".", value));
  }
  body[name] = std::stoi(value);
  return true;
}

Result<ExitCode> set_quota(Session& session, QuotaChange const& what) {
  nlohmann::json body = {{"reason", what.reason}};
  bool changes = !what.budget.empty();
  for (auto const& [name, value] :
       std::initializer_list<std::pair<char const*, std::string const&>>{{"max_cards", what.max_cards},
                                                                         {"max_running_jobs", what.max_running},
                                                                         {"max_queued_jobs", what.max_queued},
                                                                         {"submissions_per_minute", what.rate}}) {
    auto const put = put_limit(body, name, value);
    if (!put) return std::unexpected(put.error());
    changes = changes || *put;
  }
  if (!changes) return fail(ExitCode::usage, "No limit was given.", "Give --max-cards, --max-running, --max-queued, --budget or --rate.");
  if (what.budget == "none") {
    body["budget_yuan"] = nullptr;
  } else if (!what.budget.empty()) {
    body["budget_yuan"] = what.budget;
  }
  auto const answer = send_body(session, "PUT", Target("/v1/quotas").segment(what.tenant).text(), body);
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document,
               {{"tenant", "/tenant"},
                {"cards", "/max_cards"},
                {"cards in use", "/used_cards"},
                {"running jobs", "/max_running_jobs"},
                {"queued jobs", "/max_queued_jobs"},
                {"budget, yuan", "/budget_yuan"},
                {"submissions a minute", "/submissions_per_minute"}});
  return ExitCode::ok;
}

Result<ExitCode> quotas(Session& session, TenantList const& what) {
  auto const list = read_list(session, Target("/v1/quotas").query("tenant", what.tenant), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"TENANT"},
              {"CARDS", true},
              {"OF", true},
              {"RUNNING", true},
              {"OF", true},
              {"QUEUED", true},
              {"OF", true},
              {"BUDGET USED", true},
              {"OF", true}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               return {text(each, "/tenant"),          text(each, "/used_cards"),       text(each, "/max_cards"),
                       text(each, "/running_jobs"),    text(each, "/max_running_jobs"), text(each, "/queued_jobs"),
                       text(each, "/max_queued_jobs"), text(each, "/budget_used_yuan"), text(each, "/budget_yuan")};
             });
  return ExitCode::ok;
}

void add_list(CLI::App& verb, std::shared_ptr<TenantList> const& list) {
  add_paging(verb, list->paging);
  verb.add_option("--tenant", list->tenant, "Only this tenant's (operators and auditors)");
}

void add_movement(CLI::App& app, Chosen& chosen, char const* name, char const* what, char const* path) {
  auto& verb = add_verb(
      app, name, what,
      fmt::format("  sluicectl {} record t-7k3m9q2x 10000.00 --reference BOC-20261122-0017 --reason \"bank transfer\"\n  sluicectl {} list",
                  name, name));
  verb.require_subcommand(1);
  auto& record = add_verb(verb, "record", what, "");
  auto movement = std::make_shared<Movement>();
  record.add_option("TENANT", movement->tenant, "Pseudonym")->required();
  record.add_option("YUAN", movement->amount, "Amount")->required();
  record.add_option("--reference", movement->reference, "Of the bank's statement")->required();
  record.add_option("--reason", movement->reason, "Why")->required();
  record.add_option("--idempotency-key", movement->key, "Repeat safely; default: fresh");
  record.callback(
      [&chosen, movement, path] { chosen.verb = [movement, path](Session& session) { return move(session, path, *movement); }; });
  auto& list_verb = add_verb(verb, "list", "What was recorded", "");
  auto list = std::make_shared<TenantList>();
  add_list(list_verb, list);
  list_verb.callback([&chosen, list, path] { chosen.verb = [list, path](Session& session) { return movements(session, path, *list); }; });
}

}  // namespace

void add_money_verbs(CLI::App& app, Chosen& chosen) {
  auto& balances_verb = add_verb(app, "balances", "Money and vouchers", "  sluicectl balances");
  auto balance_list = std::make_shared<TenantList>();
  add_list(balances_verb, balance_list);
  balances_verb.callback(
      [&chosen, balance_list] { chosen.verb = [balance_list](Session& session) { return balances(session, *balance_list); }; });

  add_movement(app, chosen, "deposit", "Money received from a tenant", "/v1/deposits");
  add_movement(app, chosen, "refund", "Money given back to a tenant", "/v1/refunds");

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
  auto& revoke_verb = add_verb(entitlement, "revoke", "Revoke what is left of a voucher", "");
  auto revoked = std::make_shared<std::pair<std::string, std::string>>();
  revoke_verb.add_option("ID", revoked->first, "The entitlement")->required();
  revoke_verb.add_option("--reason", revoked->second, "Why")->required();
  revoke_verb.callback([&chosen, revoked] {
    chosen.verb = [revoked](Session& session) -> Result<ExitCode> {
      auto const answer =
          session.api.call({.method = "DELETE",
                            .target = Target("/v1/entitlements").segment(revoked->first).query("reason", revoked->second).text(),
                            .body = {},
                            .headers = {}});
      if (!answer) return std::unexpected(answer.error());
      print_fields(session, answer->document, {{"entitlement", "/id"}, {"status", "/status"}, {"still held, yuan", "/held_yuan"}});
      return ExitCode::ok;
    };
  });
  auto& entitlement_list = add_verb(entitlement, "list", "Issued vouchers", "");
  auto listed = std::make_shared<TenantList>();
  add_list(entitlement_list, listed);
  entitlement_list.callback([&chosen, listed] { chosen.verb = [listed](Session& session) { return entitlements(session, *listed); }; });

  auto& quota = add_verb(app, "quota", "How much a tenant may hold at once",
                         "  sluicectl quota set t-7k3m9q2x --max-cards 64 --budget 100000.00 --reason contract\n  sluicectl quota set "
                         "t-7k3m9q2x --max-cards none --reason \"limit lifted\"");
  quota.require_subcommand(1);
  auto& set_verb = add_verb(quota, "set", "Set limits; \"none\" lifts one", "");
  auto change = std::make_shared<QuotaChange>();
  set_verb.add_option("TENANT", change->tenant, "Pseudonym")->required();
  set_verb.add_option("--max-cards", change->max_cards, "Cards of live attempts");
  set_verb.add_option("--max-running", change->max_running, "Live jobs");
  set_verb.add_option("--max-queued", change->max_queued, "Waiting jobs");
  set_verb.add_option("--budget", change->budget, "Yuan held and spent in a natural year");
  set_verb.add_option("--rate", change->rate, "Submissions a minute");
  set_verb.add_option("--reason", change->reason, "Why")->required();
  set_verb.callback([&chosen, change] { chosen.verb = [change](Session& session) { return set_quota(session, *change); }; });
  auto& quota_list = add_verb(quota, "list", "Limits and use", "");
  auto quota_listed = std::make_shared<TenantList>();
  add_list(quota_list, quota_listed);
  quota_list.callback(
      [&chosen, quota_listed] { chosen.verb = [quota_listed](Session& session) { return quotas(session, *quota_listed); }; });
}

}  // namespace sluice::ctl
