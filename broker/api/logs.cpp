// GET /v1/jobs/{id}/logs: the tail of an attempt's output, as its cluster gives it.
#include "broker/api/api.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/values.hpp"
#include "broker/secrets.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

constexpr std::uint32_t tail_bytes_max = 256 * 1024;
constexpr std::uint64_t lines_max = 10'000;
constexpr std::uint64_t wait_s_max = 60;
constexpr int tails_per_cluster_max = 8;  // readers of output must not take all of a cluster's connections from polling and dispatch
constexpr std::chrono::seconds ask_again_after{2};

/// What the query asks for.
struct Wish {
  std::optional<std::int32_t> attempt;
  std::uint64_t lines = 100;
  std::optional<std::uint64_t> after;  ///< bytes of the whole output that the reader has
  std::chrono::seconds wait{0};
};

/// A whole number of the query; absent: `value` stays.
std::optional<http::Problem> read_number(http::Request const& request, std::string_view name, std::uint64_t least, std::uint64_t most,
                                         std::uint64_t& value) {
  auto const wanted = request.query_value(name);
  if (!wanted) return std::nullopt;
  auto const number = id_of(*wanted);
  if (!number || *number < least || *number > most)
    return problem("malformed_query",
                   std::string(name) + " is a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ".");
  value = *number;
  return std::nullopt;
}

std::expected<Wish, http::Problem> wish_of(http::Request const& request) {
  Wish wish;
  std::uint64_t attempt = 0;
  std::uint64_t wait = 0;
  if (auto wrong = read_number(request, "attempt", 1, INT32_MAX, attempt)) return std::unexpected(std::move(*wrong));
  if (auto wrong = read_number(request, "lines", 1, lines_max, wish.lines)) return std::unexpected(std::move(*wrong));
  if (auto wrong = read_number(request, "wait", 0, wait_s_max, wait)) return std::unexpected(std::move(*wrong));
  if (attempt > 0) wish.attempt = static_cast<std::int32_t>(attempt);
  wish.wait = std::chrono::seconds(wait);
  if (auto const cursor = request.query_value("after")) {
    wish.after = id_of_cursor(*cursor);
    if (!wish.after) return std::unexpected(problem("malformed_query", "after is the next of an earlier answer."));
  }
  return wish;
}

/// Cluster output is bytes; JSON wants UTF-8: what is not becomes U+FFFD.
std::string as_utf8(std::string_view bytes) {
  nlohmann::json const text = std::string(bytes);
  std::string const dumped = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(dumped).get<std::string>();
}

/// Cuts to the last `lines` lines; an end without line feed is a line too.
std::string_view last_lines(std::string_view text, std::uint64_t lines) {
  std::size_t at = text.size();
  if (text.ends_with('\n')) --at;
  for (std::uint64_t seen = 0; at > 0; --at)
    if (text[at - 1] == '\n' && ++seen == lines) return text.substr(at);
  return text;
}

/// One slot of a cluster's; gives it back.
class Turn {
 public:
  explicit Turn(int& taken) : taken_(++taken) {}
  ~Turn() { --taken_; }
  Turn(Turn const&) = delete;
  Turn& operator=(Turn const&) = delete;

 private:
  int& taken_;
};

http::Problem not_now(std::string detail) {
  http::Problem out = problem("unavailable", std::move(detail));
  out.headers.emplace_back("Retry-After", "5");
  return out;
}

/// What is new to the reader of a tail.
struct Fresh {
  std::string_view text;
  std::uint64_t end = 0;   ///< bytes of the whole output up to the end of `text`; 0 when the cluster does not tell
  bool truncated = false;  ///< something older was left out
};

Fresh fresh_part(connectors::LogTail const& tail, Wish const& wish) {
  std::string_view const bytes = tail.bytes;
  std::uint64_t const total = tail.total_bytes.value_or(bytes.size());
  std::uint64_t const begin = total - std::min<std::uint64_t>(total, bytes.size());
  Fresh fresh{bytes, tail.total_bytes ? total : 0, begin > 0};
  // An output shorter than what was read before has begun anew: all of it is news.
  if (wish.after && *wish.after <= total) {
    fresh.truncated = *wish.after < begin;
    if (*wish.after > begin) fresh.text = bytes.substr(static_cast<std::size_t>(*wish.after - begin));
    return fresh;
  }
  std::string_view const cut = last_lines(bytes, wish.lines);
  fresh.truncated = fresh.truncated || cut.size() < bytes.size();
  fresh.text = cut;
  return fresh;
}

/// The attempt asked for, or the last; null when there is none.
policy::Attempt const* attempt_of(FoundJob const& found, Wish const& wish) {
  if (!wish.attempt) return found.attempts.empty() ? nullptr : &found.attempts.back();
  auto const it = std::ranges::find(found.attempts, *wish.attempt, [](policy::Attempt const& each) { return each.id.number; });
  return it == found.attempts.end() ? nullptr : &*it;
}

}  // namespace

