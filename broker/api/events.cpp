// GET /v1/events: the log as it grows, by server-sent events or by long poll.
#include "broker/api/api.hpp"
#include "broker/api/values.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t wait_s_max = 60;

/// Where to begin: Last-Event-ID (the client has seen that one), `since` (this one first), or what comes next.
std::expected<log::Sequence, http::Problem> start_of(Api const& api, http::Request const& request) {
  if (auto const last = request.header("last-event-id")) {
    auto const id = id_of(*last);
    if (!id) return std::unexpected(problem("malformed_header", "Last-Event-ID is a sequence number."));
    return *id + 1;
  }
  if (auto const since = request.query_value("since")) {
    auto const id = id_of(*since);
    if (!id) return std::unexpected(problem("malformed_query", "since is a sequence number."));
    return *id;
  }
  return api.ledger.size();
}

/// "30s" or "30".
std::optional<std::int64_t> seconds_of(std::string_view text) {
  if (text.ends_with('s')) text.remove_suffix(1);
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > wait_s_max) return std::nullopt;
  return value;
}

asio::awaitable<void> wait_for_entry(Api& api, log::Sequence from, std::int64_t seconds) {
  auto const executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<asio::steady_timer>(executor, std::chrono::seconds(seconds));
  api.events.on_entry(from, [weak = std::weak_ptr(timer)] {
    // Ends a wait that has begun, and one that has not: the entry may be there already.
    if (auto const waiting = weak.lock()) waiting->expires_at(asio::steady_timer::time_point::min());
  });
  boost::system::error_code cancelled;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

asio::awaitable<Answer> watch_events(Api& api, Call& call) {
  auto const from = start_of(api, call.request);
  if (!from) co_return std::unexpected(from.error());
  EventFilter const filter{.tenant = call.caller.tenant};
  auto const wait = call.request.query_value("wait");
  if (!wait) {
    http::Response stream = http::event_response(api.events.open(filter, *from));
    stream.add("Cache-Control", "no-store");
    co_return stream;
  }
  auto const seconds = seconds_of(*wait);
  if (!seconds) co_return std::unexpected(problem("malformed_query", "wait is 0 to 60 seconds, like 30s."));
  auto [events, next] = api.events.read(filter, *from, 1'000);
  if (events.empty() && *seconds > 0) {
    co_await wait_for_entry(api, next, *seconds);
    std::tie(events, next) = api.events.read(filter, next, 1'000);
  }
  std::string body = "{\"data\":[";
  for (std::size_t i = 0; i < events.size(); ++i) body += (i == 0 ? "" : ",") + events[i];
  body += "],\"next\":\"" + std::to_string(next) + "\"}";
  co_return http::json_response(200, std::move(body));
}

}  // namespace

std::vector<Endpoint> event_endpoints() {
  return {{http::Method::get, "/v1/events", "watchEvents", Roles(tenant_role | operator_role | auditor_role | socket_role), watch_events}};
}

}  // namespace sluice::broker::api
