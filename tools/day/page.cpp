// Head, style and sections; the drawings come from charts.
#include "tools/day/page.hpp"

#include "policy/time.hpp"
#include "tools/day/charts.hpp"
#include "tools/day/map.hpp"
#include "tools/day/numbers.hpp"
#include "tools/day/report.hpp"

#include <fmt/format.h>

namespace sluice::day {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --paper:#f7f5f0; --card:#ffffff; --ink:#1c2431; --soft:#5b6677; --grid:#dfe2e7; --track:#eef0f3; --paid:#2f6db5; --voucher:#2c9a6b; --late:#d9a04e; --mark:#b3392f; --water:#a9c9e6; }
@media (prefers-color-scheme: dark) { :root { --paper:#12161c; --card:#1a2029; --ink:#e8ecf2; --soft:#9aa6b6; --grid:#2f3846; --track:#262e3a; --paid:#5f9de4; --voucher:#4fbf90; --late:#b97f35; --mark:#f08a7e; --water:#2f5578; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 36px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; } h2 { font-size: 19px; margin: 0 0 4px; } h3 { font-size: 15px; margin: 18px 0 4px; }
p { margin: 0 0 12px; } .soft { color: var(--soft); }
.badge { display: inline-block; border: 1px solid var(--late); border-radius: 10px; padding: 0 10px; font-size: 13px; margin-right: 6px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 22px 0 16px; }
.tile, section { background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: 16px 18px; }
.tile b { display: block; font-size: 27px; line-height: 1.25; white-space: nowrap; font-variant-numeric: tabular-nums; } .tile span { font-size: 14px; line-height: 1.35; display: block; }
section { margin: 0 0 16px; } .wide { overflow-x: auto; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 13px; } svg .axis { fill: var(--soft); font-size: 12px; } svg .name { font-weight: 600; }
.map text { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg .water { fill: var(--soft); font-size: 12px; font-style: italic; } .river { fill: none; stroke: var(--water); stroke-width: 2.2; stroke-linecap: round; }
.grid { stroke: var(--grid); stroke-width: 1; } .midnight { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.ring { fill: var(--paid); fill-opacity: .08; stroke: var(--paid); stroke-opacity: .55; } .dot { fill: var(--paid); fill-opacity: .75; } .area { fill: var(--paid); fill-opacity: .55; }
.paid { background: var(--paid); } .voucher { background: var(--voucher); } .late { background: var(--late); }
.bars { display: grid; gap: 9px; } .bar { display: grid; grid-template-columns: 150px 1fr 118px; gap: 12px; align-items: center; font-size: 14px; }
.bar .figure { font-variant-numeric: tabular-nums; } .track { display: flex; position: relative; height: 18px; background: var(--track); border-radius: 3px; }
.track i { height: 100%; } .track i:first-child { border-radius: 3px 0 0 3px; } .mark { position: absolute; top: -3px; bottom: -3px; width: 3px; margin-left: -1px; background: var(--mark); border-radius: 1px; }
.key span { white-space: nowrap; margin-right: 14px; } .key i { display: inline-block; width: 12px; height: 12px; margin-right: 5px; vertical-align: -1px; border-radius: 2px; } .key .line { background: var(--mark); width: 3px; }
.uses { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 18px 26px; } figure { margin: 0; min-width: 0; } figcaption { font-size: 14px; display: flex; justify-content: space-between; gap: 8px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 0 36px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 5px 8px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; } .columns td { white-space: normal; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child { text-align: left; padding-left: 0; } tr.sum td { font-weight: 600; border-bottom: 0; }
ul { margin: 0; padding-left: 20px; } li { margin: 3px 0; }
@media (max-width: 640px) { main { padding: 22px 12px 40px; } h1 { font-size: 25px; } .tiles { grid-template-columns: 1fr 1fr; } .tile b { font-size: 22px; } .tile, section { padding: 13px 14px; }
 .bar { grid-template-columns: 1fr auto; gap: 3px 8px; } .bar .track { grid-row: 2; grid-column: 1 / 3; } .bars { gap: 12px; }
 .map text { font-size: 22px; } .map .axis, .map .water { display: none; } }
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
  return "<div class=\"wide\">" + out + row(spend_cells("all", "", figures.total), true) + "</tbody>\n</table></div>\n";
}

std::string counts_table(std::string_view title, std::map<std::string, std::int64_t> const& counts, std::string const& what) {
  std::string out = fmt::format("<div><h3>{}</h3>\n<table>\n", escaped(title)) + head({what, "jobs"}) + "<tbody>\n";
  for (auto const& [name, count] : counts) out += row({name, count_text(count)});
  return out + "</tbody>\n</table></div>\n";
}

std::string list(std::string_view title, std::vector<std::string> const& sentences) {
  if (sentences.empty()) return {};
  std::string out = fmt::format("<h3>{}</h3>\n<ul>\n", escaped(title));
  for (std::string const& each : sentences) out += "<li>" + escaped(each) + "</li>\n";
  return out + "</ul>\n";
}

std::string tiles(DayRecord const& day, Figures const& figures) {
  Spend const& total = figures.total;
  auto const completed = figures.states.find("completed");
  double const p95_s = static_cast<double>(figures.waits_all.p95_ms) / 1'000;
  std::string out = "<div class=\"tiles\">\n";
  out += tile(count_text(completed == figures.states.end() ? 0 : completed->second),
              fmt::format("of {} jobs completed", count_text(static_cast<std::int64_t>(day.jobs.size()))));
  out += tile(hours_text(total.card_ms), "card-hours settled");
  out += tile(change_text(total.paid, total.market), "what tenants pay, fee included, against the average list price");
  out += tile(percent_text(total.voucher, total.gross), "of the centres' price paid by vouchers");
  out += tile(fmt::format("{:.1f} min", p95_s * static_cast<double>(day.compression) / 60),
              fmt::format("simulated wait that 95 % of jobs stay below ({:.1f} s real)", p95_s));
  return out + "</div>\n";
}

std::string section(std::string_view title, std::string_view lead, std::string const& body) {
  return fmt::format("<section>\n<h2>{}</h2>\n<p class=\"soft\">{}</p>\n{}</section>\n", escaped(title), lead, body);
}

}  // namespace

std::string html_page(DayRecord const& day, Figures const& figures) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>Sluice: a simulated day</title>\n<style>";
  out += style;
  out += "</style>\n</head>\n<body>\n<main>\n";
  out += fmt::format(
      "<h1>Sluice: a simulated day of {} jobs</h1>\n<p><span class=\"badge\">illustrative figures</span> <span class=\"soft\">"
      "{} tenants, {} clusters, {} s of real time from {}</span></p>\n",
      count_text(static_cast<std::int64_t>(day.jobs.size())), day.tenants.size(), day.places.size(), (day.ended_ms - day.began_ms) / 1'000,
      policy::format_rfc3339({day.began_ms}));
  out += tiles(day, figures);
  out += section("Where the work went",
                 "Area stands for card-hours: the ring for what a cluster has in 24 hours, the disc for what these jobs used.",
                 map_svg(day, figures));
  out +=
      section("Cost per city",
              "<span class=\"key\"><span><i class=\"paid\"></i>tenants pay, fee included</span> <span><i class=\"voucher\"></i>vouchers pay"
              "</span> <span><i class=\"line\"></i>the same use at the average list price of its cards</span></span>",
              cost_bars(day, figures));
  out += section(
      "Utilisation over time",
      "Share of each cluster's cards held by these jobs, by quarters of a simulated hour. After the dashed line nothing more is submitted.",
      utilisation_charts(day, figures));
  out += section(
      "Waits by tenant class",
      "<span class=\"key\">From acceptance to first start: <span><i class=\"paid\"></i>median</span> <span><i class=\"late\"></i>95th "
      "percentile</span> in simulated minutes</span>",
      wait_bars(day, figures));
  out += section("Cluster by card", "Settled use; what nobody is charged for is left out.", placed_table(day, figures));
  std::string ends = "<div class=\"columns\">" + counts_table("All jobs", figures.states, "state");
  if (!figures.reasons.empty()) ends += counts_table("Why jobs did not complete", figures.reasons, "state: reason");
  if (!figures.retries.empty())
    ends += counts_table(fmt::format("Why {} jobs were tried again, {} of them elsewhere", figures.jobs_retried, figures.moved),
                         figures.retries, "end of an earlier attempt");
  out += section("How jobs ended", "Every job has one of these ends.", ends + "</div>\n");
  out += section("How to read this", "What was played, and what the figures mean.",
                 list("Troubles of the day, in simulated time", day.troubles) + list("How the figures came about", caveats(day)));
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace sluice::day
