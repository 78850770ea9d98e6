#include "tools/sim/world.hpp"

#include "tools/sim/centre_face.hpp"
#include "tools/sim/control.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::sim {

Reply problem(int status, std::string_view code, std::string_view detail) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/problem+json";
  nlohmann::json const body{{"type", fmt::format("https://sluice.example/problems/{}", code)},
                            {"title", code},
                            {"status", status},
                            {"code", code},
                            {"detail", detail}};
  reply.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return reply;
}

World::World(Scenario scenario) : scenario_(std::move(scenario)) {
  for (CentreScenario const& centre : scenario_.centres) {
    sites_[centre.name].centre = std::make_unique<Centre>(centre, scenario_.job_seconds, scenario_.log_every_s, checkpoints_);
  }
}

std::expected<std::unique_ptr<World>, std::string> World::make(Scenario scenario) {
  std::unique_ptr<World> world(new World(std::move(scenario)));
  for (std::string const& sentence : world->scenario_.script) {
    auto line = parse_script_line(sentence);
    if (!line) return std::unexpected("script: " + line.error());
    if (line->line.centre != "all" && !world->sites_.contains(line->line.centre)) {
      return std::unexpected(fmt::format("script: '{}': there is no centre '{}'", sentence, line->line.centre));
    }
    world->script_.push_back(std::move(*line));
  }
  std::stable_sort(world->script_.begin(), world->script_.end(), [](ScriptLine const& a, ScriptLine const& b) { return a.at < b.at; });
  return world;
}

void World::advance(SimTime to) {
  while (true) {
    SimTime next = to;
    bool const scripted = script_done_ < script_.size() && script_[script_done_].at <= to;
    if (scripted) next = std::max(now_, script_[script_done_].at);
    for (auto const& [name, site] : sites_) {
      if (auto const end = site.troubles.next_end(now_); end && *end < next) next = *end;
    }
    bool const strikes = scripted && script_[script_done_].at <= next;
    now_ = std::max(now_, next);
    for (auto& [name, site] : sites_) site.centre->advance(now_);
    if (strikes) apply(script_[script_done_++].line);
    tell_presence();
    if (now_ >= to && !(script_done_ < script_.size() && script_[script_done_].at <= to)) return;
  }
}

void World::apply(TroubleLine const& line) {
  for (auto& [name, site] : sites_) {
    if (line.centre != "all" && line.centre != name) continue;
    if (line.trouble == Trouble::dies) {
      site.centre->lose_all();
    } else {
      site.troubles.add(line, now_);
    }
  }
}

std::expected<void, std::string> World::trouble(std::string_view sentence) {
  auto const line = parse_trouble(sentence);
  if (!line) return std::unexpected(line.error());
  if (line->centre != "all" && !sites_.contains(line->centre)) return std::unexpected(fmt::format("there is no centre '{}'", line->centre));
  apply(*line);
  tell_presence();
  return {};
}

void World::tell_presence() {
  for (auto& [name, site] : sites_) {
    bool const present = !site.troubles.present(Trouble::disappears, now_);
    if (present == site.present) continue;
    site.present = present;
    if (presence_) presence_(name, present);
  }
}

policy::Timestamp World::stamp(SimTime at, policy::Timestamp wall) const {
  if (scenario_.origin) return {scenario_.origin->ms + at};
  return {wall.ms + (at - now_) / scenario_.compression};
}

Reply World::handle(Request const& request, policy::Timestamp wall) {
  std::string_view const target = request.target;
  std::string_view const path = target.substr(0, target.find('?'));
  std::string_view const query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  std::size_t const slash = std::min(path.find('/', 1), path.size());
  std::string_view const name = path.substr(std::min<std::size_t>(1, path.size()), slash - std::min<std::size_t>(1, slash));
  if (name == "control") return handle_control(*this, request.method, path.substr(slash), request.body, wall);
  auto const found = sites_.find(name);
  if (found == sites_.end()) return problem(404, "not_found", "no centre of that name; paths begin with /CENTRE/ or /control/");
  return answer(found->second, request, path.substr(slash), query, wall);
}

// Troubles before the request is looked at, then the request, then troubles of the answer.
Reply World::answer(CentreSite& site, Request const& request, std::string_view path, std::string_view query, policy::Timestamp wall) {
  Troubles& troubles = site.troubles;
  auto const on_wire = [](Wire wire) {
    Reply reply;
    reply.wire = wire;
    return reply;
  };
  bool const acts = request.method != "GET";
  if (troubles.strikes(Trouble::disappears, now_)) return on_wire(Wire::reset);
  if (troubles.strikes(Trouble::hangs, now_)) return on_wire(Wire::hang);
  if (troubles.strikes(Trouble::garbage, now_)) return on_wire(Wire::garbage);
  if (troubles.strikes(Trouble::floods, now_)) return on_wire(Wire::flood);
  Reply reply;
  if (troubles.strikes(Trouble::html, now_)) {
    reply.content_type = "text/html";
    reply.body = "<html><body>It works!</body></html>";
  } else if (troubles.strikes(Trouble::wrong_type, now_)) {
    reply.body = R"({"offers":{"A100":"plenty"},"jobs":"none","id":17,"state":true})";
  } else if (troubles.strikes(Trouble::fails, now_)) {
    reply.status = 500;
    reply.body = R"({"offers":[],"programmes":[],"jobs":[],"error":"scheduler unreachable"})";
  } else if (troubles.strikes(Trouble::unavailable, now_)) {
    reply = problem(503, "scheduler_unreachable", "the scheduler does not answer");
    reply.fields = "Retry-After: 1\r\n";
  } else if (troubles.strikes(Trouble::throttles, now_)) {
    reply = problem(429, "rate_limited", "too many requests");
    reply.fields = "Retry-After: 1\r\n";
  } else if (troubles.strikes(Trouble::unauthorised, now_)) {
    reply = problem(401, "token_refused", "the token is not known");
  } else if (troubles.strikes(Trouble::redirects, now_)) {
    reply.status = 302;
    reply.fields = "Location: http://169.254.169.254/latest/meta-data/\r\n";
  } else {
    reply = centre_reply(*this, site, request, path, query, wall);
    if (acts && troubles.strikes(Trouble::swallows, now_)) return on_wire(Wire::reset);
  }
  if (troubles.strikes(Trouble::slow, now_)) reply.wait_ms = troubles.argument_ms(Trouble::slow);
  if (troubles.strikes(Trouble::truncates, now_)) reply.wire = Wire::truncate;
  if (troubles.strikes(Trouble::drips, now_)) reply.wire = Wire::drip;
  return reply;
}

}  // namespace sluice::sim
