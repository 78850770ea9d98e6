#include "connectors/centre/centre.hpp"

#include "connectors/answers.hpp"
#include "connectors/centre/reading.hpp"
#include "connectors/centre/writing.hpp"
#include "connectors/http/client.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::connectors::centre {
namespace {

using http_client::HttpReply;
using http_client::HttpRequest;

constexpr std::size_t capacity_bytes_max = std::size_t{4} << 20;
constexpr std::size_t job_bytes_max = std::size_t{256} << 10;
constexpr std::size_t page_bytes_max = std::size_t{8} << 20;
constexpr std::size_t log_bytes_max = std::size_t{16} << 20;
constexpr int pages_max = 1'000;
constexpr int page_jobs = 100;  // a page is read in one handler

/// A request with the account's token. The token is only ever a header value.
HttpRequest request_of(Call const& call, std::string method, std::string target, std::size_t body_bytes_max) {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body_bytes_max = body_bytes_max;
  request.headers.push_back({"Accept", "application/json"});
  if (Secret const* token = call.credentials->find("token")) request.headers.push_back({"Authorization", "Bearer " + token->reveal()});
  return request;
}

bool is_success(HttpReply const& reply) { return reply.status >= 200 && reply.status < 300; }

/// A fault for a non-2xx answer, with the centre's own code where it states one.
Fault declined(HttpReply const& reply, Asked asked) {
  Fault fault = fault_of(reply, asked);
  ProblemText const problem = read_problem(reply.body);
  if (problem.code.empty()) return fault;
  fault.what = fmt::format("{}: the site answered {} {}: {}", asked.step, reply.status, shown(problem.code, 40), problem.detail);
  if (fault.kind == FaultKind::refused || fault.kind == FaultKind::conflict) {
    Refusal const refusal = refusal_of(problem.code);
    // 409 means two things: the name is taken, or the order cannot be placed as things stand.
    if (fault.kind == FaultKind::conflict && refusal != Refusal::other) fault.kind = FaultKind::refused;
    if (fault.kind == FaultKind::refused) fault.refusal = refusal;
  }
  return fault;
}

class CentreProtocol : public Protocol {
 public:
  explicit CentreProtocol(ClusterOptions options) : options_(std::move(options)) {}

  Capabilities capabilities() const override {
    Capabilities can;
    can.idempotent_dispatch = true;
    can.look_up_by_attempt = true;
    can.absence_is_proof = true;
    can.lists_attempts = true;
    can.cancels = true;
    can.enforces_run_limit = true;
    can.signals_checkpoint = true;
    can.counts_attempts = true;
    can.quotes_prices = true;
    can.quotes_vouchers = true;
    can.estimates_queue = true;
    can.meters_usage = true;
    can.tails_logs = true;
    return can;
  }

  Conversation<OfferReport> offers(Call call) override {
    Asked const asked{"GET /v1/capacity", Effect::none, call.now};
    Answer const answer = co_await ask(request_of(call, "GET", "/v1/capacity", capacity_bytes_max));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
    auto report = read_offers(answer->body, options_, call.now);
    if (!report) co_return std::unexpected(malformed(*answer, asked, report.error()));
    co_return std::move(*report);
  }

  Conversation<VoucherReport> voucher_terms(Call call) override {
    Asked const asked{"GET /v1/capacity", Effect::none, call.now};
    Answer const answer = co_await ask(request_of(call, "GET", "/v1/capacity", capacity_bytes_max));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
    auto report = read_voucher_terms(answer->body, options_, call.now);
    if (!report) co_return std::unexpected(malformed(*answer, asked, report.error()));
    co_return std::move(*report);
  }

  Conversation<DispatchReceipt> dispatch(Call call, DispatchOrder order) override {
    Asked const asked{"POST /v1/jobs", Effect::acts, call.now};
    HttpRequest request = request_of(call, "POST", "/v1/jobs", job_bytes_max);
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = write_order(order, options_);
    Answer const answer = co_await ask(std::move(request));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status != 200 && answer->status != 201) co_return std::unexpected(declined(*answer, asked));
    auto job = read_job(answer->body);
    if (!job) co_return std::unexpected(malformed(*answer, asked, job.error()));
    if (job->attempt != order.attempt) co_return std::unexpected(malformed(*answer, asked, "/attempt is not the attempt that was sent"));
    co_return DispatchReceipt{std::move(*job), answer->status == 200};
  }

  Conversation<std::optional<RemoteStatus>> look_up(Call call, AttemptName attempt) override {
    Asked const asked{"GET /v1/jobs?attempt=", Effect::none, call.now};
    Answer const answer =
        co_await ask(request_of(call, "GET", "/v1/jobs?attempt=" + http_client::percent_encode(attempt.text), job_bytes_max));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    // Absence is only ever a 200 with an empty list: a 404 may come from anything on the way.
    if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
    auto page = read_jobs(answer->body);
    if (!page) co_return std::unexpected(malformed(*answer, asked, page.error()));
    if (page->jobs.empty()) co_return std::optional<RemoteStatus>{};
    if (page->jobs.size() > 1)
      co_return std::unexpected(malformed(*answer, asked, "/jobs holds more than one job of one attempt: duplicates at the site"));
    if (page->jobs[0].attempt != attempt)
      co_return std::unexpected(malformed(*answer, asked, "/jobs/0/attempt is not the attempt asked for"));
    co_return std::optional<RemoteStatus>{std::move(page->jobs[0])};
  }

