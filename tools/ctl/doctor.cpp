// doctor: what keeps the broker or this client from working, and what to do next.
#include "tools/ctl/checkpoint.hpp"
#include "tools/ctl/cluster_health.hpp"
#include "tools/ctl/command.hpp"
#include "tools/ctl/fields.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <memory>

namespace sluice::ctl {
namespace {

enum class Verdict { ok, warning, failed, skipped };

struct Finding {
  std::string check;
  Verdict verdict = Verdict::ok;
  std::string detail;
  std::string action;
};

using Findings = std::vector<Finding>;

struct Places {
  std::string socket = "/run/sluice/sluice.sock";
  std::string config;              ///< empty: /etc/sluice/sluice.toml when it exists
  std::string daemon = "sluiced";  ///< looked up in PATH
};

char const* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warn";
    case Verdict::failed:
      return "FAIL";
    case Verdict::skipped:
      return "skip";
  }
  return "?";
}

constexpr char const* usual_config = "/etc/sluice/sluice.toml";

void check_configuration(Places const& places, Findings& findings) {
  std::string config = places.config;
  if (config.empty() && ::access(usual_config, F_OK) == 0) config = usual_config;
  if (config.empty()) {
    findings.push_back({"configuration", Verdict::skipped, fmt::format("there is no {} on this machine", usual_config),
                        "On the broker's machine give --config FILE."});
    return;
  }
  auto const checked = run_command({places.daemon, "--check-config", "--config", config});
  if (!checked) {
    findings.push_back({"configuration", Verdict::failed, checked.error(),
                        fmt::format("Install sluiced, or say where it is: --sluiced PATH. File: {}", config)});
    return;
  }
  if (checked->status == 0) {
    findings.push_back({"configuration", Verdict::ok, config + " is sound", ""});
  } else {
    findings.push_back({"configuration", Verdict::failed, fmt::format("{} has errors: {}", config, checked->output),
                        "Correct them; sluiced keeps running on the old configuration until then."});
  }
}

void check_socket(Session& session, Places const& places, Findings& findings) {
  auto const path = session.settings.socket.empty() ? places.socket : session.settings.socket;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    bool const wanted = !session.settings.socket.empty();
    findings.push_back(
        {"socket", wanted ? Verdict::failed : Verdict::skipped, fmt::format("{}: {}", path, std::strerror(errno)),
         wanted ? "Check that sluiced runs: systemctl status sluiced" : "On the broker's machine: systemctl status sluiced"});
  } else if (!S_ISSOCK(status.st_mode)) {
    findings.push_back({"socket", Verdict::failed, path + " is no socket", "Remove it and restart sluiced."});
  } else if (::access(path.c_str(), R_OK | W_OK) != 0) {
    findings.push_back({"socket", Verdict::warning, fmt::format("{}: {}", path, std::strerror(errno)),
                        "Use a key over --server, or act as a user the configuration admits."});
  } else {
    findings.push_back({"socket", Verdict::ok, path, ""});
  }
}

// RFC 9110's IMF-fixdate, as seconds since 1970.
std::optional<std::int64_t> http_date(std::string const& text) {
  std::tm parts{};
  char const* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&parts));
}

void check_clock(std::string const& date, Findings& findings) {
  constexpr std::int64_t tolerated_s = 5;
  auto const server = http_date(date);
  if (!server) {
    findings.push_back({"clock", Verdict::warning, "the broker states no Date", ""});
    return;
  }
  auto const here = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto const difference = *server - here;
  bool const good = difference >= -tolerated_s && difference <= tolerated_s;
  findings.push_back({"clock", good ? Verdict::ok : Verdict::warning,
                      difference == 0 ? std::string("the broker's clock and this machine's agree")
                                      : fmt::format("the broker's clock is {} s {} this machine's", std::abs(difference),
                                                    difference < 0 ? "behind" : "ahead of"),
                      good ? "" : "Check both machines' time service: timedatectl"});
}

// True when the broker answers at all.
bool check_readiness(Session& session, Findings& findings) {
  auto const answer = session.api.ask({.target = "/readyz?verbose=1"});
  if (!answer) {
    findings.push_back({"answer", Verdict::failed, answer.error().what, answer.error().action});
    return false;
  }
  bool const ready = answer->status == 200;
  std::string detail = fmt::format("/readyz answers {}", answer->status);
  for (auto const& check : items(member(answer->document, "/checks"))) {
    if (text(check, "/ok") == "no") detail += fmt::format("; {}: {}", text(check, "/name"), text(check, "/detail"));
  }
  findings.push_back({"readiness", ready ? Verdict::ok : Verdict::failed, detail,
                      ready ? "" : "Mend what is named; the broker resumes by itself, journalctl -u sluiced has more."});
  check_clock(answer->header("date"), findings);
  return true;
}

std::optional<std::uint64_t> number_at(nlohmann::json const& document, std::string const& pointer) {
  auto const found = text(document, pointer);
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(found.data(), found.data() + found.size(), value);
  if (error != std::errc{} || end != found.data() + found.size()) return std::nullopt;
  return value;
}