asio::awaitable<Answer> tail_logs(Api& api, Call& call) {
  auto found = co_await find_settled_job(api, call.caller, call.request.parameter("id"));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (!*found) co_return std::unexpected(problem("not_found", "There is no such job."));
  auto const wish = wish_of(call.request);
  if (!wish) co_return std::unexpected(wish.error());
  policy::Attempt const* const wanted = attempt_of(**found, *wish);
  if (wanted == nullptr) co_return std::unexpected(problem("not_found", "The job has no such attempt: it has not been placed yet."));
  policy::Attempt const attempt = *wanted;
  policy::ClusterName const cluster = attempt.allocation.cluster;
  std::shared_ptr<Site> const site = api.sites.find(cluster);
  if (site == nullptr || !site->connector->capabilities().tails_logs)
    co_return std::unexpected(problem("conflict", "The cluster " + cluster.text + " gives no logs."));
  if (!attempt.remote) co_return std::unexpected(problem("conflict", "The attempt has not reached its cluster yet."));
  std::string const key(reinterpret_cast<char const*>(attempt.remote->bytes.data()), attempt.remote->bytes.size());
  auto const part = api.ledger.private_part(log::PrivateKind::payload, "operator", key);
  if (!part || !*part) co_return std::unexpected(problem("not_found", "The cluster's id of this attempt is no longer kept."));
  auto const account = api.state().catalogue->accounts.find(attempt.allocation.account);
  std::string const credential = account == api.state().catalogue->accounts.end() ? std::string() : account->second.credential.text;
  std::string const remote(content_of((*part)->bytes));

  auto const until = std::chrono::steady_clock::now() + wish->wait;
  for (;;) {
    int& taken = api.log_tails[cluster];
    if (taken >= tails_per_cluster_max) co_return std::unexpected(not_now("Many read outputs of " + cluster.text + " just now."));
    // Asked before the output: what ends in between is seen as not complete, and read again.
    bool const live = policy::is_live(attempt.status) && api.state().attempts.contains(attempt.id) &&
                      policy::is_live(api.state().attempts.at(attempt.id).status);
    auto turn = std::make_unique<Turn>(taken);
    connectors::RemoteHandle handle{remote};
    std::string account_credential = credential;
    auto const tail = co_await site->connector->log_tail(std::move(account_credential), std::move(handle), tail_bytes_max);
    turn.reset();
    if (!tail) co_return std::unexpected(not_now("The cluster did not give the output: " + tail.error().what));
    Fresh const fresh = fresh_part(tail->value, *wish);
    bool const nothing_yet = wish->after && fresh.text.empty() && live;
    if (nothing_yet && std::chrono::steady_clock::now() + ask_again_after < until && !api.events.closed()) {
      asio::steady_timer timer(co_await asio::this_coro::executor, ask_again_after);
      co_await timer.async_wait(asio::use_awaitable);
      continue;
    }
    nlohmann::ordered_json body{{"attempt", policy::to_string(attempt.id)}, {"text", as_utf8(fresh.text)}};
    body["next"] = tail->value.total_bytes ? nlohmann::ordered_json(cursor_of(fresh.end)) : nlohmann::ordered_json(nullptr);
    body["complete"] = !live;
    body["truncated"] = fresh.truncated;
    co_return http::json_response(200, body.dump());
  }
}

}  // namespace sluice::broker::api
