#include "tools/sim/control.hpp"

#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace sluice::sim {
namespace {

using nlohmann::json;

Reply json_reply(json const& body) {
  Reply reply;
  reply.body = body.dump();
  return reply;
}

Reply state(World& world, policy::Timestamp wall) {
  json body{{"now_ms", world.now()}, {"time", policy::format_rfc3339(world.stamp(world.now(), wall))}, {"centres", json::array()}};
  for (auto const& [name, site] : world.sites()) {
    json centre{{"name", name}, {"troubles", site.troubles.names(world.now())}, {"pools", json::array()}};
    for (Centre::PoolView const& pool : site.centre->pools()) {
      centre["pools"].push_back({{"accelerator", pool.scenario->accelerator},
                                 {"cards", pool.scenario->cards},
                                 {"used", pool.used},
                                 {"background", pool.background},
                                 {"free", pool.free},
                                 {"queued", pool.queued}});
    }
    body["centres"].push_back(std::move(centre));
  }
  return json_reply(body);
}

/// Every run, and the attempts that ran more than once anywhere.
Reply runs(World& world) {
  json body{{"runs", json::array()}, {"twice", json::array()}};
  std::map<std::string, int> counts;
  for (auto const& [name, site] : world.sites()) {
    for (Run const& run : site.centre->runs()) {
      json each{{"centre", name},
                {"attempt", run.attempt},
                {"job", std::to_string(run.job)},
                {"accelerator", run.accelerator},
                {"cards", run.cards},
                {"started_ms", run.started},
                {"end", run.end}};
      if (run.ended) each["ended_ms"] = *run.ended;
      if (++counts[run.attempt] == 2) body["twice"].push_back(run.attempt);
      body["runs"].push_back(std::move(each));
    }
  }
  return json_reply(body);
}

Reply set(World& world, sluice::json::Reader& reader, sluice::json::Errors const& errors) {
  std::string const centre = reader.required_string("centre");
  std::string const accelerator = reader.required_string("accelerator");
  auto const background = reader.optional_integer("background", {.min = 0, .max = 1'000'000});
  auto const price = reader.optional_money("list_yuan");
  if (!errors.empty()) return problem(422, "invalid", errors.list()[0].pointer + ": " + errors.list()[0].detail);
  auto const site = world.sites().find(centre);
  bool known = site != world.sites().end();
  if (known && background) known = site->second.centre->set_background(accelerator, static_cast<std::int32_t>(*background));
  if (known && price) known = site->second.centre->set_list_price(accelerator, *price);
  return known ? json_reply(json::object()) : problem(404, "not_found", "no such centre or accelerator");
}

}  // namespace

Reply handle_control(World& world, std::string_view method, std::string_view path, std::string const& body, policy::Timestamp wall) {
  if (method == "GET" && path == "/state") return state(world, wall);
  if (method == "GET" && path == "/runs") return runs(world);
  if (method != "POST") return problem(404, "not_found", "no such path or method");
  auto const document = sluice::json::parse_strict(body);
  if (!document) return problem(400, "invalid", sluice::json::to_string(document.error()));
  sluice::json::Errors errors;
  sluice::json::Reader reader(*document, errors);
  if (path == "/advance") {
    std::int64_t const ms = reader.required_integer("ms", {.min = 0, .max = 10'000LL * 366 * 86'400});
    if (!errors.empty()) return problem(422, "invalid", errors.list()[0].pointer + ": " + errors.list()[0].detail);
    if (!world.scenario().manual_clock) return problem(409, "clock_runs", "the scenario's clock is not \"manual\"");
    world.advance(world.now() + ms);
    return state(world, wall);
  }
  if (path == "/trouble") {
    std::string const line = reader.required_string("line");
    auto const done = errors.empty() ? world.trouble(line) : std::unexpected("/line: " + errors.list()[0].detail);
    return done ? state(world, wall) : problem(422, "invalid", done.error());
  }
  if (path == "/set") return set(world, reader, errors);
  return problem(404, "not_found", "no such path or method");
}

}  // namespace sluice::sim
