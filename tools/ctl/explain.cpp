// Lays out the explanation: five lines first, then what they rest on.
#include "tools/ctl/explain.hpp"

#include "tools/ctl/fields.hpp"

#include <fmt/format.h>

namespace sluice::ctl {
namespace {

void print_details(Session& session, nlohmann::json const& details) {
  auto const& language = session.settings.language;
  Table clusters({{"CLUSTER"}, {"VERDICT"}, {"FREE", true}, {"YOU PAY", true}, {"HOLD", true}, {"CARD PRICE NOW", true}, {"REASONS"}});
  for (auto const& cluster : items(member(details, "/clusters"))) {
    std::string reasons;
    for (auto const& reason : items(member(cluster, "/reasons"))) reasons += (reasons.empty() ? "" : " ") + reason_text(reason, language);
    clusters.add({text(cluster, "/cluster"), text(cluster, "/verdict"), text(cluster, "/free_cards"),
                  text(cluster, "/price/tenant_pays_yuan"), text(cluster, "/price/hold_yuan"),
                  text(cluster, "/capacity_price_yuan_per_card_hour"), reasons});
  }
  if (!clusters.empty()) {
    session.out.heading("Clusters");
    session.out.table(clusters);
  }
  Table history({{"WHEN"}, {"ENTRY", true}, {"ROUND", true}, {"ATTEMPT"}, {"WHAT"}, {"REASON"}});
  for (auto const& turn : items(member(details, "/history"))) {
    history.add({short_time(turn, "/at"), text(turn, "/sequence"), text(turn, "/round"), text(turn, "/attempt"),
                 in_language(member(turn, "/what"), language), text(turn, "/reason/code")});
  }
  if (!history.empty()) {
    session.out.heading("History");
    session.out.table(history);
  }
  auto const& remedies = items(member(details, "/remedies"));
  if (!remedies.empty()) session.out.heading("What would change it");
  for (auto const& remedy : remedies) session.out.line(in_language(member(remedy, "/text"), language));
  if (auto const& moved = member(details, "/moved"); moved.is_object()) {
    session.out.heading("Not the cheapest place");
    session.out.line(fmt::format("{} yuan extra, paid by {}: {}", text(moved, "/extra_yuan"), text(moved, "/paid_by"),
                                 reason_text(member(moved, "/because"), language)));
  }
}

}  // namespace

Result<ExitCode> explain(Session& session, std::string const& job, bool details) {
  Target target("/v1/jobs");
  auto const answer = session.api.call({.target = target.segment(job).segment("explain").text()});
  if (!answer) return std::unexpected(answer.error());
  if (session.out.json()) {
    session.out.document(answer->document);
    return ExitCode::ok;
  }
  for (auto const& line : items(member(answer->document, "/summary"))) {
    if (line.is_string()) session.out.line(line.get_ref<std::string const&>());
  }
  if (details) print_details(session, member(answer->document, "/details"));
  return ExitCode::ok;
}

}  // namespace sluice::ctl
