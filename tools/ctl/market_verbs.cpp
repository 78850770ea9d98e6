// offers, clusters, programmes, rounds: what there is, at what price, and how it was shared out.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct OfferQuery {
  Paging paging;
  std::string cluster, accelerator;
};

Result<ExitCode> offers(Session& session, OfferQuery const& what) {
  auto const list =
      read_list(session, Target("/v1/offers").query("cluster", what.cluster).query("accelerator", what.accelerator), what.paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"CLUSTER"},
              {"CARD"},
              {"TOTAL", true},
              {"FREE", true},
              {"SELLABLE", true},
              {"YUAN/CARD-H", true},
              {"LIST", true},
              {"QUEUE S", true},
              {"AS OF"},
              {"USABLE"},
              {"VOUCHERS"}},
             [](nlohmann::json const& offer) -> std::vector<std::string> {
               std::string vouchers;
               for (auto const& each : items(member(offer, "/programmes"))) {
                 vouchers += fmt::format("{}{} {} bp", vouchers.empty() ? "" : ", ", text(each, "/programme"), text(each, "/rate_bp"));
               }
               auto const codes = reason_codes(member(offer, "/reasons"));
               return {text(offer, "/cluster"),
                       text(offer, "/accelerator"),
                       text(offer, "/total_cards"),
                       text(offer, "/free_cards"),
                       text(offer, "/sellable_cards"),
                       text(offer, "/unit_yuan_per_card_hour"),
                       text(offer, "/list_yuan_per_card_hour"),
                       text(offer, "/queue_delay_s"),
                       short_time(offer, "/as_of"),
                       codes.empty() ? text(offer, "/usable") : "no: " + codes,
                       vouchers};
             });
  return ExitCode::ok;
}

Result<ExitCode> clusters(Session& session, Paging const& paging) {
  auto const list = read_list(session, Target("/v1/clusters"), paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"CLUSTER"}, {"PLACE"}, {"REGION"}, {"PROTOCOL"}, {"HEALTH"}, {"ADMISSION"}, {"OUR CARDS", true}, {"LAST POLL"}, {"REASONS"}},
             [&](nlohmann::json const& cluster) -> std::vector<std::string> {
               return {text(cluster, "/name"),
                       in_language(member(cluster, "/title"), session.settings.language),
                       text(cluster, "/region"),
                       text(cluster, "/protocol"),
                       text(cluster, "/health"),
                       text(cluster, "/admission"),
                       text(cluster, "/live_cards"),
                       short_time(cluster, "/last_poll_at"),
                       reason_codes(member(cluster, "/reasons"))};
             });
  return ExitCode::ok;
}

Result<ExitCode> one_cluster(Session& session, std::string const& name) {
  auto const answer = session.api.call({.target = Target("/v1/clusters").segment(name).text()});
  if (!answer) return std::unexpected(answer.error());
  auto const& cluster = answer->document;
  print_fields(session, cluster,
               {{"cluster", "/name"},
                {"place", session.settings.language == "zh" ? "/title/zh" : "/title/en"},
                {"region", "/region"},
                {"protocol", "/protocol"},
                {"health", "/health"},
                {"admission", "/admission"},
                {"last poll", "/last_poll_at"},
                {"our cards", "/live_cards"},
                {"our attempts", "/live_attempts"},
                {"run limit, s", "/max_runtime_s"},
                {"minimum spend a year", "/access/minimum_annual_spend_yuan"},
                {"approval, days at least", "/access/approval_days_min"},
                {"approval, days at most", "/access/approval_days_max"}});
  if (session.out.json()) return ExitCode::ok;
  for (auto const& reason : items(member(cluster, "/reasons")))
    session.out.line("reason: " + reason_text(reason, session.settings.language));
  Table hardware({{"CARD"}, {"CARDS", true}, {"PER NODE", true}, {"GIB", true}, {"GBIT/S", true}, {"ORIGIN"}, {"FRAMEWORKS"}});
  for (auto const& each : items(member(cluster, "/hardware"))) {
    std::string frameworks;
    for (auto const& name_of : items(member(each, "/frameworks"))) {
      if (name_of.is_string()) frameworks += (frameworks.empty() ? "" : ", ") + name_of.get<std::string>();
    }
    hardware.add({text(each, "/accelerator"), text(each, "/cards"), text(each, "/cards_per_node"), text(each, "/memory_gib"),
                  text(each, "/interconnect_gbps"), text(each, "/origin"), frameworks});
  }
  session.out.heading("Hardware");
  session.out.table(hardware);
  return ExitCode::ok;
}

Result<ExitCode> programmes(Session& session, Paging const& paging) {
  auto const list = read_list(session, Target("/v1/programmes"), paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"PROGRAMME"},
              {"VERSION", true},
              {"ACTIVE"},
              {"FLOW"},
              {"RATE BP", true},
              {"CAP", true},
              {"FLOOR", true},
              {"PURSE", true},
              {"LEFT", true},
              {"KNOWN FROM"},
              {"UNSET"}},
             [](nlohmann::json const& programme) -> std::vector<std::string> {
               std::string rates;
               for (auto const& rate : items(member(programme, "/rates"))) rates += (rates.empty() ? "" : "/") + text(rate, "/rate_bp");
               std::string unset;
               for (auto const& name : items(member(programme, "/unset"))) {
                 if (name.is_string()) unset += (unset.empty() ? "" : ", ") + name.get<std::string>();
               }
               return {text(programme, "/name"),
                       text(programme, "/version"),
                       text(programme, "/active"),
                       text(programme, "/flow"),
                       rates.empty() ? "-" : rates,
                       text(programme, "/cap_yuan"),
                       text(programme, "/floor_yuan"),
                       text(programme, "/purse_yuan"),
                       text(programme, "/purse_left_yuan"),
                       text(programme, "/source_status"),
                       unset};
             });
  return ExitCode::ok;
}

