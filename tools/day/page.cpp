// Head, style and sections; the drawings come from charts.
#include "tools/day/page.hpp"

#include "policy/time.hpp"
#include "tools/day/charts.hpp"
#include "tools/day/numbers.hpp"
#include "tools/day/report.hpp"

#include <fmt/format.h>

namespace sluice::day {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --paper:#fbfaf7; --card:#ffffff; --ink:#1d2430; --soft:#5d6878; --grid:#d9dde3; --paid:#2f6db5; --voucher:#2f9e6e; --late:#c9842b; --mark:#b3392f; }
@media (prefers-color-scheme: dark) { :root { --paper:#14181f; --card:#1c222b; --ink:#e8ecf2; --soft:#9aa6b6; --grid:#343d4a; --paid:#6aa5e8; --voucher:#5cc79a; --late:#e0a458; --mark:#ef7d72; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; } h2 { font-size: 19px; margin: 0 0 4px; }
p { margin: 0 0 10px; } .soft { color: var(--soft); }
.badge { display: inline-block; border: 1px solid var(--late); color: var(--late); border-radius: 4px; padding: 0 8px; font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0; }
.tile, section { background: var(--card); border: 1px solid var(--grid); border-radius: 8px; padding: 14px 16px; }
.tile b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; } section { margin: 0 0 16px; overflow-x: auto; }
svg { display: block; width: 100%; height: auto; min-width: 560px; }
svg text { fill: var(--ink); font-size: 13px; } svg .axis { fill: var(--soft); font-size: 11.5px; } svg .name { font-weight: 600; }
.grid { stroke: var(--grid); stroke-width: 1; } .mark { stroke: var(--mark); stroke-width: 2.5; }
.dot, .area { fill: var(--paid); fill-opacity: .45; stroke: var(--paid); stroke-width: 1.2; }
.paid { fill: var(--paid); } .voucher { fill: var(--voucher); } .late { fill: var(--late); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 4px 8px; text-align: right; border-bottom: 1px solid var(--grid); } th:first-child, td:first-child { text-align: left; }
tr.sum td { font-weight: 600; } .key span { display: inline-block; width: 12px; height: 12px; margin: 0 5px 0 14px; vertical-align: -1px; }
.key .k1 { background: var(--paid); } .key .k2 { background: var(--voucher); } .key .k3 { background: var(--mark); width: 3px; } .key .k4 { background: var(--late); }
)";

std::string tile(std::string const& figure, std::string_view what) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span class=\"soft\">{}</span></div>\n", escaped(figure), escaped(what));
}

std::string row(std::vector<std::string> const& cells, bool sum = false) {
  std::string out = sum ? "<tr class=\"sum\">" : "<tr>";
  for (std::string const& cell : cells) out += "<td>" + escaped(cell) + "</td>";
  return out + "</tr>\n";
}

std::string head(std::vector<std::string> const& cells) {
  std::string out = "<thead><tr>";
  for (std::string const& cell : cells) out += "<th>" + escaped(cell) + "</th>";
  return out + "</tr></thead>\n";
}

std::vector<std::string> spend_cells(std::string const& name, std::string const& card, Spend const& spend) {
  return {name,
          card,
          count_text(spend.jobs),
          hours_text(spend.card_ms),
          yuan_text(spend.market),
          yuan_text(spend.list),
          yuan_text(spend.voucher),
          yuan_text(spend.fee),
          yuan_text(spend.paid)};
}

std::string placed_table(DayRecord const& day, Figures const& figures) {
  std::string out = "<table>\n" +
                    head({"cluster", "card", "jobs", "card-hours", "average list ¥", "list ¥", "vouchers ¥", "fee ¥", "tenants ¥"}) +
                    "<tbody>\n";
  for (auto const& [key, spend] : figures.by_card) {
    std::string name = key.first;
    for (Place const& place : day.places)
      if (place.cluster == key.first) name = place.english + ' ' + place.chinese;
    out += row(spend_cells(name, key.second, spend));
  }
  return out + row(spend_cells("all", "", figures.total), true) + "</tbody>\n</table>\n";
}

