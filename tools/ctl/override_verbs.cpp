// override and attempt: decisions on money that two people take.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/overrides.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct Proposal {
  std::string kind, tenant, amount, entitlement, attempt, liability, card_hours, reason, key;
};

struct Decision {
  std::string id, reason, key;
};

struct Resolution {
  std::string attempt, liability, card_hours, reason, key;
};

void print_override(Session& session, nlohmann::json const& document) {
  print_fields(session, document,
               {{"override", "/id"},
                {"kind", "/kind"},
                {"status", "/status"},
                {"tenant", "/request/tenant"},
                {"amount, yuan", "/request/amount_yuan"},
                {"entitlement", "/request/entitlement"},
                {"attempt", "/request/attempt"},
                {"who pays", "/request/liability"},
                {"card-hours", "/request/card_hours"},
                {"proposed by", "/proposed_by"},
                {"decided by", "/decided_by"},
                {"decision is entry", "/effect_sequence"}});
  if (!session.out.json() && text(document, "/status") == "proposed") {
    session.out.note(fmt::format("Waits for a second person: sluicectl override approve {} --reason …", text(document, "/id")));
  }
}

nlohmann::json request_of(Proposal const& what) {
  nlohmann::json request = {{"kind", what.kind}, {"reason", what.reason}};
  for (auto const& [name, value] : std::initializer_list<std::pair<char const*, std::string const&>>{{"tenant", what.tenant},
                                                                                                     {"amount_yuan", what.amount},
                                                                                                     {"entitlement", what.entitlement},
                                                                                                     {"attempt", what.attempt},
                                                                                                     {"liability", what.liability},
                                                                                                     {"card_hours", what.card_hours}}) {
    if (!value.empty()) request[name] = value;
  }
  return request;
}