Result<ExitCode> rounds(Session& session, Paging const& paging) {
  auto const list = read_list(session, Target("/v1/rounds"), paging);
  if (!list) return std::unexpected(list.error());
  print_list(session, *list,
             {{"ROUND", true},
              {"STATE"},
              {"DECIDED"},
              {"JOBS", true},
              {"ALLOCATED", true},
              {"SKIPPED", true},
              {"WAITING", true},
              {"COST", true},
              {"BOUND", true},
              {"GAP PPM", true}},
             [](nlohmann::json const& round) -> std::vector<std::string> {
               return {text(round, "/number"),     text(round, "/state"),   short_time(round, "/decided_at"), text(round, "/jobs"),
                       text(round, "/allocated"),  text(round, "/skipped"), text(round, "/waiting"),          text(round, "/cost_yuan"),
                       text(round, "/bound_yuan"), text(round, "/gap_ppm")};
             });
  return ExitCode::ok;
}

Result<ExitCode> one_round(Session& session, std::string const& number) {
  auto const answer = session.api.call({.target = Target("/v1/rounds").segment(number).query("limit", "1000").text()});
  if (!answer) return std::unexpected(answer.error());
  auto const& round = answer->document;
  print_fields(session, round,
               {{"round", "/number"},
                {"state", "/state"},
                {"opened", "/opened_at"},
                {"decided", "/decided_at"},
                {"decision is entry", "/decided_sequence"},
                {"problem digest", "/problem_digest"},
                {"plan blob", "/plan_blob"},
                {"prices blob", "/prices_blob"},
                {"cost, yuan", "/cost_yuan"},
                {"proven bound, yuan", "/bound_yuan"},
                {"gap, ppm", "/gap_ppm"},
                {"jobs", "/jobs"},
                {"allocated", "/allocated"},
                {"skipped", "/skipped"},
                {"waiting", "/waiting"}});
  if (session.out.json()) return ExitCode::ok;
  Table table({{"JOB", true}, {"ATTEMPT"}, {"CLUSTER"}, {"CARD"}, {"CARDS", true}, {"RESULT"}, {"REASON"}});
  for (auto const& each : items(member(round, "/allocations"))) {
    table.add({text(each, "/job"), text(each, "/attempt"), text(each, "/cluster"), text(each, "/accelerator"), text(each, "/cards"),
               text(each, "/result"), text(each, "/reason/code")});
  }
  if (!table.empty()) {
    session.out.heading("Allocations");
    session.out.table(table);
  }
  return ExitCode::ok;
}

// rounds and rounds N; pause and resume are added by the operator's verbs.
struct One {
  Paging paging;
  std::string name;
};

}  // namespace

void add_market_verbs(CLI::App& app, Chosen& chosen) {
  auto& offers_verb = add_verb(app, "offers", "Capacity and prices now", "  sluicectl offers --accelerator A100");
  auto query = std::make_shared<OfferQuery>();
  add_paging(offers_verb, query->paging);
  offers_verb.add_option("--cluster", query->cluster, "Only there");
  offers_verb.add_option("--accelerator", query->accelerator, "Only this type");
  offers_verb.callback([&chosen, query] { chosen.verb = [query](Session& session) { return offers(session, *query); }; });

  auto& clusters_verb = add_verb(app, "clusters", "Clusters, or one of them", "  sluicectl clusters\n  sluicectl clusters qingyang");
  auto cluster = std::make_shared<One>();
  add_paging(clusters_verb, cluster->paging);
  clusters_verb.add_option("NAME", cluster->name, "One cluster");
  clusters_verb.callback([&chosen, cluster] {
    chosen.verb = [cluster](Session& session) {
      return cluster->name.empty() ? clusters(session, cluster->paging) : one_cluster(session, cluster->name);
    };
  });

  auto& programmes_verb =
      add_verb(app, "programmes", "Voucher programmes, also those inactive for want of figures", "  sluicectl programmes");
  auto programme_paging = std::make_shared<Paging>();
  add_paging(programmes_verb, *programme_paging);
  programmes_verb.callback([&chosen, programme_paging] {
    chosen.verb = [programme_paging](Session& session) { return programmes(session, *programme_paging); };
  });

  auto& rounds_verb = add_verb(app, "rounds", "Rounds, or one with its allocations; pause and resume them",
                               "  sluicectl rounds\n  sluicectl rounds show 911\n  sluicectl rounds pause --reason \"maintenance\"");
  auto round_paging = std::make_shared<Paging>();
  add_paging(rounds_verb, *round_paging);
  rounds_verb.require_subcommand(0, 1);
  auto& show_verb = add_verb(rounds_verb, "show", "One round", "  sluicectl rounds show 911");
  auto number = std::make_shared<std::string>();
  show_verb.add_option("NUMBER", *number, "The round's number")->required();
  // The parent's callback runs after its subcommand's: it must not take over.
  show_verb.callback([&chosen, number] { chosen.verb = [number](Session& session) { return one_round(session, *number); }; });
  rounds_verb.callback([&chosen, round_paging, &rounds_verb] {
    if (rounds_verb.get_subcommands().empty()) chosen.verb = [round_paging](Session& session) { return rounds(session, *round_paging); };
  });
}

}  // namespace sluice::ctl