  Conversation<RemoteStatus> status(Call call, RemoteHandle handle) override {
    Asked const asked{"GET /v1/jobs/{id}", Effect::none, call.now};
    Answer const answer = co_await ask(request_of(call, "GET", "/v1/jobs/" + http_client::percent_encode(handle.id), job_bytes_max));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
    auto job = read_job(answer->body);
    if (!job) co_return std::unexpected(malformed(*answer, asked, job.error()));
    if (job->handle != handle) co_return std::unexpected(malformed(*answer, asked, "/id is not the job asked for"));
    co_return std::move(*job);
  }

  Conversation<CancelReceipt> cancel(Call call, RemoteHandle handle) override {
    Asked const asked{"DELETE /v1/jobs/{id}", Effect::acts, call.now};
    Answer const answer = co_await ask(request_of(call, "DELETE", "/v1/jobs/" + http_client::percent_encode(handle.id), job_bytes_max));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status == 404 && read_problem(answer->body).code == "job_not_found")
      co_return CancelReceipt{handle, RemotePhase::ended, true};
    if (!is_success(*answer)) co_return std::unexpected(declined(*answer, asked));
    auto job = read_job(answer->body);
    if (!job) co_return std::unexpected(malformed(*answer, asked, job.error()));
    co_return CancelReceipt{handle, job->phase,
                            answer->status == 200 && job->phase == RemotePhase::ended && job->end != RemoteEnd::cancelled};
  }

  Conversation<Usage> usage(Call call, RemoteHandle handle) override {
    Asked const asked{"GET /v1/jobs/{id}/usage", Effect::none, call.now};
    Answer const answer =
        co_await ask(request_of(call, "GET", fmt::format("/v1/jobs/{}/usage", http_client::percent_encode(handle.id)), job_bytes_max));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
    auto usage = read_usage(answer->body);
    if (!usage) co_return std::unexpected(malformed(*answer, asked, usage.error()));
    if (usage->handle != handle) co_return std::unexpected(malformed(*answer, asked, "/job is not the job asked for"));
    co_return std::move(*usage);
  }

  Conversation<LogTail> log_tail(Call call, RemoteHandle handle, std::uint32_t bytes) override {
    Asked const asked{"GET /v1/jobs/{id}/logs", Effect::none, call.now};
    HttpRequest request =
        request_of(call, "GET", fmt::format("/v1/jobs/{}/logs?tail={}", http_client::percent_encode(handle.id), bytes), log_bytes_max);
    request.headers[0].value = "text/plain";
    Answer const answer = co_await ask(std::move(request));
    if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
    if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
    LogTail tail;
    // A site that sends more than was asked for is cut to the tail.
    tail.bytes = answer->body.size() > bytes ? answer->body.substr(answer->body.size() - bytes) : answer->body;
    if (std::string const* total = answer->header("sluice-log-bytes")) {
      if (auto const size = read_count(*total)) tail.total_bytes = *size;
    }
    co_return tail;
  }

  Conversation<AttemptList> attempts(Call call) override {
    Asked const asked{"GET /v1/jobs", Effect::none, call.now};
    AttemptList list;
    std::string cursor;
    for (int page_number = 0; page_number < pages_max; ++page_number) {
      std::string target = fmt::format("/v1/jobs?alive=true&limit={}", page_jobs);
      if (!cursor.empty()) target += "&cursor=" + http_client::percent_encode(cursor);
      Answer const answer = co_await ask(request_of(call, "GET", target, page_bytes_max));
      if (!answer) co_return std::unexpected(fault_of(answer.error(), asked));
      if (answer->status != 200) co_return std::unexpected(declined(*answer, asked));
      auto page = read_jobs(answer->body);
      if (!page) co_return std::unexpected(malformed(*answer, asked, page.error()));
      for (RemoteStatus& job : page->jobs) list.attempts.push_back(std::move(job));
      if (!page->next) {
        list.complete = true;
        co_return list;
      }
      if (*page->next == cursor) co_return std::unexpected(malformed(*answer, asked, "/next is the cursor that was sent"));
      cursor = *page->next;
    }
    co_return list;  // not complete: absence proves nothing
  }

 private:
  ClusterOptions options_;
};

}  // namespace

std::expected<std::unique_ptr<Protocol>, std::string> make_protocol(ClusterOptions const& options) {
  if (options.site.base_url.empty()) return std::unexpected("protocol centre: base_url is missing");
  if (!options.settings.empty())
    return std::unexpected("protocol centre: setting '" + options.settings.begin()->first + "' is not known; there are none");
  if (!options.endpoints.empty())
    return std::unexpected("protocol centre: endpoint '" + options.endpoints.begin()->first + "' is not known; there are none");
  return std::make_unique<CentreProtocol>(options);
}

}  // namespace sluice::connectors::centre
