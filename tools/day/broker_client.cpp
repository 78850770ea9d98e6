// Retrying without doing anything twice.
#include "tools/day/broker_client.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace sluice::day {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t patience_ms_max = 120'000;

http_client::HttpRequest request_for(Ask const& ask, std::string const& site) {
  http_client::HttpRequest request;
  request.site = site;
  request.method = ask.method;
  request.target = ask.target;
  request.body = ask.body;
  request.headers.push_back({"Accept", "application/json"});
  if (!ask.token.empty()) request.headers.push_back({"Authorization", "Bearer " + ask.token});
  if (!ask.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!ask.idempotency_key.empty()) {
    request.headers.push_back({"Idempotency-Key", ask.idempotency_key});
    request.repeatable = true;
  }
  return request;
}

std::int64_t retry_after_ms(http_client::HttpReply const& reply, std::int64_t usual_ms) {
  std::string const* field = reply.header("retry-after");
  if (field == nullptr) return usual_ms;
  std::int64_t seconds = 0;
  auto const [end, error] = std::from_chars(field->data(), field->data() + field->size(), seconds);
  if (error != std::errc{} || end != field->data() + field->size()) return usual_ms;
  return std::clamp<std::int64_t>(seconds * 1'000, usual_ms, 30'000);
}

bool in_progress(Answer const& answer) {
  return answer.status == 409 && answer.body.is_object() && answer.body.value("code", "") == "idempotency_in_progress";
}

}  // namespace

std::string Answer::problem() const {
  if (!body.is_object()) return fmt::format("status {}", status);
  std::string text = fmt::format("{} {}: {}", status, body.value("code", "without code"), body.value("detail", body.value("title", "")));
  if (body.contains("errors") && body["errors"].is_array())
    for (auto const& each : body["errors"])
      text += fmt::format("; {} {}", each.value("pointer", each.value("field", "")), each.value("detail", ""));
  if (body.contains("reasons")) text += " " + body["reasons"].dump();
  return text;
}

asio::awaitable<void> pause(asio::io_context& loop, std::int64_t ms) {
  asio::steady_timer timer(loop, std::chrono::milliseconds(ms));
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

std::expected<void, std::string> BrokerClient::open(std::string const& address, std::size_t connections) {
  http_client::SiteOptions options;
  options.base_url = address;
  if (address.starts_with("unix:")) {
    options.unix_socket = address.substr(5);
    options.base_url = "http://localhost";
  }
  options.addresses.allow_loopback = true;
  options.concurrency_max = connections;
  options.waiting_max = 100'000;
  options.deadline = std::chrono::seconds(20);
  options.body_bytes_max = std::size_t{16} << 20;
  auto const added = client_.add_site(site_, std::move(options));
  if (!added) return std::unexpected(added.error());
  return {};
}

asio::awaitable<std::expected<Answer, std::string>> BrokerClient::call(Ask ask) {
  bool const repeatable = ask.method == "GET" || ask.method == "DELETE" || !ask.idempotency_key.empty();
  std::int64_t waited_ms = 0;
  std::int64_t usual_ms = 100;
  while (true) {
    ++patience_.requests;
    auto const outcome = co_await client_.send(request_for(ask, site_));
    std::int64_t wait_ms = usual_ms;
    std::string why;
    if (outcome) {
      Answer answer{outcome->status, nlohmann::json::parse(outcome->body, nullptr, false)};
      if (answer.body.is_discarded()) answer.body = nullptr;
      bool const told = answer.status == 429 || answer.status == 503 || answer.status == 507 || in_progress(answer);
      if (!told || !repeatable) co_return answer;
      ++(answer.status == 429 || answer.status == 409 ? patience_.told_to_wait_429 : patience_.told_to_wait_503);
      wait_ms = retry_after_ms(*outcome, usual_ms);
      why = answer.problem();
    } else {
      why = outcome.error().what;
      if (!repeatable && outcome.error().may_have_been_received)
        co_return std::unexpected(fmt::format("{} {}: {}", ask.method, ask.target, why));
      ++patience_.no_answer;
    }
    if (waited_ms >= patience_ms_max)
      co_return std::unexpected(fmt::format("{} {}: gave up after {} s: {}", ask.method, ask.target, waited_ms / 1'000, why));
    co_await pause(loop_, wait_ms);
    waited_ms += wait_ms;
    usual_ms = std::min<std::int64_t>(usual_ms * 2, 5'000);
  }
}

}  // namespace sluice::day
