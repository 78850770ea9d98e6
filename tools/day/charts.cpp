// Each chart is a function from figures to text. Bars are shares of the longest one, in per cent of the track.
#include "tools/day/charts.hpp"

#include "tools/day/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::day {
namespace {

std::string bar(std::string_view kind, double share, std::string_view tip) {
  return fmt::format("<i class=\"{}\" style=\"width:{:.2f}%\" title=\"{}\"></i>", kind, 100 * share, escaped(tip));
}

/// Name, track and figure of one row.
std::string bar_row(std::string_view name, std::string const& track, std::string_view figure) {
  return fmt::format("<div class=\"bar\"><span>{}</span><span class=\"track\">{}</span><span class=\"figure\">{}</span></div>\n",
                     escaped(name), track, escaped(figure));
}

std::string rule(double x1, double y1, double x2, double y2, std::string_view kind) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2, y2, kind);
}

std::string text(double x, double y, std::string_view words, std::string_view anchor) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"axis\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, escaped(words));
}

Spend spend_at(Figures const& figures, std::string const& cluster) {
  auto const found = figures.by_cluster.find(cluster);
  return found == figures.by_cluster.end() ? Spend{} : found->second;
}

/// Shares of a cluster's cards as steps over the hours, the first 24 of them the day itself.
std::string use_svg(Utilisation const& use, double slice_hours, std::string_view name) {
  constexpr double width = 440, height = 104, left = 44, right = 6, top = 8, plot = 74;
  double const hours = std::max(24.0, static_cast<double>(use.shares.size()) * slice_hours);
  double const per_hour = (width - left - right) / hours;
  auto const x = [&](double hour) { return left + hour * per_hour; };
  auto const y = [&](double share) { return top + plot * (1 - std::min(1.0, share)); };
  std::string out = fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", width, height,
                                escaped(fmt::format("Utilisation of {}: mean {:.0f} %", name, use.mean * 100)));
  for (double const share : {0.0, 0.5, 1.0}) {
    out += rule(left, y(share), width - right, y(share), "grid");
    out += text(left - 6, y(share) + 4, fmt::format("{:.0f} %", share * 100), "end");
  }
  std::string points = fmt::format("{:.1f},{:.1f}", x(0), y(0));
  for (std::size_t slice = 0; slice < use.shares.size(); ++slice) {
    double const from = static_cast<double>(slice) * slice_hours;
    points += fmt::format(" {:.1f},{:.1f} {:.1f},{:.1f}", x(from), y(use.shares[slice]), x(from + slice_hours), y(use.shares[slice]));
  }
  points += fmt::format(" {:.1f},{:.1f}", x(static_cast<double>(use.shares.size()) * slice_hours), y(0));
  out += "<polygon points=\"" + points + "\" class=\"area\"/>\n";
  out += rule(x(24), top, x(24), top + plot, "midnight");
  for (double hour = 0; hour <= hours; hour += 6)
    out += text(x(hour), height - 6, fmt::format("{:.0f} h", hour), hour == 0 ? "start" : x(hour) > width - 24 ? "end" : "middle");
  return out + "</svg>";
}

}  // namespace

std::string cost_bars(DayRecord const& day, Figures const& figures) {
  std::int64_t most = 1;
  for (Place const& place : day.places) {
    Spend const spend = spend_at(figures, place.cluster);
    most = std::max({most, spend.market, spend.paid + spend.voucher});
  }
  auto const share = [most](std::int64_t micro) { return static_cast<double>(micro) / static_cast<double>(most); };
  std::string out = "<div class=\"bars\">\n";
  for (Place const& place : day.places) {
    Spend const spend = spend_at(figures, place.cluster);
    std::string track = bar("paid", share(spend.paid), "tenants pay ¥" + yuan_text(spend.paid));
    track += bar("voucher", share(spend.voucher), "vouchers pay ¥" + yuan_text(spend.voucher));
    track += fmt::format("<b class=\"mark\" style=\"left:{:.2f}%\" title=\"{}\"></b>", 100 * share(spend.market),
                         escaped("average list price ¥" + yuan_text(spend.market)));
    out += bar_row(place.english + ' ' + place.chinese, track, "¥" + yuan_text(spend.paid + spend.voucher));
  }
  return out + "</div>\n";
}

std::string wait_bars(DayRecord const& day, Figures const& figures) {
  static constexpr std::array<std::string_view, tenant_class_count> titles{"Start-ups", "SMEs", "Large companies", "Institutes"};
  std::int64_t most = 1;
  for (Waits const& waits : figures.waits) most = std::max(most, waits.p95_ms);
  double const minutes = static_cast<double>(day.compression) / 60'000.0;
  std::string out = "<div class=\"bars\">\n";
  for (std::size_t kind = 0; kind < tenant_class_count; ++kind) {
    double const p50 = static_cast<double>(figures.waits[kind].p50_ms);
    double const p95 = static_cast<double>(figures.waits[kind].p95_ms);
    std::string const track =
        bar("paid", p50 / static_cast<double>(most), fmt::format("median {:.1f} s of real time", p50 / 1'000)) +
        bar("late", (p95 - p50) / static_cast<double>(most), fmt::format("95th percentile {:.1f} s of real time", p95 / 1'000));
    out += bar_row(titles[kind], track, fmt::format("{:.1f} · {:.1f} min", p50 * minutes, p95 * minutes));
  }
  return out + "</div>\n";
}

std::string utilisation_charts(DayRecord const& day, Figures const& figures) {
  std::string out = "<div class=\"uses\">\n";
  for (Utilisation const& use : figures.utilisation) {
    auto const place = std::ranges::find(day.places, use.cluster, &Place::cluster);
    std::string const name = place == day.places.end() ? use.cluster : place->english + ' ' + place->chinese;
    out += fmt::format("<figure><figcaption><b>{}</b> <span class=\"soft\">{} cards, mean {:.0f} %</span></figcaption>\n{}</figure>\n",
                       escaped(name), use.total_cards, use.mean * 100, use_svg(use, figures.slice_hours, name));
  }
  return out + "</div>\n";
}

}  // namespace sluice::day
