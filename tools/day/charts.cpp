// Each drawing is a function from figures to text; sizes are in the units of its own viewBox.
#include "tools/day/charts.hpp"

#include "tools/day/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::day {
namespace {

std::string open(double width, double height, std::string_view title) {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n<title>{}</title>\n", width, height,
                     escaped(title), escaped(title));
}
std::string text(double x, double y, std::string_view words, std::string_view kind = "label", std::string_view anchor = "start") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n", x, y, kind, anchor, escaped(words));
}
std::string box(double x, double y, double width, double height, std::string_view kind, std::string_view tip) {
  return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\"><title>{}</title></rect>\n", x, y,
                     std::max(0.0, width), height, kind, escaped(tip));
}
std::string rule(double x1, double y1, double x2, double y2, std::string_view kind = "grid") {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2, y2, kind);
}

Spend const& spend_at(Figures const& figures, std::string const& cluster) {
  static Spend const none;
  auto const found = figures.by_cluster.find(cluster);
  return found == figures.by_cluster.end() ? none : found->second;
}

Utilisation const* use_of(Figures const& figures, std::string const& cluster) {
  auto const found = std::ranges::find(figures.utilisation, cluster, &Utilisation::cluster);
  return found == figures.utilisation.end() ? nullptr : &*found;
}

}  // namespace

std::string map_svg(DayRecord const& day, Figures const& figures) {
  constexpr double width = 760;
  constexpr double margin = 70;
  double west = 180, east = -180, south = 90, north = -90, most = 1;
  for (Place const& place : day.places) {
    west = std::min(west, place.longitude);
    east = std::max(east, place.longitude);
    south = std::min(south, place.latitude);
    north = std::max(north, place.latitude);
    most = std::max(most, static_cast<double>(spend_at(figures, place.cluster).card_ms));
  }
  // A degree of longitude is shorter than one of latitude by the cosine of the latitude: distances then look right.
  double const squeeze = std::cos((south + north) / 2 * 3.14159265358979 / 180);
  double const scale = (width - 3 * margin) / std::max(1.0, (east - west) * squeeze);
  double const height = std::max(240.0, (north - south) * scale + 2 * margin);
  auto const x_of = [&](double longitude) { return 1.5 * margin + (longitude - west) * squeeze * scale; };
  auto const y_of = [&](double latitude) { return margin + (north - latitude) * scale; };
  std::string out = open(width, height, "Map of the clusters");
  for (int degree = static_cast<int>(std::ceil(west / 2)) * 2; degree <= east; degree += 2) {
    out += rule(x_of(degree), 8, x_of(degree), height - 20);
    out += text(x_of(degree), height - 6, fmt::format("{}°E", degree), "axis", "middle");
  }
  for (int degree = static_cast<int>(std::ceil(south / 2)) * 2; degree <= north; degree += 2) {
    out += rule(34, y_of(degree), width - 8, y_of(degree));
    out += text(30, y_of(degree) + 4, fmt::format("{}°N", degree), "axis", "end");
  }
  for (Place const& place : day.places) {
    Spend const& spend = spend_at(figures, place.cluster);
    Utilisation const* use = use_of(figures, place.cluster);
    double const radius = 4 + 26 * std::sqrt(static_cast<double>(spend.card_ms) / most);
    std::string const numbers = fmt::format("{} card-hours, {} jobs, {:.0f} % used", hours_text(spend.card_ms), count_text(spend.jobs),
                                            use == nullptr ? 0.0 : use->mean * 100);
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"dot\"><title>{}</title></circle>\n", x_of(place.longitude),
                       y_of(place.latitude), radius, escaped(place.english + ": " + numbers));
    // Where two lie close, the western one writes to its left.
    bool const crowded = std::ranges::any_of(day.places, [&](Place const& other) {
      return other.cluster != place.cluster && std::abs(other.latitude - place.latitude) < 1 && other.longitude > place.longitude &&
             other.longitude - place.longitude < 3;
    });
    double const x = x_of(place.longitude) + (crowded ? -radius - 6 : radius + 6);
    std::string_view const anchor = crowded ? "end" : "start";
    out += text(x, y_of(place.latitude) - 2, place.english + ' ' + place.chinese, "name", anchor);
    out += text(x, y_of(place.latitude) + 14, fmt::format("{} card-hours", hours_text(spend.card_ms)), "axis", anchor);
  }
  return out + "</svg>\n";
}

