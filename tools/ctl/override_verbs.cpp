// override and attempt: decisions on money that two people take.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct Proposal {
  std::string tenant, amount, reason, key;
};

struct Decision {
  std::string id, reason, key;
};

struct Resolution {
  std::string attempt, outcome, liability, card_hours, ended_at, reason, key;
};

struct OverrideList {
  Paging paging;
  std::string status;
};

void print_override(Session& session, nlohmann::json const& document) {
  print_fields(session, document,
               {{"override", "/id"},
                {"kind", "/kind"},
                {"status", "/status"},
                {"tenant", "/request/tenant"},
                {"amount, yuan", "/request/amount_yuan"},
                {"attempt", "/request/attempt"},
                {"outcome", "/request/outcome"},
                {"liability", "/request/liability"},
                {"reason", "/request/reason"},
                {"proposed by", "/proposed_by"},
                {"decided by", "/decided_by"},
                {"effect is entry", "/effect_sequence"}});
  if (!session.out.json() && text(document, "/status") == "proposed") {
    session.out.note(fmt::format("Waits for a second person: sluicectl override approve {} --reason …", text(document, "/id")));
  }
}

Result<ExitCode> propose(Session& session, Proposal const& what) {
  auto const answer =
      post_once(session, "/v1/overrides",
                {{"kind", "balance_adjustment"}, {"tenant", what.tenant}, {"amount_yuan", what.amount}, {"reason", what.reason}}, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_override(session, answer->document);
  return ExitCode::ok;
}

Result<ExitCode> decide(Session& session, Decision const& what, char const* decision) {
  auto const answer = post_once(session, Target("/v1/overrides").segment(what.id).segment("approval").text(),
                                {{"decision", decision}, {"reason", what.reason}}, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_override(session, answer->document);
  return ExitCode::ok;
}

Result<ExitCode> list(Session& session, OverrideList const& what) {
  auto const found = read_list(session, Target("/v1/overrides").query("status", what.status), what.paging);
  if (!found) return std::unexpected(found.error());
  print_list(session, *found,
             {{"OVERRIDE", true}, {"KIND"}, {"STATUS"}, {"CONCERNS"}, {"YUAN", true}, {"PROPOSED"}, {"BY"}, {"DECIDED BY"}, {"REASON"}},
             [](nlohmann::json const& each) -> std::vector<std::string> {
               auto const attempt = text(each, "/request/attempt");
               return {text(each, "/id"),
                       text(each, "/kind"),
                       text(each, "/status"),
                       attempt == "-" ? text(each, "/request/tenant") : attempt,
                       text(each, "/request/amount_yuan"),
                       short_time(each, "/proposed_at"),
                       text(each, "/proposed_by"),
                       text(each, "/decided_by"),
                       text(each, "/request/reason")};
             });
  return ExitCode::ok;
}

Result<ExitCode> resolve(Session& session, Resolution const& what) {
  auto const dash = what.attempt.rfind('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == what.attempt.size()) {
    return fail(ExitCode::usage, fmt::format("\"{}\" is no attempt.", what.attempt), "Write JOB-NUMBER, like 48213-1.");
  }
  nlohmann::json body = {{"outcome", what.outcome}, {"reason", what.reason}};
  for (auto const& [name, value] : std::initializer_list<std::pair<char const*, std::string const&>>{
           {"liability", what.liability}, {"card_hours", what.card_hours}, {"ended_at", what.ended_at}}) {
    if (!value.empty()) body[name] = value;
  }
  Target target("/v1/attempts");
  target.segment(what.attempt.substr(0, dash)).segment(what.attempt.substr(dash + 1)).segment("resolution");
  auto const answer = post_once(session, target.text(), body, what.key);
  if (!answer) return std::unexpected(answer.error());
  print_override(session, answer->document);
  return ExitCode::ok;
}

}  // namespace

void add_override_verbs(CLI::App& app, Chosen& chosen) {
  auto& override_verb = add_verb(app, "override", "Decisions on money that two people take: propose, approve, reject, list, show",
                                 "  sluicectl override propose t-7k3m9q2x=-12.50 --reason \"double deposit of 3 November\"\n  sluicectl "
                                 "override approve 50122 --reason \"statement seen\"");
  override_verb.require_subcommand(1);
  auto& propose_verb = add_verb(override_verb, "propose", "Propose to correct a balance", "");
  auto proposal = std::make_shared<Proposal>();
  auto change = std::make_shared<std::string>();
  propose_verb.add_option("TENANT=YUAN", *change, "Whose balance, and what is added to it; may be negative")->required();
  propose_verb.add_option("--reason", proposal->reason, "Why")->required();
  propose_verb.add_option("--idempotency-key", proposal->key, "Repeat safely; default: fresh");
  propose_verb.callback([&chosen, proposal, change] {
    chosen.verb = [proposal, change](Session& session) -> Result<ExitCode> {
      auto const equals = change->find('=');
      if (equals == std::string::npos || equals == 0)
        return fail(ExitCode::usage, fmt::format("\"{}\" is no TENANT=YUAN.", *change), "Write t-7k3m9q2x=-12.50.");
      Proposal whole = *proposal;
      whole.tenant = change->substr(0, equals);
      whole.amount = change->substr(equals + 1);
      return propose(session, whole);
    };
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
  auto& list_verb = add_verb(override_verb, "list", "Overrides, newest first", "");
  auto listing = std::make_shared<OverrideList>();
  add_paging(list_verb, listing->paging);
  list_verb.add_option("--status", listing->status, "Only these")->check(CLI::IsMember({"proposed", "approved", "rejected"}));
  list_verb.callback([&chosen, listing] { chosen.verb = [listing](Session& session) { return list(session, *listing); }; });
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

  auto& attempt = add_verb(app, "attempt", "Attempts whose fate is unknown",
                           "  sluicectl attempt resolve 48213-1 --outcome never_ran --reason \"letter of the site\"");
  attempt.require_subcommand(1);
  auto& resolve_verb = add_verb(attempt, "resolve", "Say what became of an attempt; a second person approves", "");
  auto resolution = std::make_shared<Resolution>();
  resolve_verb.add_option("ATTEMPT", resolution->attempt, "JOB-NUMBER")->required();
  resolve_verb.add_option("--outcome", resolution->outcome, "What is known")
      ->required()
      ->check(CLI::IsMember({"never_ran", "completed", "failed", "still_running"}));
  resolve_verb.add_option("--liability", resolution->liability, "Who pays; default: by the rule of the outcome")
      ->check(CLI::IsMember({"tenant", "nobody", "operator"}));
  resolve_verb.add_option("--card-hours", resolution->card_hours, "Use agreed with the site; default: the last meter");
  resolve_verb.add_option("--ended-at", resolution->ended_at, "RFC 3339");
  resolve_verb.add_option("--reason", resolution->reason, "Why, and what it rests on")->required();
  resolve_verb.add_option("--idempotency-key", resolution->key, "Repeat safely; default: fresh");
  resolve_verb.callback([&chosen, resolution] { chosen.verb = [resolution](Session& session) { return resolve(session, *resolution); }; });
}

}  // namespace sluice::ctl
