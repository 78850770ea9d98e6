// Rewrites a scenario with the toml library, so that what it does not know of is carried over.
#include "tools/day/scenario.hpp"

#include "policy/money.hpp"
#include "tools/day/speeds.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <set>
#include <sstream>

namespace sluice::day {
namespace {

struct HourStep {
  std::int64_t hour;
  std::int64_t busy_percent;   ///< of the pool's cards, held by other clients
  std::int64_t price_percent;  ///< of the first list price
};
constexpr std::array<HourStep, 6> day_steps{{{0, 15, 90}, {6, 20, 95}, {9, 35, 110}, {14, 30, 105}, {18, 20, 100}, {22, 15, 90}}};

// Outages are told in the report; each one ends. "swallows": the centre does what it is asked and loses the answer.
constexpr std::array<std::string_view, 7> troubles{
    "at 2h: zhongwei slow 1s for 30m", "at 4h: tianfu zero-price for 1h",   "at 7h: qingyang disappears for 2h",
    "at 10h: guian stale for 1h",      "at 12h: horinger swallows 2 times", "at 14h: chongqing fails for 30m",
    "at 16h: wuhan throttles for 20m",
};

std::expected<void, std::string> spread(toml::table& pool) {
  auto const type = pool["accelerator"].value_or(std::string());
  std::int64_t const cards = pool["cards"].value_or(std::int64_t{0});
  auto const* prices = pool["list_yuan"].as_array();
  auto const* first = prices != nullptr && !prices->empty() ? prices->get(0)->as_array() : nullptr;
  auto const price = first != nullptr && first->size() == 2 ? policy::parse_yuan(first->get(1)->value_or(std::string()))
                                                            : std::expected<policy::Money, std::string>(std::unexpected("no price"));
  if (type.empty() || cards <= 0 || !price) return std::unexpected("a pool needs accelerator, cards and a first list_yuan");
  toml::array background;
  toml::array list;
  for (HourStep const& step : day_steps) {
    background.push_back(toml::array{step.hour * 3'600, cards * step.busy_percent / 100});
    std::int64_t const fen = price->micro_yuan * step.price_percent / 100 / policy::micro_yuan_per_fen;
    list.push_back(toml::array{step.hour * 3'600, policy::format_yuan({fen * policy::micro_yuan_per_fen})});
  }
  pool.insert_or_assign("background", std::move(background));
  pool.insert_or_assign("list_yuan", std::move(list));
  pool.insert_or_assign("speed_ppm", speed_ppm(type));
  return {};
}

std::expected<void, std::string> rewrite(toml::table& scenario, std::int64_t compression) {
  auto* centres = scenario["centre"].as_array();
  if (centres == nullptr) return std::unexpected("it has no [[centre]]");
  std::set<std::string> names;
  for (toml::node& node : *centres) {
    toml::table* centre = node.as_table();
    auto* pools = centre != nullptr ? (*centre)["pool"].as_array() : nullptr;
    if (pools == nullptr) return std::unexpected("a centre has no [[centre.pool]]");
    auto const name = (*centre)["name"].value_or(std::string());
    for (toml::node& pool : *pools) {
      if (!pool.is_table()) return std::unexpected(name + ": a pool is no table");
      if (auto const done = spread(*pool.as_table()); !done) return std::unexpected(name + ": " + done.error());
    }
    names.insert(name);
  }
  toml::array script;
  for (std::string_view const trouble : troubles) {
    auto const begin = trouble.find(": ") + 2;
    if (names.contains(std::string(trouble.substr(begin, trouble.find(' ', begin) - begin)))) script.push_back(std::string(trouble));
  }
  scenario.insert_or_assign("compression", compression);
  // Prices are good for a simulated day: five simulated minutes would be gone before a round on a slow machine has ended.
  scenario.insert_or_assign("valid_for_seconds", 86'400);
  scenario.insert_or_assign("script", std::move(script));
  return {};
}

}  // namespace

std::expected<std::string, std::string> day_scenario(std::string const& base_path, std::int64_t compression) {
  try {  // the library's own border
    toml::table scenario = toml::parse_file(base_path);
    if (auto const done = rewrite(scenario, compression); !done) return std::unexpected(base_path + ": " + done.error());
    std::ostringstream text;
    text << "# Written by sluice-day from " << base_path << ". Every figure is made up.\n" << scenario << '\n';
    return text.str();
  } catch (toml::parse_error const& error) {
    return std::unexpected(
        fmt::format("{}:{}:{}: {}", base_path, error.source().begin.line, error.source().begin.column, error.description()));
  }
}

std::expected<std::vector<std::string>, std::string> scenario_script(std::string const& path) {
  try {  // the library's own border
    toml::table const scenario = toml::parse_file(path);
    std::vector<std::string> sentences;
    if (auto const* script = scenario["script"].as_array())
      for (toml::node const& sentence : *script) sentences.push_back(sentence.value_or(std::string()));
    return sentences;
  } catch (toml::parse_error const& error) {
    return std::unexpected(fmt::format("{}:{}:{}: {}", path, error.source().begin.line, error.source().begin.column, error.description()));
  }
}

}  // namespace sluice::day
