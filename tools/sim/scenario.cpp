#include "tools/sim/scenario.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace sluice::sim {
namespace {

/// The first thing wrong; a scenario is a test's own file, so one at a time is enough.
struct Wrong {
  toml::source_region where;
  std::string what;
};

/// Reads the members of one table and notices those nobody asked for.
class Table {
 public:
  Table(toml::table const& table, std::optional<Wrong>& wrong) : table_(table), wrong_(wrong) {}
  ~Table() {
    for (auto const& [key, value] : table_) {
      if (!known_.contains(std::string(key.str()))) fail(value, fmt::format("{}: is not known here", key.str()));
    }
  }
  Table(Table const&) = delete;
  Table& operator=(Table const&) = delete;

  void fail(toml::node const& node, std::string what) {
    if (!wrong_) wrong_ = Wrong{node.source(), std::move(what)};
  }
  toml::node const* find(std::string const& key) {
    known_.insert(key);
    return table_.get(key);
  }
  std::string text(std::string const& key, bool required) {
    toml::node const* node = find(key);
    if (node == nullptr) {
      if (required) fail(table_, key + ": is missing");
      return {};
    }
    auto const value = node->value_exact<std::string>();
    if (!value) fail(*node, key + ": must be a string");
    return value.value_or("");
  }
  std::int64_t integer(std::string const& key, std::int64_t usual, std::int64_t least, std::int64_t most) {
    toml::node const* node = find(key);
    if (node == nullptr) return usual;
    auto const value = node->value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) fail(*node, fmt::format("{}: must be an integer from {} to {}", key, least, most));
    return value.value_or(usual);
  }
  bool boolean(std::string const& key, bool usual) {
    toml::node const* node = find(key);
    if (node == nullptr) return usual;
    auto const value = node->value_exact<bool>();
    if (!value) fail(*node, key + ": must be true or false");
    return value.value_or(usual);
  }
  policy::Money money(toml::node const& node, std::string const& key) {
    auto const value = node.value_exact<std::string>();
    auto const amount = policy::parse_yuan(value.value_or(""));
    if (!amount) fail(node, key + ": must be yuan in a string, such as \"12.50\"");
    return amount.value_or(policy::Money{});
  }
  std::optional<policy::Timestamp> time(std::string const& key) {
    toml::node const* node = find(key);
    if (node == nullptr) return std::nullopt;
    auto const at = policy::parse_rfc3339(node->value_exact<std::string>().value_or(""));
    if (!at) fail(*node, key + ": must be a time in a string, such as \"2026-12-01T00:00:00+08:00\"");
    return at ? std::optional(*at) : std::nullopt;
  }
  std::vector<std::string> texts(std::string const& key) {
    std::vector<std::string> all;
    for (toml::node const* each : items(key)) {
      auto const value = each->value_exact<std::string>();
      if (!value) fail(*each, key + ": must hold strings");
      all.push_back(value.value_or(""));
    }
    return all;
  }
  std::vector<toml::node const*> items(std::string const& key) {
    std::vector<toml::node const*> all;
    toml::node const* node = find(key);
    if (node == nullptr) return all;
    toml::array const* array = node->as_array();
    if (array == nullptr) {
      fail(*node, key + ": must be an array");
      return all;
    }
    for (toml::node const& each : *array) all.push_back(&each);
    return all;
  }
  std::vector<toml::table const*> tables(std::string const& key) {
    std::vector<toml::table const*> all;
    for (toml::node const* each : items(key)) {
      if (each->as_table() == nullptr) fail(*each, key + ": must hold tables");
      if (each->as_table() != nullptr) all.push_back(each->as_table());
    }
    return all;
  }
  /// [[seconds, value], …] in order of time.
  std::vector<std::pair<SimTime, toml::node const*>> trace(std::string const& key) {
    std::vector<std::pair<SimTime, toml::node const*>> steps;
    for (toml::node const* each : items(key)) {
      toml::array const* pair = each->as_array();
      bool const sound = pair != nullptr && pair->size() == 2 && pair->get(0)->value_exact<std::int64_t>().has_value();
      SimTime const at = sound ? *pair->get(0)->value_exact<std::int64_t>() * 1'000 : 0;
      if (!sound || (!steps.empty() && steps.back().first >= at)) {
        fail(*each, key + ": must hold pairs [seconds, value] in order of time");
        return {};
      }
      steps.emplace_back(at, pair->get(1));
    }
    return steps;
  }

 private:
  toml::table const& table_;
  std::optional<Wrong>& wrong_;
  std::set<std::string> known_;
};