Result<ExitCode> decide(Session& session, Decision const& what, char const* decision) {
  auto const answer = post_once(session, Target("/v1/overrides").segment(what.id).segment("approval").text(),
                                {{"decision", decision}, {"reason", what.reason}}, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_override(session, answer->document);
  return ExitCode::ok;
}

Result<ExitCode> list(Session& session, Paging const& paging) {
  auto const found = read_list(session, Target("/v1/overrides"), paging);
  if (!found) return std::unexpected(found.error());
  print_list(session, *found, {{"OVERRIDE", true}, {"KIND"}, {"CONCERNS"}, {"YUAN", true}, {"WHO PAYS"}, {"CARD-H", true}, {"PROPOSED BY"}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               std::string concerns;
               for (auto const* const name : {"tenant", "entitlement", "attempt"}) {
                 if (auto const value = text(each, std::string("/request/") + name); value != "-") concerns = value;
               }
               return {text(each, "/id"),
                       text(each, "/kind"),
                       concerns,
                       text(each, "/request/amount_yuan"),
                       text(each, "/request/liability"),
                       text(each, "/request/card_hours"),
                       text(each, "/proposed_by")};
             });
  return ExitCode::ok;
}

Result<ExitCode> resolve(Session& session, Resolution const& what) {
  auto const dash = what.attempt.rfind('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == what.attempt.size()) {
    return fail(ExitCode::usage, fmt::format("\"{}\" is no attempt.", what.attempt), "Write JOB-NUMBER, like 48213-1.");
  }
  nlohmann::json const body = {{"liability", what.liability}, {"card_hours", what.card_hours}, {"reason", what.reason}};
  Target target("/v1/attempts");
  target.segment(what.attempt.substr(0, dash)).segment(what.attempt.substr(dash + 1)).segment("resolution");
  auto const answer = post_once(session, target.text(), body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_override(session, answer->document);
  return ExitCode::ok;
}

}  // namespace

Result<ExitCode> propose_override(Session& session, nlohmann::json const& request, std::string const& key) {
  auto const answer = post_once(session, "/v1/overrides", request, key);
  if (!answer) return std::unexpected(answer.error());
  print_override(session, answer->document);
  return ExitCode::ok;
}

void add_override_verbs(CLI::App& app, Chosen& chosen) {
  auto& override_verb = add_verb(
      app, "override", "Decisions on money that two people take: propose, approve, reject, list, show",
      "  sluicectl override propose correct_deposit --tenant t-7k3m9q2x --yuan 12.50 --reason \"double deposit of 3 November\"\n"
      "  sluicectl override propose settle_disputed --attempt 48213-1 --liability centre --card-hours 0 --reason \"it never ran\"\n"
      "  sluicectl override approve 50122 --reason \"statement seen\"");
  override_verb.require_subcommand(1);
  auto& propose_verb = add_verb(override_verb, "propose", "Propose; takes a key of one's own, not the local socket", "");
  auto proposal = std::make_shared<Proposal>();
  propose_verb.add_option("KIND", proposal->kind, "What")
      ->required()
      ->check(CLI::IsMember({"refund", "correct_deposit", "revoke_entitlement", "settle_disputed"}));
  propose_verb.add_option("--tenant", proposal->tenant, "refund, correct_deposit: whose balance");
  propose_verb.add_option("--yuan", proposal->amount, "refund, correct_deposit: how much");
  propose_verb.add_option("--entitlement", proposal->entitlement, "revoke_entitlement: which");
  propose_verb.add_option("--attempt", proposal->attempt, "settle_disputed: JOB-NUMBER");
  propose_verb.add_option("--liability", proposal->liability, "settle_disputed: who pays")
      ->check(CLI::IsMember({"tenant", "centre", "operator"}));
  propose_verb.add_option("--card-hours", proposal->card_hours, "settle_disputed: use that is settled");
  propose_verb.add_option("--reason", proposal->reason, "Why")->required();
  propose_verb.add_option("--idempotency-key", proposal->key, "Repeat safely; default: fresh");
  propose_verb.callback([&chosen, proposal] {
    chosen.verb = [proposal](Session& session) { return propose_override(session, request_of(*proposal), proposal->key); };
  });
  for (auto const& [name, decision, what] : std::initializer_list<std::tuple<char const*, char const*, char const*>>{
           {"approve", "approve", "Approve, as the second person"}, {"reject", "reject", "Reject, as the second person"}}) {
    auto& verb = add_verb(override_verb, name, what, "");
    auto made = std::make_shared<Decision>();
    verb.add_option("OVERRIDE", made->id, "Its id")->required();
    verb.add_option("--reason", made->reason, "Why")->required();
    verb.add_option("--idempotency-key", made->key, "Repeat safely; default: fresh");
    verb.callback([&chosen, made, decision = decision] {
      chosen.verb = [made, decision](Session& session) { return decide(session, *made, decision); };
    });
  }
  auto& list_verb = add_verb(override_verb, "list", "What waits for a second person, newest first", "");
  auto paging = std::make_shared<Paging>();
  add_paging(list_verb, *paging);
  list_verb.callback([&chosen, paging] { chosen.verb = [paging](Session& session) { return list(session, *paging); }; });
  auto& show_verb = add_verb(override_verb, "show", "One override", "");
  auto shown = std::make_shared<std::string>();
  show_verb.add_option("OVERRIDE", *shown, "Its id")->required();
  show_verb.callback([&chosen, shown] {
    chosen.verb = [shown](Session& session) -> Result<ExitCode> {
      auto const answer = session.api.call({.target = Target("/v1/overrides").segment(*shown).text()});
      if (!answer) return std::unexpected(answer.error());
      print_override(session, answer->document);
      return ExitCode::ok;
    };
  });

  auto& attempt =
      add_verb(app, "attempt", "Attempts whose fate is unknown",
               "  sluicectl attempt resolve 48213-1 --liability centre --card-hours 0 --reason \"it never ran; letter of the site\"");
  attempt.require_subcommand(1);
  auto& resolve_verb = add_verb(attempt, "resolve", "Say what became of an attempt; a second person approves", "");
  auto resolution = std::make_shared<Resolution>();
  resolve_verb.add_option("ATTEMPT", resolution->attempt, "JOB-NUMBER")->required();
  resolve_verb.add_option("--liability", resolution->liability, "Who pays: the tenant; the centre (nobody pays it); the operator")
      ->required()
      ->check(CLI::IsMember({"tenant", "centre", "operator"}));
  resolve_verb.add_option("--card-hours", resolution->card_hours, "Use that is settled; 0 when it never ran")->required();
  resolve_verb.add_option("--reason", resolution->reason, "Why, and what it rests on")->required();
  resolve_verb.add_option("--idempotency-key", resolution->key, "Repeat safely; default: fresh");
  resolve_verb.callback([&chosen, resolution] { chosen.verb = [resolution](Session& session) { return resolve(session, *resolution); }; });
}

}  // namespace sluice::ctl
