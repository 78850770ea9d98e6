// GET /v1/jobs/{id}/logs: the tail of an attempt's output, as its cluster gives it.
#include "broker/api/api.hpp"
#include "broker/api/job_view.hpp"
#include "broker/secrets.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

constexpr std::uint32_t tail_bytes_max = 256 * 1024;

/// Cluster output is bytes; JSON wants UTF-8: what is not becomes U+FFFD.
std::string as_utf8(std::string const& bytes) {
  nlohmann::json const text = bytes;
  std::string const dumped = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(dumped).get<std::string>();
}

}  // namespace

asio::awaitable<Answer> tail_logs(Api& api, Call& call) {
  auto found = co_await find_settled_job(api, call.caller, call.request.parameter("id"));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (!*found || (*found)->attempts.empty())
    co_return std::unexpected(problem("not_found", "There is no such job, or it has not been placed yet."));
  std::uint32_t bytes = 64 * 1024;
  if (auto const wanted = call.request.query_value("tail_bytes")) {
    auto const [end, error] = std::from_chars(wanted->data(), wanted->data() + wanted->size(), bytes);
    if (error != std::errc{} || end != wanted->data() + wanted->size() || bytes == 0 || bytes > tail_bytes_max)
      co_return std::unexpected(problem("malformed_query", "tail_bytes is a whole number from 1 to 262144."));
  }
  policy::Attempt const attempt = (*found)->attempts.back();
  std::shared_ptr<Site> const site = api.sites.find(attempt.allocation.cluster);
  if (site == nullptr || !site->connector->capabilities().tails_logs)
    co_return std::unexpected(problem("conflict", "The cluster " + attempt.allocation.cluster.text + " gives no logs."));
  if (!attempt.remote) co_return std::unexpected(problem("conflict", "The attempt has not reached its cluster yet."));
  std::string const key(reinterpret_cast<char const*>(attempt.remote->bytes.data()), attempt.remote->bytes.size());
  auto const part = api.ledger.private_part(log::PrivateKind::payload, "operator", key);
  if (!part || !*part) co_return std::unexpected(problem("not_found", "The cluster's id of this attempt is no longer kept."));
  auto const account = api.state().catalogue->accounts.find(attempt.allocation.account);
  std::string const credential = account == api.state().catalogue->accounts.end() ? std::string() : account->second.credential.text;
  connectors::RemoteHandle handle{std::string(content_of((*part)->bytes))};
  connectors::Outcome<connectors::LogTail> tail = co_await site->connector->log_tail(credential, std::move(handle), bytes);
  if (!tail) {
    http::Problem out = problem("unavailable", "The cluster did not give the log: " + tail.error().what);
    out.headers.emplace_back("Retry-After", "5");
    co_return std::unexpected(std::move(out));
  }
  bool const cut = tail->value.total_bytes && *tail->value.total_bytes > tail->value.bytes.size();
  nlohmann::ordered_json body{{"attempt", policy::to_string(attempt.id)},
                              {"text", as_utf8(tail->value.bytes)},
                              {"next", nullptr},
                              {"complete", !policy::is_live(attempt.status)},
                              {"truncated", cut}};
  co_return http::json_response(200, body.dump());
}

}  // namespace sluice::broker::api