std::string cost_svg(DayRecord const& day, Figures const& figures) {
  constexpr double width = 760, left = 150, right = 120, row = 34;
  double const height = row * static_cast<double>(day.places.size()) + 12;
  std::int64_t most = 1;
  for (Place const& place : day.places) {
    Spend const& spend = spend_at(figures, place.cluster);
    most = std::max({most, spend.market, spend.paid + spend.voucher});
  }
  double const scale = (width - left - right) / static_cast<double>(most);
  std::string out = open(width, height, "Cost per city");
  double y = 6;
  for (Place const& place : day.places) {
    Spend const& spend = spend_at(figures, place.cluster);
    double const paid = static_cast<double>(spend.paid) * scale;
    double const voucher = static_cast<double>(spend.voucher) * scale;
    double const average = left + static_cast<double>(spend.market) * scale;
    out += text(left - 10, y + 19, place.english + ' ' + place.chinese, "label", "end");
    out += box(left, y + 6, paid, row - 14, "paid", "tenants pay ¥" + yuan_text(spend.paid));
    out += box(left + paid, y + 6, voucher, row - 14, "voucher", "vouchers pay ¥" + yuan_text(spend.voucher));
    out += rule(average, y + 2, average, y + row - 4, "mark");
    out += text(std::max(average, left + paid + voucher) + 8, y + 19, '\xc2' + std::string("\xa5") + yuan_text(spend.paid + spend.voucher),
                "axis");
    y += row;
  }
  return out + "</svg>\n";
}

std::string utilisation_svg(DayRecord const& day, Figures const& figures) {
  constexpr double width = 760, cell_width = 370, cell_height = 112, plot_height = 64, left = 34;
  double const rows = std::ceil(static_cast<double>(figures.utilisation.size()) / 2);
  std::string out = open(width, rows * cell_height + 4, "Utilisation over the simulated day");
  for (std::size_t i = 0; i < figures.utilisation.size(); ++i) {
    Utilisation const& use = figures.utilisation[i];
    double const x0 = static_cast<double>(i % 2) * (width - cell_width) + left;
    double const y0 = static_cast<double>(i / 2) * cell_height + 22;
    double const plot_width = cell_width - left - 8;
    double const step = plot_width / std::max<double>(1, static_cast<double>(use.shares.size()));
    auto const place = std::ranges::find(day.places, use.cluster, &Place::cluster);
    std::string const name = place == day.places.end() ? use.cluster : place->english + ' ' + place->chinese;
    out += text(x0, y0 - 8, name, "name");
    out += text(x0 + plot_width, y0 - 8, fmt::format("{} cards, mean {:.0f} %", use.total_cards, use.mean * 100), "axis", "end");
    for (int percent = 0; percent <= 100; percent += 50) {
      double const y = y0 + plot_height * (1 - percent / 100.0);
      out += rule(x0, y, x0 + plot_width, y);
      out += text(x0 - 5, y + 4, fmt::format("{} %", percent), "axis", "end");
    }
    std::string points = fmt::format("{:.1f},{:.1f}", x0, y0 + plot_height);
    for (std::size_t slice = 0; slice < use.shares.size(); ++slice) {
      double const y = y0 + plot_height * (1 - std::min(1.0, use.shares[slice]));
      points += fmt::format(" {:.1f},{:.1f} {:.1f},{:.1f}", x0 + step * static_cast<double>(slice), y,
                            x0 + step * static_cast<double>(slice + 1), y);
    }
    points += fmt::format(" {:.1f},{:.1f}", x0 + plot_width, y0 + plot_height);
    out += fmt::format("<polygon points=\"{}\" class=\"area\"/>\n", points);
    double const hours = static_cast<double>(use.shares.size()) * figures.slice_hours;
    for (double hour = 0; hour <= hours; hour += 6)
      out += text(x0 + plot_width * hour / std::max(1.0, hours), y0 + plot_height + 14, fmt::format("{:.0f} h", hour), "axis", "middle");
  }
  return out + "</svg>\n";
}

std::string waits_svg(DayRecord const& day, Figures const& figures) {
  constexpr double width = 760, left = 150, right = 210, row = 46;
  static constexpr std::array<std::string_view, tenant_class_count> titles{"Start-ups", "SMEs", "Large companies", "Institutes"};
  std::int64_t most = 1;
  for (Waits const& waits : figures.waits) most = std::max(most, waits.p95_ms);
  double const scale = (width - left - right) / static_cast<double>(most);
  double const minutes = static_cast<double>(day.compression) / 60'000.0;
  std::string out = open(width, row * tenant_class_count + 8, "Waits by tenant class");
  for (std::size_t kind = 0; kind < tenant_class_count; ++kind) {
    Waits const& waits = figures.waits[kind];
    double const y = static_cast<double>(kind) * row + 6;
    out += text(left - 10, y + 22, titles[kind], "label", "end");
    double p = static_cast<double>(waits.p50_ms);
    out += box(left, y + 3, p * scale, 14, "paid", "median");
    out += text(left + p * scale + 8, y + 14, fmt::format("p50 {:.1f} min ({:.1f} s real)", p * minutes, p / 1'000), "axis");
    p = static_cast<double>(waits.p95_ms);
    out += box(left, y + 21, p * scale, 14, "late", "95th percentile");
    out += text(left + p * scale + 8, y + 32, fmt::format("p95 {:.1f} min ({:.1f} s real)", p * minutes, p / 1'000), "axis");
  }
  return out + "</svg>\n";
}

}  // namespace sluice::day