PoolScenario read_pool(toml::table const& table, std::optional<Wrong>& wrong) {
  Table reader(table, wrong);
  PoolScenario pool;
  pool.accelerator = reader.text("accelerator", true);
  pool.cards = static_cast<std::int32_t>(reader.integer("cards", 0, 0, 1'000'000));
  pool.cpus_per_card = static_cast<std::int32_t>(reader.integer("cpus_per_card", 8, 0, 1'000));
  pool.memory_gib_per_card = static_cast<std::int32_t>(reader.integer("memory_gib_per_card", 64, 0, 10'000));
  pool.speed_ppm = reader.integer("speed_ppm", 1'000'000, 1, 1'000'000'000);
  if (std::string const unit = reader.text("unit", false); !unit.empty()) pool.unit = unit;
  for (auto const& [at, node] : reader.trace("background")) {
    auto const cards = node->value_exact<std::int64_t>();
    if (!cards || *cards < 0 || *cards > 1'000'000) reader.fail(*node, "background: must be a number of cards");
    pool.background.push_back({at, static_cast<std::int32_t>(cards.value_or(0))});
  }
  for (auto const& [at, node] : reader.trace("list_yuan")) pool.list_price.push_back({at, reader.money(*node, "list_yuan")});
  for (auto const& [at, node] : reader.trace("voucher_yuan")) pool.voucher_price.push_back({at, reader.money(*node, "voucher_yuan")});
  return pool;
}

CentreScenario read_centre(toml::table const& table, std::optional<Wrong>& wrong) {
  Table reader(table, wrong);
  CentreScenario centre;
  centre.name = reader.text("name", true);
  bool const plain = !centre.name.empty() && std::all_of(centre.name.begin(), centre.name.end(), [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-';
  });
  if (!plain || centre.name == "control" || centre.name == "all")
    reader.fail(table, "name: must be of a-z, 0-9 and '-', and neither control nor all");
  centre.queues = reader.boolean("queues", true);
  centre.start_ms = reader.integer("start_seconds", 0, 0, 86'400) * 1'000;
  centre.stop_ms = reader.integer("stop_seconds", 0, 0, 86'400) * 1'000;
  centre.run_limit_max_s = reader.integer("run_limit_max_seconds", centre.run_limit_max_s, 1, 31'622'400);
  centre.images = reader.texts("images");
  centre.inputs = reader.texts("inputs");
  if (toml::node const* accounts = reader.find("accounts"); accounts != nullptr && accounts->as_table() != nullptr) {
    for (auto const& [name, token] : *accounts->as_table()) {
      auto const text = token.value_exact<std::string>();
      if (!text || text->empty()) reader.fail(token, "accounts: a token must be a string");
      centre.accounts.emplace(std::string(name.str()), text.value_or(""));
    }
  }
  for (toml::table const* each : reader.tables("pool")) centre.pools.push_back(read_pool(*each, wrong));
  for (toml::table const* each : reader.tables("programme")) {
    Table inner(*each, wrong);
    ProgrammeScenario programme;
    programme.name = inner.text("name", true);
    programme.rate_bp = static_cast<std::int32_t>(inner.integer("rate_bp", 0, 0, 10'000));
    if (toml::node const* purse = inner.find("purse_yuan")) programme.purse = inner.money(*purse, "purse_yuan");
    programme.valid_until = inner.time("valid_until");
    centre.programmes.push_back(std::move(programme));
  }
  return centre;
}

}  // namespace

std::expected<Scenario, std::string> parse_scenario(std::string_view text, std::string const& name) {
  auto const at = [&name](toml::source_region const& where, std::string_view what) {
    return std::unexpected(fmt::format("{}:{}:{}: {}", name, where.begin.line, where.begin.column, what));
  };
  toml::table document;
  try {
    document = toml::parse(text, name);
  } catch (toml::parse_error const& error) {  // the library's own border
    return at(error.source(), error.description());
  }
  std::optional<Wrong> wrong;
  Scenario scenario;
  {
    Table reader(document, wrong);
    std::string const clock = reader.text("clock", false);
    if (!clock.empty() && clock != "run" && clock != "manual") reader.fail(document, "clock: must be \"run\" or \"manual\"");
    scenario.manual_clock = clock == "manual";
    scenario.compression = reader.integer("compression", 1, 1, 1'000'000);
    scenario.origin = reader.time("origin");
    scenario.job_seconds = reader.integer("job_seconds", 60, 1, 31'622'400);
    scenario.log_every_s = reader.integer("log_every_seconds", 10, 1, 86'400);
    scenario.valid_for_s = reader.integer("valid_for_seconds", 300, 1, 86'400);
    scenario.script = reader.texts("script");
    for (toml::table const* each : reader.tables("centre")) scenario.centres.push_back(read_centre(*each, wrong));
    if (scenario.centres.empty()) reader.fail(document, "centre: at least one [[centre]] is needed");
    std::set<std::string> names;
    for (CentreScenario const& centre : scenario.centres) {
      if (!names.insert(centre.name).second) reader.fail(document, fmt::format("centre: '{}' stands twice", centre.name));
    }
  }
  if (wrong) return at(wrong->where, wrong->what);
  return scenario;
}

std::expected<Scenario, std::string> load_scenario(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return std::unexpected(path + ": cannot be read");
  return parse_scenario(text.str(), path);
}

}  // namespace sluice::sim
