// Plain tables and plain JSON of the same figures.
#include "tools/day/report.hpp"

#include "tools/day/numbers.hpp"
#include "tools/day/trace_shape.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

namespace sluice::day {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, tenant_class_count> class_titles{"start-ups", "SMEs", "large", "institutes"};

void line(std::string& out, std::string const& text) { out += text + '\n'; }

std::string minutes(std::int64_t real_ms, std::int64_t compression) {
  return fmt::format("{:.1f}", static_cast<double>(real_ms) * static_cast<double>(compression) / 60'000.0);
}
std::string seconds(std::int64_t ms) { return fmt::format("{:.1f}", static_cast<double>(ms) / 1'000.0); }

void waits_row(std::string& out, std::string_view title, Waits const& waits, std::int64_t compression) {
  line(out,
       fmt::format("  {:<12}{:>9}{:>9}{:>14}{:>14}{:>14}{:>14}", title, count_text(waits.jobs), count_text(waits.started),
                   seconds(waits.p50_ms), seconds(waits.p95_ms), minutes(waits.p50_ms, compression), minutes(waits.p95_ms, compression)));
}

void spend_row(std::string& out, std::string const& title, Spend const& spend) {
  line(out,
       fmt::format("  {:<26}{:>8}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}", title, count_text(spend.jobs), hours_text(spend.card_ms),
                   yuan_text(spend.market), yuan_text(spend.list), yuan_text(spend.voucher), yuan_text(spend.fee), yuan_text(spend.paid)));
}

OrderedJson spend_json(Spend const& spend) {
  auto const money = [](std::int64_t micro) { return policy::format_yuan({micro}); };
  return {{"jobs", spend.jobs},
          {"attempts", spend.attempts},
          {"card_ms", spend.card_ms},
          {"average_list_yuan", money(spend.market)},
          {"list_yuan", money(spend.list)},
          {"centres_yuan", money(spend.gross)},
          {"voucher_yuan", money(spend.voucher)},
          {"fee_yuan", money(spend.fee)},
          {"paid_yuan", money(spend.paid)}};
}

OrderedJson waits_json(Waits const& waits) {
  return {{"accepted", waits.jobs},
          {"started", waits.started},
          {"p50_ms", waits.p50_ms},
          {"p95_ms", waits.p95_ms},
          {"longest_ms", waits.longest_ms}};
}

}  // namespace

std::vector<std::string> caveats(DayRecord const& day) {
  return {
      "Illustrative: centres, cards, prices, vouchers, tenants and troubles are made up; nothing here was measured at a real site.",
      fmt::format("Sizes, run times and hours of arrival follow the trace {}; runs longer than {} h are cut, gangs above 32 cards are 32; "
                  "everything else about a job is drawn with seed {}.",
                  trace_name, day.longest_s / 3'600, day.seed),
      fmt::format(
          "Simulated time runs {} times as fast as the clock. The broker's own work is not sped up: each real second it takes counts "
          "as {} simulated minutes in the waits.",
          day.compression, fmt::format("{:.1f}", static_cast<double>(day.compression) / 60.0)),
      "List price: the metered use at the chosen centre's own list price. Average list price: the same use at the "
      "average over all centres that offered this card when it was allocated. Utilisation counts these jobs; what other clients hold is "
      "left out.",
  };
}

std::string text_report(DayRecord const& day, Figures const& figures) {
  std::string out;
  line(out, "");
  line(out, fmt::format("A day of {} jobs of {} tenants on {} simulated clusters (figures are illustrative)", day.jobs.size(),
                        day.tenants.size(), day.places.size()));
  line(out, "");
  line(out, "Where jobs went                  jobs  card-hours  avg list ¥      list ¥   voucher ¥       fee ¥  tenants ¥");
  for (auto const& [key, spend] : figures.by_card) spend_row(out, key.first + ' ' + key.second, spend);
  spend_row(out, "all", figures.total);
  Spend const& total = figures.total;
  line(out, fmt::format("  centres charge {} ¥: {} the average list price of the same cards at the same time, {} their own list price",
                        yuan_text(total.gross), against_text(total.gross, total.market), against_text(total.gross, total.list)));
  line(out, fmt::format("  vouchers pay {} of it; tenants pay {} ¥, fee included: {} the average list price",
                        percent_text(total.voucher, total.gross), yuan_text(total.paid), against_text(total.paid, total.market)));
  line(out, "");
  line(out, "Waits, acceptance to first start  accepted  started   p50 real s   p95 real s    p50 sim min   p95 sim min");
  for (std::size_t kind = 0; kind < tenant_class_count; ++kind) waits_row(out, class_titles[kind], figures.waits[kind], day.compression);
  waits_row(out, "all", figures.waits_all, day.compression);
  line(out, "");
  line(out, "Utilisation by our jobs, mean over the 24 hours");
  for (Utilisation const& use : figures.utilisation)
    line(out, fmt::format("  {:<12}{:>6} cards  {:>5.1f} %", use.cluster, use.total_cards, use.mean * 100));
  line(out, "");
  line(out, "How jobs ended");
  for (auto const& [state, count] : figures.states) line(out, fmt::format("  {:<12}{:>8}", state, count_text(count)));
  for (auto const& [reason, count] : figures.reasons) line(out, fmt::format("    {:>6}  {}", count_text(count), reason));
  line(out, fmt::format("  tried more than once: {} jobs, of these {} went on in another cluster", figures.jobs_retried, figures.moved));
  for (auto const& [reason, count] : figures.retries) line(out, fmt::format("    {:>6}  {}", count_text(count), reason));
  if (figures.disputed > 0)
    line(out, fmt::format("  {} attempts are disputed: their money waits for look-up or a two-person decision", figures.disputed));
  line(out, "");
  line(out,
       fmt::format("  {} requests; told to wait {} times (429) and {} times (503, 507), no answer {} times; latest submission {} s late",
                   count_text(day.requests), day.told_to_wait_429, day.told_to_wait_503, day.no_answer, seconds(day.late_ms)));
  if (day.ran_twice) line(out, fmt::format("  the simulator saw {} attempts hold cards more than once", *day.ran_twice));
  line(out, "  troubles played (simulated time):");
  for (std::string const& trouble : day.troubles) line(out, "    " + trouble);
  line(out, "");
  for (std::string const& each : caveats(day)) line(out, "* " + each);
  return out;
}

std::string json_report(DayRecord const& day, Figures const& figures) {
  OrderedJson out{{"illustrative", true}, {"seed", std::to_string(day.seed)}, {"compression", day.compression}};
  out["jobs"] = day.jobs.size();
  out["real_ms"] = day.ended_ms - day.began_ms;
  out["states"] = OrderedJson(figures.states);
  out["reasons"] = OrderedJson(figures.reasons);
  out["not_final"] = figures.not_final;
  out["unexplained"] = figures.unexplained;
  out["retried"] = {{"jobs", figures.jobs_retried}, {"moved", figures.moved}, {"why", OrderedJson(figures.retries)}};
  out["disputed_attempts"] = figures.disputed;
  out["ran_twice"] = day.ran_twice ? OrderedJson(*day.ran_twice) : OrderedJson(nullptr);
  out["total"] = spend_json(figures.total);
  OrderedJson& places = out["placed"] = OrderedJson::array();
  for (auto const& [key, spend] : figures.by_card) {
    OrderedJson row{{"cluster", key.first}, {"accelerator", key.second}};
    row.update(spend_json(spend));
    places.push_back(std::move(row));
  }
  OrderedJson& classes = out["classes"] = OrderedJson::object();
  for (std::size_t kind = 0; kind < tenant_class_count; ++kind) {
    OrderedJson row = spend_json(figures.by_class[kind]);
    row["waits"] = waits_json(figures.waits[kind]);
    classes[std::string(name_of(static_cast<TenantClass>(kind)))] = std::move(row);
  }
  out["waits"] = waits_json(figures.waits_all);
  OrderedJson& uses = out["utilisation"] = OrderedJson::array();
  for (Utilisation const& use : figures.utilisation) {
    OrderedJson per_mille = OrderedJson::array();
    for (double const share : use.shares) per_mille.push_back(static_cast<std::int64_t>(share * 1'000 + 0.5));
    uses.push_back({{"cluster", use.cluster}, {"cards", use.total_cards}, {"per_mille", std::move(per_mille)}});
  }
  out["requests"] = {{"sent", day.requests},
                     {"wait_429", day.told_to_wait_429},
                     {"wait_503", day.told_to_wait_503},
                     {"no_answer", day.no_answer},
                     {"latest_ms", day.late_ms}};
  out["troubles"] = day.troubles;
  out["notes"] = caveats(day);
  return out.dump(1) + '\n';
}

}  // namespace sluice::day