std::string counts_table(std::map<std::string, std::int64_t> const& counts, std::string const& what) {
  std::string out = "<table>\n" + head({what, "jobs"}) + "<tbody>\n";
  for (auto const& [name, count] : counts) out += row({name, count_text(count)});
  return out + "</tbody>\n</table>\n";
}

std::string section(std::string_view title, std::string_view lead, std::string const& body) {
  return fmt::format("<section>\n<h2>{}</h2>\n<p class=\"soft\">{}</p>\n{}</section>\n", escaped(title), lead, body);
}

}  // namespace

std::string html_page(DayRecord const& day, Figures const& figures) {
  Spend const& total = figures.total;
  auto const completed = figures.states.find("completed");
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>Sluice: a simulated day</title>\n<style>";
  out += style;
  out += "</style>\n</head>\n<body>\n<main>\n";
  out += fmt::format(
      "<h1>Sluice: a simulated day of {} jobs</h1>\n<p><span class=\"badge\">illustrative figures</span> <span class=\"soft\">"
      "{} tenants, {} clusters, {} seconds of real time, {}</span></p>\n",
      count_text(static_cast<std::int64_t>(day.jobs.size())), day.tenants.size(), day.places.size(), (day.ended_ms - day.began_ms) / 1'000,
      policy::format_rfc3339({day.began_ms}));
  out += "<div class=\"tiles\">\n";
  out += tile(count_text(completed == figures.states.end() ? 0 : completed->second), "jobs completed");
  out += tile(hours_text(total.card_ms), "card-hours paid for");
  out += tile(against_text(total.gross, total.market), "the average list price: what centres charge");
  out += tile(percent_text(total.voucher, total.gross), "of the centres' price paid by vouchers");
  out += tile(against_text(total.paid, total.market), "the average list price: what tenants pay, fee included");
  out += "</div>\n";
  out += section("Where the work went", "The area of a dot is the card-hours run there.", map_svg(day, figures));
  out += section("Cost per city",
                 "<span class=\"key\"><span class=\"k1\"></span>tenants pay, fee included<span class=\"k2\"></span>vouchers pay"
                 "<span class=\"k3\"></span>the same use at the average list price of its cards</span>",
                 cost_svg(day, figures));
  out += section("Utilisation over time", "Share of each cluster's cards held by our jobs, by quarters of a simulated hour.",
                 utilisation_svg(day, figures));
  out += section("Waits by tenant class",
                 "From acceptance to first start, in simulated minutes."
                 "<span class=\"key\"><span class=\"k1\"></span>median<span class=\"k4\"></span>95th percentile</span>",
                 waits_svg(day, figures));
  out += section("Cluster by card", "Settled use; what nobody is charged for is left out.", placed_table(day, figures));
  std::string ends = counts_table(figures.states, "state");
  if (!figures.reasons.empty()) ends += "<h2>Why jobs did not complete</h2>\n" + counts_table(figures.reasons, "state: reason");
  if (!figures.retries.empty())
    ends += fmt::format("<h2>Why {} jobs were tried again ({} in another cluster)</h2>\n", figures.jobs_retried, figures.moved) +
            counts_table(figures.retries, "end of an earlier attempt");
  out += section("How jobs ended", "Every job has one of these ends.", ends);
  std::string notes = "<ul>\n";
  for (std::string const& trouble : day.troubles) notes += "<li>" + escaped(trouble) + "</li>\n";
  notes += "</ul>\n<h2>How to read this</h2>\n<ul>\n";
  for (std::string const& each : caveats(day)) notes += "<li>" + escaped(each) + "</li>\n";
  out += section("Troubles of the day", "Played by the simulator, in simulated time.", notes + "</ul>\n");
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace sluice::day