void check_status(Session& session, nlohmann::json const& status, Findings& findings) {
  auto const free = number_at(status, "/disk/free_bytes");
  auto const stop = number_at(status, "/disk/stop_below_bytes");
  if (free && stop) {
    bool const low = *free < *stop;
    bool const soon = !low && *free / 2 < *stop;
    findings.push_back({"disk",
                        low    ? Verdict::failed
                        : soon ? Verdict::warning
                               : Verdict::ok,
                        fmt::format("{} MiB free; admission stops below {} MiB", *free >> 20, *stop >> 20),
                        low || soon ? "Free or add space for the state directory." : ""});
  }
  auto const step = integer(status, "/clock/step_ms", 0);
  if (step > 60'000 || step < -60'000) {
    findings.push_back({"clock step", Verdict::failed, fmt::format("the wall clock moved by {} ms against the boot clock", step),
                        "Check the time by hand, then: sluicectl clock accept --reason …"});
  }
  if (text(status, "/admission") == "stopped") {
    findings.push_back({"admission", Verdict::failed, reason_text(member(status, "/admission_reason"), session.settings.language),
                        "Mend the reason named."});
  }
  if (text(status, "/control/dispatch") == "frozen") {
    findings.push_back({"dispatch", Verdict::warning, "frozen: " + text(status, "/control/reason"),
                        "When the cause is gone: sluicectl dispatch resume --reason …"});
  }
  if (text(status, "/control/rounds") == "paused") {
    findings.push_back({"rounds", Verdict::warning, "paused: " + text(status, "/control/reason"),
                        "When the cause is gone: sluicectl rounds resume --reason …"});
  }
  if (auto const unknown = integer(status, "/attempts_unknown", 0); unknown > 0) {
    findings.push_back({"attempts", Verdict::warning, fmt::format("{} attempts of unknown fate; their money waits", unknown),
                        "Ask the site, then: sluicectl attempt resolve JOB-NUMBER …"});
  }
  if (auto const waiting = integer(status, "/overrides_waiting", 0); waiting > 0) {
    findings.push_back({"overrides", Verdict::warning, fmt::format("{} wait for a second person", waiting), "sluicectl override list"});
  }
}

void check_clusters(Session& session, Findings& findings) {
  auto const clusters = cluster_health(session);
  if (!clusters) {
    findings.push_back({"clusters", Verdict::warning, clusters.error().what, clusters.error().action});
  } else if (clusters->ill.empty()) {
    findings.push_back({"clusters", Verdict::ok, clusters->summary, ""});
  } else {
    findings.push_back({"clusters", Verdict::warning, fmt::format("{}", fmt::join(clusters->ill, ", ")),
                        "sluicectl clusters NAME says why; what ran there goes on elsewhere when that is safe."});
  }
}

// `entries` is what the daemon says it has made durable.
void check_log(Session& session, std::optional<std::uint64_t> entries, Findings& findings) {
  auto const answer =
      session.api.call({.target = "/checkpoint", .body = {}, .headers = {}, .accept = "text/plain, application/problem+json"});
  if (!answer) {
    findings.push_back({"log", Verdict::failed, answer.error().what, answer.error().action});
    return;
  }
  auto const checkpoint = read_checkpoint(answer->body);
  if (!checkpoint) {
    findings.push_back({"log", Verdict::failed, checkpoint.error().what, checkpoint.error().action});
  } else if (entries && checkpoint->size < *entries) {
    findings.push_back({"log", Verdict::failed, fmt::format("the checkpoint covers {} of {} entries", checkpoint->size, *entries),
                        "Keep the machine as it is and look into journalctl -u sluiced."});
  } else {
    findings.push_back(
        {"log", Verdict::ok,
         fmt::format("{} entries, {} signature(s); proved only by: sluicectl log export DIR, then sluice-audit replay --key LOG.VKEY DIR",
                     checkpoint->size, checkpoint->signatures),
         ""});
  }
}

void check_key_and_log(Session& session, Findings& findings) {
  auto const status = session.api.call({.target = "/v1/status"});
  std::optional<std::uint64_t> entries;
  if (status) {
    findings.push_back({"key", Verdict::ok, "accepted for /v1/status", ""});
    check_status(session, status->document, findings);
    check_clusters(session, findings);
    if (auto const last = number_at(status->document, "/sequence")) entries = *last + 1;
  } else if (status.error().problem && text(*status.error().problem, "/code") == "role_forbidden") {
    findings.push_back({"key", Verdict::ok, "accepted; its role may not read /v1/status, so disk and control were not looked at", ""});
  } else {
    findings.push_back({"key", Verdict::failed, status.error().what, status.error().action});
  }
  check_log(session, entries, findings);
}

Result<ExitCode> doctor(Session& session, Places const& places) {
  Findings findings;
  check_configuration(places, findings);
  check_socket(session, places, findings);
  if (check_readiness(session, findings)) check_key_and_log(session, findings);
  bool failed = false;
  auto document = nlohmann::json::array();
  for (auto const& finding : findings) {
    failed = failed || finding.verdict == Verdict::failed;
    document.push_back(
        {{"check", finding.check}, {"verdict", word(finding.verdict)}, {"detail", finding.detail}, {"action", finding.action}});
    if (session.out.json()) continue;
    session.out.finding(word(finding.verdict), finding.check, finding.detail, finding.action);
  }
  if (session.out.json()) session.out.document(document);
  return failed ? ExitCode::failure : ExitCode::ok;
}

}  // namespace

void add_doctor_verb(CLI::App& app, Chosen& chosen) {
  auto& verb = add_verb(app, "doctor", "What is wrong with the broker or this client, and what to do next",
                        "  sluicectl doctor\n  sluicectl --socket /run/sluice/sluice.sock doctor --config /etc/sluice/sluice.toml");
  auto places = std::make_shared<Places>();
  verb.add_option("--config", places->config, "The daemon's configuration, checked with sluiced --check-config");
  verb.add_option("--sluiced", places->daemon, "The daemon's program")->capture_default_str();
  verb.callback([&chosen, places] { chosen.verb = [places](Session& session) { return doctor(session, *places); }; });
}

}  // namespace sluice::ctl
