// cluster, rounds pause/resume, dispatch, clock, status: stop, drain, repair at night.
#include "tools/ctl/cluster_health.hpp"
#include "tools/ctl/fields.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields const control_fields = {
    {"rounds", "/rounds"}, {"dispatch", "/dispatch"}, {"reason", "/reason"}, {"by", "/by"}, {"since entry", "/sequence"}};
Fields const cluster_fields = {{"cluster", "/name"},
                               {"health", "/health"},
                               {"admission", "/admission"},
                               {"our attempts there", "/live_attempts"},
                               {"our cards there", "/live_cards"}};

Result<ExitCode> act(Session& session, std::string target, std::string const& reason, Fields const& fields) {
  auto const answer = send_body(session, "POST", std::move(target), {{"reason", reason}});
  if (!answer) return std::unexpected(answer.error());
  print_fields(session, answer->document, fields);
  return ExitCode::ok;
}

// A verb that takes nothing but a reason.
void add_act(CLI::App& parent, Chosen& chosen, char const* name, char const* what, std::string target, Fields const& fields) {
  auto& verb = add_verb(parent, name, what, "");
  auto reason = std::make_shared<std::string>();
  verb.add_option("--reason", *reason, "Why")->required();
  verb.callback([&chosen, reason, target = std::move(target), fields] {
    chosen.verb = [reason, target, fields](Session& session) { return act(session, target, *reason, fields); };
  });
}

void add_cluster_act(CLI::App& parent, Chosen& chosen, std::string const& name, char const* what) {
  auto& verb = add_verb(parent, name, what, "");
  auto cluster = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  verb.add_option("CLUSTER", *cluster, "Its name")->required();
  verb.add_option("--reason", *reason, "Why")->required();
  verb.callback([&chosen, cluster, reason, name] {
    chosen.verb = [cluster, reason, name](Session& session) {
      return act(session, Target("/v1/clusters").segment(*cluster).segment(name).text(), *reason, cluster_fields);
    };
  });
}

std::string counts(nlohmann::json const& object, std::initializer_list<char const*> names) {
  std::string result;
  for (auto const* const name : names) {
    auto const value = text(object, std::string("/") + name);
    if (value != "-" && value != "0") result += fmt::format("{}{} {}", result.empty() ? "" : ", ", value, name);
  }
  return result.empty() ? "none" : result;
}

void print_status(Session& session, nlohmann::json const& status, Result<ClusterHealth> const& clusters) {
  print_fields(session, status,
               {{"version", "/version"},
                {"rules version", "/rules_version"},
                {"started", "/started_at"},
                {"ready", "/ready"},
                {"admission", "/admission"},
                {"rounds", "/control/rounds"},
                {"dispatch", "/control/dispatch"},
                {"last entry", "/sequence"},
                {"checkpoint size", "/checkpoint_size"},
                {"last round", "/round/number"},
                {"decided", "/round/decided_at"},
                {"solved in, ms", "/round/solve_ms"},
                {"gap, ppm", "/round/gap_ppm"},
                {"attempts of unknown fate", "/attempts_unknown"},
                {"overrides that wait", "/overrides_waiting"},
                {"disk free, bytes", "/disk/free_bytes"},
                {"clock step, ms", "/clock/step_ms"}});
  if (session.out.json()) return;
  session.out.line("jobs: " + counts(member(status, "/jobs"), {"queued", "allocated", "dispatched", "running"}));
  if (clusters) {
    session.out.line("clusters: " + clusters->summary);
    for (auto const& each : clusters->ill) session.out.finding("warn", "cluster", each, "");
  }
  if (auto const& reason = member(status, "/admission_reason"); reason.is_object())
    session.out.line("no admission: " + reason_text(reason, session.settings.language));
  for (auto const& check : items(member(status, "/checks"))) {
    if (text(check, "/ok") == "no") session.out.finding("FAIL", text(check, "/name"), text(check, "/detail"), "");
  }
}

}  // namespace

void add_operation_verbs(CLI::App& app, Chosen& chosen) {
  auto& cluster =
      add_verb(app, "cluster", "Stop, drain or resume a cluster",
               "  sluicectl cluster cordon qingyang --reason \"maintenance on Friday\"\n  sluicectl cluster resume qingyang --reason done");
  cluster.require_subcommand(1);
  add_cluster_act(cluster, chosen, "cordon", "Take no new jobs there");
  add_cluster_act(cluster, chosen, "drain", "Take no new jobs there and let the running ones end");
  add_cluster_act(cluster, chosen, "resume", "Take jobs there again, also after quarantine");

  auto& rounds = *app.get_subcommand("rounds");
  add_act(rounds, chosen, "pause", "Open no more rounds", "/v1/rounds/pause", control_fields);
  add_act(rounds, chosen, "resume", "Open rounds again", "/v1/rounds/resume", control_fields);

  auto& dispatch =
      add_verb(app, "dispatch", "Freeze or resume the sending of attempts", "  sluicectl dispatch freeze --reason \"wrong image map\"");
  dispatch.require_subcommand(1);
  add_act(dispatch, chosen, "freeze", "Send no more attempts; running jobs go on", "/v1/dispatch/freeze", control_fields);
  add_act(dispatch, chosen, "resume", "Send attempts again, also after a violated invariant was looked into", "/v1/dispatch/resume",
          control_fields);

  auto& clock = add_verb(app, "clock", "After a clock step",
                         "  sluicectl clock accept --reason \"time server was wrong until 08:00; checked by hand\"");
  clock.require_subcommand(1);
  add_act(clock, chosen, "accept", "The wall clock is right: admit jobs again", "/v1/clock/accept",
          {{"now", "/now"}, {"admission", "/admission"}, {"clock step, ms", "/clock/step_ms"}});

  auto& status = add_verb(app, "status", "The daemon on one page", "  sluicectl --socket /run/sluice/sluice.sock status");
  status.callback([&chosen] {
    chosen.verb = [](Session& session) -> Result<ExitCode> {
      // Whether they can be listed is not the question; whether there is a status is.
      auto const clusters = session.out.json() ? Result<ClusterHealth>() : cluster_health(session);
      auto const answer = session.api.call({.target = "/v1/status"});
      if (!answer) return std::unexpected(answer.error());
      print_status(session, answer->document, clusters);
      return ExitCode::ok;
    };
  });
}

}  // namespace sluice::ctl
