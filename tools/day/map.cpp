// A plain projection, smooth rivers, and labels that keep clear of each other.
#include "tools/day/map.hpp"

#include "tools/day/numbers.hpp"
#include "tools/day/rivers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace sluice::day {
namespace {

constexpr double width = 760, height = 500;
constexpr double margin = 64;  // between the outermost cluster and the edge
constexpr double scale_day_ms = 86'400'000;

struct Box {
  double x = 0, y = 0, width = 0, height = 0;

  bool meets(Box const& other) const {
    return x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height;
  }
  bool on_the_map() const { return x >= 4 && x + width <= width_of_map && y >= 4 && y + height <= height_of_map; }

 private:
  static constexpr double width_of_map = day::width - 4, height_of_map = day::height - 22;
};

/// Degrees to the drawing: a degree of longitude is shorter than one of latitude by the cosine of the latitude.
class Projection {
 public:
  explicit Projection(std::vector<Place> const& places) {
    double west = 180, east = -180, south = 90, north = -90;
    for (Place const& place : places) {
      west = std::min(west, place.longitude);
      east = std::max(east, place.longitude);
      south = std::min(south, place.latitude);
      north = std::max(north, place.latitude);
    }
    longitude_ = (west + east) / 2;
    latitude_ = (south + north) / 2;
    squeeze_ = std::cos(latitude_ * 3.14159265358979 / 180);
    scale_ = std::min((width - 4 * margin) / std::max(1.0, (east - west) * squeeze_), (height - 2 * margin) / std::max(1.0, north - south));
  }
  double x(double longitude) const { return width / 2 + (longitude - longitude_) * squeeze_ * scale_; }
  double y(double latitude) const { return height / 2 - 8 - (latitude - latitude_) * scale_; }
  double west() const { return longitude_ - width / 2 / squeeze_ / scale_; }
  double east() const { return longitude_ + width / 2 / squeeze_ / scale_; }
  double south() const { return latitude_ - height / 2 / scale_; }
  double north() const { return latitude_ + height / 2 / scale_; }

 private:
  double longitude_ = 0, latitude_ = 0, squeeze_ = 1, scale_ = 1;
};

struct Spot {
  Place const* place = nullptr;
  Spend spend;
  double use = 0;  ///< mean share of its cards
  double x = 0, y = 0, disc = 0, ring = 0;

  double radius() const { return std::max(disc, ring); }
  Box box() const { return {x - radius(), y - radius(), 2 * radius(), 2 * radius()}; }
};

std::string line(double x1, double y1, double x2, double y2) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"grid\"/>\n", x1, y1, x2, y2);
}

std::string text(double x, double y, std::string_view words, std::string_view kind, std::string_view anchor) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n", x, y, kind, anchor, escaped(words));
}

std::string graticule(Projection const& to) {
  constexpr int step = 5;
  std::string out;
  for (int degree = static_cast<int>(std::ceil(to.west() / step)) * step; degree <= to.east(); degree += step) {
    double const x = to.x(degree);
    if (x < 50 || x > width - 20) continue;
    out += line(x, 0, x, height - 18) + text(x, height - 4, fmt::format("{}°E", degree), "axis", "middle");
  }
  for (int degree = static_cast<int>(std::ceil(to.south() / step)) * step; degree <= to.north(); degree += step) {
    double const y = to.y(degree);
    if (y < 10 || y > height - 24) continue;
    out += line(36, y, width, y) + text(32, y + 4, fmt::format("{}°N", degree), "axis", "end");
  }
  return out;
}

/// A Catmull-Rom curve through the points.
std::string river(Projection const& to, std::span<GeoPoint const> points) {
  std::string path = fmt::format("M{:.1f} {:.1f}", to.x(points[0].longitude), to.y(points[0].latitude));
  auto const at = [&](std::size_t i) { return points[std::min(i, points.size() - 1)]; };
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    GeoPoint const before = at(i == 0 ? 0 : i - 1), from = at(i), until = at(i + 1), after = at(i + 2);
    path += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", to.x(from.longitude + (until.longitude - before.longitude) / 6),
                        to.y(from.latitude + (until.latitude - before.latitude) / 6),
                        to.x(until.longitude - (after.longitude - from.longitude) / 6),
                        to.y(until.latitude - (after.latitude - from.latitude) / 6), to.x(until.longitude), to.y(until.latitude));
  }
  return "<path d=\"" + path + "\" class=\"river\"/>\n";
}

