// The event stream as lines for people, or one JSON document per line.
#include "tools/ctl/watch.hpp"

#include "policy/json/strict.hpp"
#include "tools/ctl/event_reader.hpp"
#include "tools/ctl/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace sluice::ctl {
namespace {

constexpr int fruitless_max = 5;

void print(Session& session, nlohmann::json const& event) {
  if (session.out.json()) return session.out.compact(event);
  std::string line = fmt::format("{}  {:<8}  {}", short_time(event, "/at"), text(event, "/sequence"), text(event, "/type"));
  for (auto const* const name : {"job", "attempt", "cluster", "round", "tenant", "state"}) {
    if (auto const value = text(event, std::string("/") + name); value != "-") line += fmt::format("  {} {}", name, value);
  }
  if (auto const& reason = member(event, "/reason"); reason.is_object()) line += "  " + reason_text(reason, session.settings.language);
  session.out.line(line);
}

// The state now, so that a job that has already ended is not waited for.
Result<nlohmann::json> state_of(Session& session, std::string const& job) {
  auto answer = session.api.call({.target = Target("/v1/jobs").segment(job).text()});
  if (!answer) return std::unexpected(answer.error());
  return std::move(answer->document);
}

ExitCode verdict(Session& session, nlohmann::json const& job) {
  auto const state = text(job, "/state");
  if (!session.out.json()) {
    auto const& reason = member(job, "/reason");
    session.out.line(fmt::format("Job {} {}{}. Paid: {} yuan.", text(job, "/id"), state,
                                 reason.is_object() ? ": " + reason_text(reason, session.settings.language) : "",
                                 text(job, "/cost/settled_yuan")));
  }
  return state == "completed" ? ExitCode::ok : ExitCode::failure;
}

}  // namespace

bool is_final(std::string_view state) { return state == "completed" || state == "failed" || state == "cancelled" || state == "lost"; }

Result<ExitCode> watch(Session& session, Watch const& what) {
  std::string since = what.since;
  if (!what.job.empty()) {
    auto job = state_of(session, what.job);
    if (!job) return std::unexpected(job.error());
    if (is_final(text(*job, "/state"))) return verdict(session, *job);
    if (since.empty()) since = text(*job, "/changed_sequence");
    if (!session.out.json()) session.out.line(fmt::format("Job {} is {}.", what.job, text(*job, "/state")));
  }
  EventReader reader;
  int fruitless = 0;
  bool ended = false;
  bool look = false;  // an event of the job that does not say what state it is in now
  std::optional<Failure> garbage;
  std::string newest;
  auto const take = [&](ServerEvent const& event) {
    // A server that repeats itself makes no progress.
    if (event.id != newest) fruitless = 0;
    newest = event.id;
    auto const document = json::parse_strict(event.data);
    if (!document || !document->is_object()) {
      garbage =
          Failure{ExitCode::failure, "An event is not a JSON object.", {}, "Check that --server names a Sluice broker.", std::nullopt};
      return false;
    }
    print(session, *document);
    session.out.flush();
    if (what.job.empty() || text(*document, "/job") != what.job) return true;
    auto const state = text(*document, "/state");
    ended = is_final(state);
    look = state == "-";
    return !ended && !look;
  };
  for (;;) {
    auto const resume = reader.last_id().empty() ? since : reader.last_id();
    Call call{.target =
                  Target("/v1/events").query("job", what.job).query("type", what.type).query("since", resume == "-" ? "" : resume).text()};
    call.accept = "text/event-stream, application/problem+json";
    if (!reader.last_id().empty()) call.headers.emplace_back("Last-Event-ID", reader.last_id());
    reader.restart();
    auto const whole = session.api.stream(call, [&](std::string_view piece) { return reader.feed(piece, take); });
    if (garbage) return std::unexpected(std::move(*garbage));
    if (reader.overflow()) return fail(ExitCode::failure, "An event is larger than 1 MiB.", "Check that --server names a Sluice broker.");
    if (ended || look) {
      auto const job = state_of(session, what.job);
      if (!job) return std::unexpected(job.error());
      if (ended || is_final(text(*job, "/state"))) return verdict(session, *job);
      look = false;  // and on from this event: the next request names it
      continue;
    }
    // The server closes readers that fall behind, and when it restarts.
    if (!whole && whole.error().exit != ExitCode::unavailable) return std::unexpected(whole.error());
    if (++fruitless >= fruitless_max) {
      if (!whole) return std::unexpected(whole.error());
      return fail(ExitCode::unavailable, "The event stream ends again and again without an event.",
                  "Repeat later; sluicectl doctor looks closer.");
    }
    if (fruitless > 1) std::this_thread::sleep_for(std::chrono::milliseconds(250) * (1 << fruitless));
  }
}

}  // namespace sluice::ctl
