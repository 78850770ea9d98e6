// submit and quote: the two verbs that take a job.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/job_request.hpp"
#include "tools/ctl/session.hpp"
#include "tools/ctl/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace sluice::ctl {
namespace {

Result<ExitCode> submit(Session& session, JobFlags const& flags, std::string key, bool follow) {
  auto body = job_body(flags);
  if (!body) return std::unexpected(body.error());
  if (key.empty()) key = random_key();
  auto const answer =
      session.api.call({.method = "POST", .target = "/v1/jobs", .body = std::move(*body), .headers = {{"Idempotency-Key", key}}});
  if (!answer) return std::unexpected(answer.error());
  auto const job = text(answer->document, "/id");
  if (!follow || !session.out.json()) {
    if (session.out.json()) {
      session.out.document(answer->document);
    } else {
      session.out.line(job);
    }
  }
  if (answer->header("idempotent-replayed") == "true") session.out.note("This job had been accepted before under the same key.");
  if (follow) return watch(session, {.job = job, .type = {}, .since = {}});
  return ExitCode::ok;
}

// Reasons that several cards of a cluster share stand in one line.
Table refusals_of(nlohmann::json const& refused, std::string const& language) {
  std::vector<std::vector<std::string>> rows;
  for (auto const& cluster : items(refused)) {
    auto const card = text(cluster, "/accelerator");
    for (auto const& reason : items(member(cluster, "/reasons"))) {
      auto const why = reason_text(reason, language);
      auto const same = std::ranges::find_if(rows, [&](auto const& row) { return row[0] == text(cluster, "/cluster") && row[2] == why; });
      if (same == rows.end()) {
        rows.push_back({text(cluster, "/cluster"), card, why});
      } else if (card != "-") {
        (*same)[1] += ", " + card;
      }
    }
  }
  Table table({{"CLUSTER"}, {"CARD"}, {"REASON"}});
  for (auto& row : rows) table.add(std::move(row));
  return table;
}

void print_quote(Session& session, nlohmann::json const& quote) {
  Table options({{"CLUSTER"},
                 {"CARD"},
                 {"YUAN/CARD-H", true},
                 {"LIST", true},
                 {"GROSS", true},
                 {"PROGRAMME"},
                 {"VOUCHER", true},
                 {"FEE", true},
                 {"YOU PAY", true},
                 {"WITHOUT VOUCHER", true},
                 {"PORTING", true},
                 {"EGRESS", true},
                 {"HOLD", true},
                 {"STARTS"}});
  std::string valid_until;
  for (auto const& option : items(member(quote, "/options"))) {
    options.add({text(option, "/cluster"), text(option, "/accelerator"), text(option, "/price/unit_yuan_per_card_hour"),
                 text(option, "/price/list_yuan"), text(option, "/price/gross_yuan"), text(option, "/programme"),
                 text(option, "/price/voucher_yuan"), text(option, "/price/fee_yuan"), text(option, "/price/tenant_pays_yuan"),
                 text(option, "/without_entitlement/tenant_pays_yuan"), text(option, "/price/porting_yuan"),
                 text(option, "/price/egress_yuan"), text(option, "/price/hold_yuan"),
                 text(option, "/startable") == "yes" ? "now" : short_time(option, "/start/earliest")});
    auto const until = short_time(option, "/price/valid_until");
    if (until != "-" && (valid_until.empty() || until < valid_until)) valid_until = until;
  }
  if (options.empty()) {
    session.out.line("No cluster can run this job as it stands.");
  } else {
    session.out.table(options);
    session.out.note(fmt::format(
        "Cheapest first, what porting and egress cost you elsewhere included. Estimates from work and throughput; prices as of entry {}{}. "
        "Nothing is reserved.",
        text(quote, "/sequence"), valid_until.empty() ? "" : ", the first of them until " + valid_until));
  }
  auto const& refused = items(member(quote, "/refused"));
  if (refused.empty()) return;
  session.out.heading("Not there, because:");
  session.out.table(refusals_of(refused, session.settings.language));
}

}  // namespace

void add_submit_verbs(CLI::App& app, Chosen& chosen) {
  auto& submit_verb = add_verb(app, "submit", "Submit a job; prints its id once it is durable",
                               "  sluicectl submit job.json\n  generate-job | sluicectl submit -\n"
                               "  sluicectl submit --name eval --image hub.example/eval:2 --accelerator A100 --reference A100 \\\n"
                               "      --card-hours 0.5 --max-runtime 1h --max-cost 20.00 -- python eval.py");
  auto flags = std::make_shared<JobFlags>();
  auto key = std::make_shared<std::string>();
  auto follow = std::make_shared<bool>(false);
  add_job_flags(submit_verb, *flags);
  submit_verb.add_option("--idempotency-key", *key, "Repeat an earlier submission safely; default: fresh");
  submit_verb.add_flag("--watch", *follow, "Follow the job until it has ended");
  submit_verb.callback([&chosen, flags, key, follow] {
    chosen.verb = [flags, key, follow](Session& session) { return submit(session, *flags, *key, *follow); };
  });

  auto& quote_verb = add_verb(app, "quote", "Where could this job go, and at what price; changes nothing", "  sluicectl quote job.json");
  auto quote_flags = std::make_shared<JobFlags>();
  add_job_flags(quote_verb, *quote_flags);
  quote_verb.callback([&chosen, quote_flags] {
    chosen.verb = [quote_flags](Session& session) -> Result<ExitCode> {
      auto body = job_body(*quote_flags);
      if (!body) return std::unexpected(body.error());
      auto const answer = session.api.call({.method = "POST", .target = "/v1/quotes", .body = std::move(*body), .headers = {}});
      if (!answer) return std::unexpected(answer.error());
      if (session.out.json()) {
        session.out.document(answer->document);
      } else {
        print_quote(session, answer->document);
      }
      return text(answer->document, "/possible") == "yes" ? ExitCode::ok : ExitCode::refused;
    };
  });
}

}  // namespace sluice::ctl
