// The page is well-formed, refers to nothing outside, and cannot be broken by what it shows.
#include "tools/day/page.hpp"

#include "tools/day/map.hpp"
#include "tools/day/numbers.hpp"
#include "tools/day/report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <regex>
#include <string_view>
#include <vector>

namespace sluice::day {
namespace {

/// "" or what is wrong: every tag is closed in order, attributes are quoted, no bare '<' or '&' in text.
std::string ill_formed(std::string_view page) {
  std::vector<std::string> open;
  if (!page.starts_with("<!DOCTYPE html>\n")) return "no doctype";
  std::size_t at = 16;
  while (at < page.size()) {
    if (page[at] == '&') {
      std::size_t const end = page.find(';', at);
      if (end == std::string_view::npos || end - at > 6) return "bare & at " + std::string(page.substr(at, 20));
    }
    if (page[at] != '<') {
      ++at;
      continue;
    }
    std::size_t const end = page.find('>', at);
    if (end == std::string_view::npos) return "tag without end";
    std::string_view tag = page.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string_view::npos) return "bare <: " + std::string(tag);
    if (std::ranges::count(tag, '"') % 2 != 0) return "odd quotes: " + std::string(tag);
    at = end + 1;
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "unexpected </" + std::string(tag.substr(1)) + ">";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      std::string const name(tag.substr(0, tag.find(' ')));
      if (name == "style") {
        at = page.find("</style>", at);
        if (at == std::string_view::npos) return "style without end";
      }
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

DayRecord day_of(std::string const& name) {
  DayRecord day;
  day.places = {{.cluster = "one", .english = name, .chinese = "一", .hub = "", .longitude = 106.6, .latitude = 26.6, .credential = ""},
                {.cluster = "two", .english = "Two", .chinese = "二", .hub = "", .longitude = 106.4, .latitude = 26.4, .credential = ""}};
  day.tenants = {{.name = name, .kind = TenantClass::startup, .region = "", .weight = 1, .vouchers = {}, .deposit_yuan = 0}};
  day.cards[{"one", "A100"}] = 8;
  day.began_ms = 1'000'000;
  day.ended_ms = 1'060'000;
  day.compression = 1'440;
  day.troubles = {"at 7h: " + name + " disappears for 2h"};
  JobRecord& job = day.jobs.emplace_back();
  job.id = "1";
  job.state = "failed";
  job.reason = name;
  job.accepted_ms = 1'001'000;
  AttemptRecord& attempt = job.attempts.emplace_back();
  attempt.cluster = "one";
  attempt.accelerator = "A100";
  attempt.cards = 8;
  attempt.card_ms = 36'000'000;
  attempt.started_ms = 1'002'000;
  attempt.ended_ms = 1'030'000;
  attempt.settled = true;
  attempt.gross = {98'765'000'000};
  attempt.paid = {12'345'000'000};
  return day;
}

TEST(DayPage, IsWellFormedAndSelfContained) {
  DayRecord const day = day_of("Guiyang");
  std::string const page = html_page(day, figures_of(day));
  EXPECT_EQ(ill_formed(page), "");
  for (char const* outside : {"http:", "https:", "//", "src=", "href=", "url(", "@import", "<script", "<link", "<iframe"})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_NE(page.find("llustrative"), std::string::npos) << "what is made up is said to be";
  EXPECT_NE(page.find("12,345"), std::string::npos) << "figures come from the record";
  for (char const* title : {"Map of the clusters", "Cost per city", "Utilisation over", "Waits by tenant class"})
    EXPECT_NE(page.find(title), std::string::npos) << title;
}

TEST(DayPage, NamesCannotBreakOut) {
  DayRecord const day = day_of("<script>alert(1)</script>\"'&\x01");
  std::string const page = html_page(day, figures_of(day));
  EXPECT_EQ(ill_formed(page), "");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find('\x01'), std::string::npos);
}

TEST(DayPage, ADayWithoutJobsIsShownAsWell) {
  DayRecord day = day_of("Guiyang");
  day.jobs.clear();
  day.cards.clear();
  EXPECT_EQ(ill_formed(html_page(day, figures_of(day))), "");
}

struct Label {
  double x = 0, y = 0;
  std::string anchor;
};

/// Where the map writes the places' names.
std::vector<Label> names_on(std::string const& map) {
  static std::regex const name("<text x=\"([-0-9.]+)\" y=\"([-0-9.]+)\" class=\"name\" text-anchor=\"([a-z]+)\">");
  std::vector<Label> labels;
  for (std::sregex_iterator at(map.begin(), map.end(), name), end; at != end; ++at)
    labels.push_back({std::stod((*at)[1]), std::stod((*at)[2]), (*at)[3]});
  return labels;
}

TEST(DayMap, NeighboursAreNamedOnDifferentSides) {
  DayRecord day = day_of("Guiyang");
  day.cards[{"two", "A100"}] = 8;
  day.places.push_back(
      {.cluster = "far", .english = "Far", .chinese = "远", .hub = "", .longitude = 114.3, .latitude = 40.4, .credential = ""});
  auto const labels = names_on(map_svg(day, figures_of(day)));
  ASSERT_EQ(labels.size(), 3U);
  bool const apart = labels[0].anchor != labels[1].anchor || std::abs(labels[0].y - labels[1].y) >= 32;
  EXPECT_TRUE(apart) << labels[0].anchor << ' ' << labels[0].y << ", " << labels[1].anchor << ' ' << labels[1].y;
}

TEST(DayMap, NamesStayOnTheMapWhereverAClusterLies) {
  for (double const longitude : {75.0, 87.6, 104.0, 116.4, 126.6, 134.0}) {
    DayRecord day = day_of("A name of twenty let");
    day.places[1].english = day.places[0].english;
    day.places[1].longitude = longitude;
    day.places[1].latitude = 43.8;
    std::string const map = map_svg(day, figures_of(day));
    for (Label const& label : names_on(map)) {
      double const wide = 20 * 7.6;
      double const left = label.anchor == "start" ? label.x : label.anchor == "end" ? label.x - wide : label.x - wide / 2;
      EXPECT_GE(left, 0) << longitude;
      EXPECT_LE(left + wide, 760) << longitude;
    }
  }
}

TEST(DayReport, TextAndJsonTellTheSame) {
  DayRecord const day = day_of("Guiyang");
  Figures const figures = figures_of(day);
  auto const json = nlohmann::json::parse(json_report(day, figures));
  EXPECT_EQ(json.at("total").at("paid_yuan"), "12345.00");
  EXPECT_EQ(json.at("states").at("failed"), 1);
  EXPECT_TRUE(json.at("illustrative").get<bool>());
  EXPECT_TRUE(json.at("ran_twice").is_null()) << "unknown is null, never zero";
  std::string const text = text_report(day, figures);
  EXPECT_NE(text.find("12,345"), std::string::npos);
  EXPECT_NE(text.find("llustrative"), std::string::npos);
}

TEST(DayReport, Numbers) {
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(count_text(-1'234), "-1,234");
  EXPECT_EQ(yuan_text(1'499'999), "1");
  EXPECT_EQ(yuan_text(1'500'000), "2");
  EXPECT_EQ(hours_text(5'400'000), "1.5");
  EXPECT_EQ(percent_text(1, 0), "-");
  EXPECT_EQ(against_text(75, 100), "25.0 % below");
  EXPECT_EQ(against_text(110, 100), "10.0 % above");
  EXPECT_EQ(change_text(75, 100), "−25.0 %");
  EXPECT_EQ(change_text(110, 100), "+10.0 %");
  EXPECT_EQ(change_text(1, 0), "-");
}

}  // namespace
}  // namespace sluice::day
