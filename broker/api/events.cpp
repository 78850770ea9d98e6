// GET /v1/events: the log as it grows, by server-sent events or by long poll.
#include "broker/api/api.hpp"
#include "broker/api/values.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iterator>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t wait_s_max = 60;

constexpr std::size_t streams_per_principal_max = 32;
constexpr std::size_t page_events_max = 1'000;
constexpr std::size_t page_turns_max = 64;  ///< of the hub's reading: a page that shows nothing still comes to an end

log::Sequence behind(log::Sequence sequence) { return sequence == UINT64_MAX ? sequence : sequence + 1; }

/// The entry to begin with: the one behind Last-Event-ID or `since`, or what comes next.
std::expected<log::Sequence, http::Problem> start_of(Api const& api, http::Request const& request) {
  if (auto const last = request.header("last-event-id")) {
    auto const id = id_of(*last);
    if (!id) return std::unexpected(problem("malformed_header", "Last-Event-ID is a sequence number."));
    return behind(*id);
  }
  if (auto const since = request.query_value("since")) {
    auto const id = id_of(*since);
    if (!id) return std::unexpected(problem("malformed_query", "since is a sequence number."));
    return behind(*id);
  }
  return api.ledger.size();
}

std::expected<EventFilter, http::Problem> filter_of(Caller const& caller, http::Request const& request) {
  EventFilter filter{.tenant = caller.tenant, .job = std::nullopt, .type_prefix = {}, .until = caller.until};
  if (auto const job = request.query_value("job")) {
    auto const id = id_of(*job);
    if (!id) return std::unexpected(problem("malformed_query", "job is a job's id."));
    filter.job = policy::JobId{*id};
  }
  if (auto const type = request.query_value("type")) {
    if (type->size() > 64) return std::unexpected(problem("malformed_query", "type is the beginning of an event type, such as job."));
    filter.type_prefix = *type;
  }
  return filter;
}

/// "30s" or "30".
std::optional<std::int64_t> seconds_of(std::string_view text) {
  if (text.ends_with('s')) text.remove_suffix(1);
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > wait_s_max) return std::nullopt;
  return value;
}

using Clock = std::chrono::steady_clock;

asio::awaitable<void> wait_for_entry(Api& api, log::Sequence from, Clock::time_point until) {
  auto const executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<asio::steady_timer>(executor, until);
  api.events.on_entry(from, [weak = std::weak_ptr(timer)] {
    // Ends a wait that has begun, and one that has not: the entry may be there already.
    if (auto const waiting = weak.lock()) waiting->expires_at(asio::steady_timer::time_point::min());
  });
  boost::system::error_code cancelled;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

/// One page: at once when there is something to show, else when there is, or with nothing when the time is over.
asio::awaitable<http::Response> long_poll(Api& api, EventFilter filter, log::Sequence next, std::size_t limit, std::int64_t seconds) {
  auto const until = Clock::now() + std::chrono::seconds(seconds);
  std::vector<std::string> events;
  for (std::size_t turns = 0; events.size() < limit && turns < page_turns_max; ++turns) {
    auto [more, behind_them] = api.events.read(filter, next, limit - events.size());
    next = behind_them;
    std::ranges::move(more, std::back_inserter(events));
    if (next < api.ledger.size()) {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);  // others get their turn
      continue;
    }
    if (!events.empty() || Clock::now() >= until || api.events.closed()) break;
    co_await wait_for_entry(api, next, until);
    turns = 0;
  }
  std::string body = "{\"data\":[";
  for (std::size_t i = 0; i < events.size(); ++i) body += (i == 0 ? "" : ",") + events[i];
  body += "],\"next\":\"" + std::to_string(next == 0 ? 0 : next - 1) + "\"}";
  co_return http::json_response(200, std::move(body));
}

/// Whether Accept leaves room for a stream. Absent: it does.
bool accepts_stream(http::Request const& request) {
  auto const accept = request.header("accept");
  if (!accept) return true;
  return std::ranges::any_of(std::array{"text/event-stream", "text/*", "*/*"}, [&](char const* type) { return accept->contains(type); });
}

asio::awaitable<Answer> watch_events(Api& api, Call& call) {
  auto const from = start_of(api, call.request);
  if (!from) co_return std::unexpected(from.error());
  auto filter = filter_of(call.caller, call.request);
  if (!filter) co_return std::unexpected(std::move(filter.error()));
  auto const wait = call.request.query_value("wait");
  if (!wait) {
    if (!accepts_stream(call.request))
      co_return std::unexpected(problem("not_acceptable", "This path answers text/event-stream, or application/json with ?wait."));
    auto stream = api.events.open(std::move(*filter), *from, call.caller.principal.text, streams_per_principal_max);
    if (stream == nullptr) {
      http::Problem limited = problem("rate_limited", "At most " + std::to_string(streams_per_principal_max) +
                                                          " event streams are open at once for one caller; close one, or poll with wait.");
      limited.headers.emplace_back("Retry-After", "5");
      limited.members.emplace_back("retry_after_s", "5");
      co_return std::unexpected(std::move(limited));
    }
    http::Response response = http::event_response(std::move(stream));
    co_return response;
  }
  auto const seconds = seconds_of(*wait);
  if (!seconds) co_return std::unexpected(problem("malformed_query", "wait is 0 to 60 seconds, like 30s."));
  std::size_t limit = page_events_max;
  if (auto const wanted = call.request.query_value("limit")) {
    auto const number = id_of(*wanted);
    if (!number || *number < 1 || *number > page_events_max)
      co_return std::unexpected(problem("malformed_query", "limit is a whole number from 1 to 1000."));
    limit = static_cast<std::size_t>(*number);
  }
  co_return co_await long_poll(api, std::move(*filter), *from, limit, *seconds);
}

}  // namespace

std::vector<Endpoint> event_endpoints() {
  return {{http::Method::get, "/v1/events", "watchEvents", Roles(tenant_role | operator_role | auditor_role | socket_role), watch_events}};
}

}  // namespace sluice::broker::api
