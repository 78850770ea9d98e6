// list, get, watch, logs, cancel, explain, receipt: what one does with a job that exists.
#include "tools/ctl/explain.hpp"
#include "tools/ctl/fields.hpp"
#include "tools/ctl/session.hpp"
#include "tools/ctl/watch.hpp"

#include <fmt/format.h>

#include <memory>

namespace sluice::ctl {
namespace {

struct Listing {
  Paging paging;
  std::string state, tenant;
};

struct Tail {
  std::string job;
  int lines = 100, attempt = 0;
  bool follow = false;
};

constexpr int log_wait_s = 30;

Result<ExitCode> list(Session& session, Listing const& what) {
  auto const jobs = read_list(session, Target("/v1/jobs").query("state", what.state).query("tenant", what.tenant), what.paging);
  if (!jobs) return std::unexpected(jobs.error());
  print_list(
      session, *jobs,
      {{"JOB", true}, {"NAME"}, {"STATE"}, {"SINCE"}, {"CLUSTER"}, {"CARD"}, {"CARDS", true}, {"HELD", true}, {"PAID", true}, {"REASON"}},
      [&](nlohmann::json const& job) -> std::vector<std::string> {
        return {text(job, "/id"),
                text(job, "/name"),
                text(job, "/state"),
                short_time(job, "/state_since"),
                text(job, "/placement/cluster"),
                text(job, "/placement/accelerator"),
                text(job, "/placement/cards"),
                text(job, "/cost/held_yuan"),
                text(job, "/cost/settled_yuan"),
                text(job, "/reason/code")};
      });
  return ExitCode::ok;
}

void print_job(Session& session, nlohmann::json const& job) {
  if (session.out.json()) return session.out.document(job);
  print_fields(session, job,
               {{"job", "/id"},
                {"name", "/name"},
                {"tenant", "/tenant"},
                {"state", "/state"},
                {"since", "/state_since"},
                {"accepted", "/accepted_at"},
                {"cluster", "/placement/cluster"},
                {"card", "/placement/accelerator"},
                {"cards", "/placement/cards"},
                {"yuan per card-hour", "/placement/price/unit_yuan_per_card_hour"},
                {"voucher", "/placement/programme"},
                {"estimate", "/cost/estimated_yuan"},
                {"held", "/cost/held_yuan"},
                {"disputed", "/cost/disputed_yuan"},
                {"paid", "/cost/settled_yuan"}});
  if (auto const& reason = member(job, "/reason"); reason.is_object())
    session.out.line("reason: " + reason_text(reason, session.settings.language));
  Table attempts({{"ATTEMPT"},
                  {"STATE"},
                  {"CLUSTER"},
                  {"CARD"},
                  {"STARTED"},
                  {"ENDED"},
                  {"CARD-H", true},
                  {"EXIT", true},
                  {"WHO PAYS"},
                  {"PAID", true},
                  {"REASON"}});
  for (auto const& attempt : items(member(job, "/attempts"))) {
    attempts.add({text(attempt, "/id"), text(attempt, "/state"), text(attempt, "/placement/cluster"),
                  text(attempt, "/placement/accelerator"), short_time(attempt, "/started_at"), short_time(attempt, "/ended_at"),
                  text(attempt, "/metered_card_hours"), text(attempt, "/exit_code"), text(attempt, "/liability"),
                  text(attempt, "/settled/tenant_paid_yuan"), text(attempt, "/reason/code")});
  }
  if (!attempts.empty()) {
    session.out.heading("Attempts");
    session.out.table(attempts);
  }
}

Result<ExitCode> logs(Session& session, Tail const& what) {
  std::string after;
  for (;;) {
    Target target = Target("/v1/jobs").segment(what.job);
    target.segment("logs");
    if (what.attempt > 0) target.query("attempt", std::to_string(what.attempt));
    if (after.empty()) target.query("lines", std::to_string(what.lines));
    target.query("after", after);
    if (!after.empty()) target.query("wait", std::to_string(log_wait_s));
    auto const answer =
        session.api.call({.target = target.text(), .headers = {}, .wait = std::chrono::seconds(after.empty() ? 0 : log_wait_s)});
    if (!answer) return std::unexpected(answer.error());
    if (session.out.json()) {
      session.out.compact(answer->document);
    } else if (auto const& output = member(answer->document, "/text"); output.is_string()) {
      session.out.raw(output.get_ref<std::string const&>());
    }
    auto const next = text(answer->document, "/next");
    if (!what.follow || next == "-" || text(answer->document, "/complete") == "yes") return ExitCode::ok;
    after = next;
  }
}

}  // namespace

void add_job_verbs(CLI::App& app, Chosen& chosen) {
  auto& list_verb = add_verb(app, "list", "List jobs, newest first", "  sluicectl list --state queued\n  sluicectl --json list --all");
  auto listing = std::make_shared<Listing>();
  add_paging(list_verb, listing->paging);
  list_verb.add_option("--state", listing->state, "Only jobs in this state")
      ->check(CLI::IsMember({"queued", "allocated", "dispatched", "running", "completed", "failed", "cancelled", "lost"}));
  list_verb.add_option("--tenant", listing->tenant, "Only this tenant's (operators and auditors)");
  list_verb.callback([&chosen, listing] { chosen.verb = [listing](Session& session) { return list(session, *listing); }; });

  auto& get_verb = add_verb(app, "get", "Show a job: state, place, price, attempts", "  sluicectl get 48213");
  auto got = std::make_shared<std::string>();
  get_verb.add_option("JOB", *got, "The job's id")->required();
  get_verb.callback([&chosen, got] {
    chosen.verb = [got](Session& session) -> Result<ExitCode> {
      auto const answer = session.api.call({.target = Target("/v1/jobs").segment(*got).text()});
      if (!answer) return std::unexpected(answer.error());
      print_job(session, answer->document);
      return ExitCode::ok;
    };
  });

  auto& watch_verb = add_verb(app, "watch", "Follow a job until it has ended, or all events",
                              "  sluicectl watch 48213 && echo completed\n  sluicectl --json watch --type cluster.");
  auto watched = std::make_shared<Watch>();
  watch_verb.add_option("JOB", watched->job, "The job's id; absent: everything this key may see");
  watch_verb.add_option("--type", watched->type, "Only event types that start so");
  watch_verb.add_option("--since", watched->since, "After this ledger sequence");
  watch_verb.callback([&chosen, watched] { chosen.verb = [watched](Session& session) { return watch(session, *watched); }; });

  auto& logs_verb =
      add_verb(app, "logs", "The end of a job's output", "  sluicectl logs 48213 --lines 500\n  sluicectl logs 48213 --follow");
  auto tail = std::make_shared<Tail>();
  logs_verb.add_option("JOB", tail->job, "The job's id")->required();
  logs_verb.add_option("--lines", tail->lines, "Most lines")->check(CLI::Range(1, 10'000))->capture_default_str();
  logs_verb.add_option("--attempt", tail->attempt, "Number of the attempt; default: the last")->check(CLI::PositiveNumber);
  logs_verb.add_flag("--follow,-f", tail->follow, "Go on until the run has ended");
  logs_verb.callback([&chosen, tail] { chosen.verb = [tail](Session& session) { return logs(session, *tail); }; });

  auto& cancel_verb = add_verb(app, "cancel", "Cancel a job; use until it has stopped is paid", "  sluicectl cancel 48213");
  auto cancelled = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  cancel_verb.add_option("JOB", *cancelled, "The job's id")->required();
  cancel_verb.add_option("--reason", *reason, "Why; an operator must say");
  cancel_verb.callback([&chosen, cancelled, reason] {
    chosen.verb = [cancelled, reason](Session& session) -> Result<ExitCode> {
      Target target("/v1/jobs");
      auto const answer = session.api.call(
          {.method = "DELETE", .target = target.segment(*cancelled).query("reason", *reason).text(), .body = {}, .headers = {}});
      if (!answer) return std::unexpected(answer.error());
      if (session.out.json()) {
        session.out.document(answer->document);
      } else {
        // 202: its cluster has yet to stop it; 200: it is final, by this or since before.
        bool const stopping = answer->status == 202;
        session.out.line(fmt::format("Job {} is {}; {}.", text(answer->document, "/id"), text(answer->document, "/state"),
                                     stopping ? "its cluster is told to stop it" : "nothing of it runs"));
      }
      return ExitCode::ok;
    };
  });

  auto& explain_verb = add_verb(app, "explain", "Why is the job where it is, in five lines",
                                "  sluicectl explain 48213\n  sluicectl --language zh explain 48213 --details");
  auto explained = std::make_shared<std::string>();
  auto details = std::make_shared<bool>(false);
  explain_verb.add_option("JOB", *explained, "The job's id")->required();
  explain_verb.add_flag("--details", *details, "Every cluster, the history, and what would change it");
  explain_verb.callback([&chosen, explained, details] {
    chosen.verb = [explained, details](Session& session) { return explain(session, *explained, *details); };
  });

  auto& receipt_verb = add_verb(app, "receipt", "Print the proof that the log holds the job; keep it",
                                "  sluicectl receipt 48213 > 48213.tlog-proof\n  sluice-audit receipt --key log.vkey 48213.tlog-proof");
  auto proved = std::make_shared<std::string>();
  receipt_verb.add_option("JOB", *proved, "The job's id")->required();
  receipt_verb.callback([&chosen, proved] {
    chosen.verb = [proved](Session& session) {
      Target target("/v1/jobs");
      return print_text(session, target.segment(*proved).segment("receipt").text(), "receipt");
    };
  });
}

}  // namespace sluice::ctl