std::vector<Spot> spots_of(DayRecord const& day, Figures const& figures, Projection const& to) {
  std::vector<Spot> spots;
  double most = 1;
  for (Place const& place : day.places) {
    Spot& spot = spots.emplace_back();
    spot.place = &place;
    if (auto const found = figures.by_cluster.find(place.cluster); found != figures.by_cluster.end()) spot.spend = found->second;
    for (Utilisation const& use : figures.utilisation) {
      if (use.cluster != place.cluster) continue;
      spot.use = use.mean;
      spot.ring = static_cast<double>(use.total_cards) * scale_day_ms;
    }
    spot.x = to.x(place.longitude);
    spot.y = to.y(place.latitude);
    spot.disc = static_cast<double>(spot.spend.card_ms);
    most = std::max({most, spot.ring, spot.disc});
  }
  for (Spot& spot : spots) {
    spot.disc = std::max(1.5, 30 * std::sqrt(spot.disc / most));  // a place without use is still seen
    spot.ring = 30 * std::sqrt(spot.ring / most);
  }
  return spots;
}

/// Columns of a fixed font: what a label takes is estimated, as no font is at hand.
double label_width(std::string_view words) {
  double columns = 0;
  for (char const c : words) columns += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0.5 : 1;  // CJK: three bytes, two columns
  return columns * 7.6;
}

/// The name and what was used, where they meet no circle and no other label; to the right when there is no such side.
std::string label(Spot const& spot, std::vector<Spot> const& spots, std::vector<Box>& taken) {
  std::string const name = spot.place->english + ' ' + spot.place->chinese;
  std::string const used = hours_text(spot.spend.card_ms) + " card-hours";
  double const wide = std::max(label_width(name), label_width(used) * 0.85);
  struct Side {
    std::string_view anchor;
    double dx, dy, left;
  };
  double const gap = spot.radius() + 7;
  Side const sides[] = {
      {"start", gap, 0, 0}, {"end", -gap, 0, -wide}, {"middle", 0, -gap - 14, -wide / 2}, {"middle", 0, gap + 10, -wide / 2}};
  auto const free = [&](Side const& side) {
    Box const box{spot.x + side.dx + side.left, spot.y + side.dy - 15, wide, 32};
    bool const on_circle = std::ranges::any_of(spots, [&](Spot const& other) { return &other != &spot && box.meets(other.box()); });
    return box.on_the_map() && !on_circle && std::ranges::none_of(taken, [&](Box const& other) { return box.meets(other); });
  };
  auto const found = std::ranges::find_if(sides, free);
  Side const& side = found == std::end(sides) ? sides[0] : *found;
  taken.push_back({spot.x + side.dx + side.left, spot.y + side.dy - 15, wide, 32});
  return text(spot.x + side.dx, spot.y + side.dy - 2, name, "name", side.anchor) +
         text(spot.x + side.dx, spot.y + side.dy + 13, used, "axis detail", side.anchor);
}

}  // namespace

std::string map_svg(DayRecord const& day, Figures const& figures) {
  Projection const to(day.places);
  std::string out =
      fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"Map of the clusters\" class=\"map\">\n", width, height);
  out += graticule(to) + river(to, yellow_river) + river(to, yangtze);
  out +=
      text(to.x(116.2), to.y(36.9), "Yellow River 黄河", "water", "end") + text(to.x(115.4), to.y(28.9), "Yangtze 长江", "water", "start");
  std::vector<Spot> const spots = spots_of(day, figures, to);
  for (Spot const& spot : spots) {
    std::string const tip = fmt::format("{}: {} card-hours, {} jobs, {:.0f} % of its cards used", spot.place->english,
                                        hours_text(spot.spend.card_ms), count_text(spot.spend.jobs), spot.use * 100);
    out += fmt::format(
        "<g><title>{}</title><circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"ring\"/>"
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"dot\"/></g>\n",
        escaped(tip), spot.x, spot.y, spot.ring, spot.x, spot.y, spot.disc);
  }
  std::vector<Box> taken;
  for (Spot const& spot : spots) out += label(spot, spots, taken);
  return out + "</svg>\n";
}

}  // namespace sluice::day
