#include "connectors/connector.hpp"

#include "connectors/answers.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

// g++ 12 inlines Asio's operator new for coroutine frames but not its operator delete, and takes them for a mismatched pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace sluice::connectors {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct Connector::Parts {
  Parts(ClusterOptions given, std::unique_ptr<Protocol> speaks, http_client::HttpClient& http, CredentialSource& source, Surroundings world)
      : options(std::move(given)),
        protocol(std::move(speaks)),
        client(http),
        credentials(source),
        surroundings(std::move(world)),
        breaker(options.breaker) {}

  ClusterOptions options;
  std::unique_ptr<Protocol> protocol;
  http_client::HttpClient& client;
  CredentialSource& credentials;
  Surroundings surroundings;
  std::vector<std::pair<std::string, std::uint64_t>> declared;  ///< sites of the client, as this connector declared them
  Breaker breaker;
  std::map<std::string, std::uint64_t, std::less<>> refused;  ///< account → version of the credentials the site refused
  std::uint32_t polls_failed = 0;                             ///< in a row
  std::optional<std::int64_t> poll_wait_ms;                   ///< as the site asked on the last poll

  milliseconds monotonic() const {
    if (surroundings.monotonic) return surroundings.monotonic();
    return std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch());
  }
};

namespace {

/// The name of an endpoint among the client's sites.
std::string site_name(std::string const& cluster, std::string_view endpoint) {
  return endpoint.empty() ? cluster : fmt::format("{}/{}", cluster, endpoint);
}

Fault local_fault(FaultKind kind, std::string what, std::string to_do) {
  Fault fault;
  fault.kind = kind;
  fault.what = std::move(what);
  fault.to_do = std::move(to_do);
  return fault;
}

bool is_repeatable(http_client::HttpRequest const& request) {
  return request.repeatable.value_or(request.method != "POST" && request.method != "PATCH");
}

/// True when the same request may be sent once more without doing anything twice.
bool worth_another_try(http_client::HttpRequest const& request, Answer const& answer) {
  using Kind = http_client::HttpFaultKind;
  if (answer) {
    bool const passing = answer->status == 429 || answer->status == 502 || answer->status == 503 || answer->status == 504;
    return passing && is_repeatable(request);
  }
  if (answer.error().kind == Kind::not_sent) return true;  // nothing was received, whatever it was
  return is_repeatable(request) && (answer.error().kind == Kind::timeout_unknown || answer.error().kind == Kind::reset);
}

/// Everything before the first request: credentials that may be shown, and a breaker that lets it pass.
std::expected<Call, Fault> may_ask(Connector::Parts& parts, std::string const& account) {
  auto credentials = parts.credentials.credentials(account);
  if (!credentials) {
    return std::unexpected(local_fault(FaultKind::unauthorised, credentials.error(), "provide the account's credential file"));
  }
  if (auto const refused = parts.refused.find(account); refused != parts.refused.end()) {
    if (refused->second == (*credentials)->version) {
      return std::unexpected(local_fault(FaultKind::unauthorised,
                                         fmt::format("the site refused the credential of account '{}'; it is not shown again", account),
                                         "replace the account's credential file"));
    }
    parts.refused.erase(refused);
  }
  milliseconds const now = parts.monotonic();
  if (!parts.breaker.permit(now)) {
    Fault fault =
        local_fault(FaultKind::not_asked, "the cluster failed several times in a row and rests", "wait; it is tried again by itself");
    fault.retry_after_ms = std::max<std::int64_t>(parts.breaker.remaining(now).count(), 1);
    return std::unexpected(std::move(fault));
  }
  return Call{std::move(*credentials), parts.surroundings.now()};
}

/// What the outcome tells of the cluster's health and of the credentials.
void learn(Connector::Parts& parts, Call const& call, std::string const& account, Fault const* fault) {
  if (fault == nullptr) return parts.breaker.succeeded();
  if (counts_against_cluster(fault->kind)) return parts.breaker.failed(parts.monotonic(), parts.surroundings.random());
  if (fault->kind == FaultKind::not_asked || fault->kind == FaultKind::cancelled || fault->kind == FaultKind::unsupported)
    return parts.breaker.abandoned();
  if (fault->kind == FaultKind::unauthorised) parts.refused[account] = call.credentials->version;
  parts.breaker.succeeded();  // it answered
}

/// One request with its repetitions: full jitter between them, never past `until`.
asio::awaitable<Answer> put(Connector::Parts& parts, http_client::HttpRequest request, Clock::time_point until) {
  auto const endpoint = parts.options.endpoints.find(request.site);
  milliseconds const usual = endpoint == parts.options.endpoints.end() ? parts.options.site.deadline : endpoint->second.deadline;
  request.site = site_name(parts.options.cluster, request.site);
  for (std::uint32_t tries = 1;; ++tries) {
    auto const left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    if (left.count() <= 0) {
      co_return std::unexpected(
          http_client::HttpFault{http_client::HttpFaultKind::not_sent, false, "no time was left for this request", 0});
    }
    // Checked by hand, because hold() has cancellation not thrown: one cancelled request must be the last.
    asio::cancellation_state const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      co_return std::unexpected(http_client::HttpFault{http_client::HttpFaultKind::cancelled, false, "cancelled by the caller", 0});
    }
    http_client::HttpRequest attempt = request;
    attempt.deadline = std::min(left, attempt.deadline.count() == 0 ? usual : attempt.deadline);
    Answer answer = co_await parts.client.send(std::move(attempt));
    if (tries >= parts.options.tries_max || !worth_another_try(request, answer)) co_return answer;
    milliseconds wait = full_jitter(parts.options.backoff, tries - 1, parts.surroundings.random());
    if (answer) {
      if (auto const asked = retry_after_ms(*answer, parts.surroundings.now())) wait = std::max(wait, milliseconds(*asked));
    }
    if (Clock::now() + wait >= until) co_return answer;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(wait);
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (cancelled) co_return answer;
  }
}

template <class Result>
asio::awaitable<Outcome<Result>> hold(Connector::Parts& parts, std::string account, std::function<Conversation<Result>(Call)> begin) {
  // A cancelled caller gets FaultKind::cancelled, not an exception: whoever dispatched must learn whether the outcome is unknown.
  bool const throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  std::expected<Call, Fault> call = may_ask(parts, account);
  if (!call) {
    co_await asio::this_coro::throw_if_cancelled(throws);
    call.error().cluster = parts.options.cluster;
    co_return std::unexpected(std::move(call.error()));
  }
  Clock::time_point const until = Clock::now() + parts.options.conversation_max;
  Conversation<Result> conversation = begin(*call);
  Step<Result> step = conversation.resume();
  while (auto* request = std::get_if<http_client::HttpRequest>(&step)) {
    Answer answer = co_await put(parts, std::move(*request), until);
    step = conversation.resume(std::move(answer));
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (auto* fault = std::get_if<Fault>(&step)) {
    learn(parts, *call, account, fault);
    fault->cluster = parts.options.cluster;
    co_return std::unexpected(std::move(*fault));
  }
  learn(parts, *call, account, nullptr);
  co_return Observed<Result>{std::move(std::get<Result>(step)), conversation.take_raw()};
}

/// hold(), and what the poller needs to know of it.
asio::awaitable<Outcome<OfferReport>> poll(Connector::Parts& parts, std::string account) {
  Protocol& protocol = *parts.protocol;
  std::function<Conversation<OfferReport>(Call)> const begin = [&protocol](Call call) { return protocol.offers(std::move(call)); };
  Outcome<OfferReport> outcome = co_await hold<OfferReport>(parts, std::move(account), begin);
  parts.polls_failed = outcome ? 0 : parts.polls_failed + 1;
  parts.poll_wait_ms = outcome ? std::nullopt : outcome.error().retry_after_ms;
  co_return outcome;
}

}  // namespace

Connector::Connector(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Connector::~Connector() {
  // Not by name alone: after a reload the next connector of this cluster has declared the same sites already.
  for (auto const& [site, declaration] : parts_->declared) parts_->client.remove_site(site, declaration);
}

std::expected<std::unique_ptr<Connector>, std::string> Connector::make(ClusterOptions options, ProtocolRegistry const& registry,
                                                                       http_client::HttpClient& client, CredentialSource& credentials,
                                                                       Surroundings surroundings) {
  auto const fail = [&options](std::string const& what) { return std::unexpected("cluster '" + options.cluster + "': " + what); };
  if (!surroundings.now || !surroundings.random) return fail("a connector needs a clock and a source of chance");
  if (options.tries_max == 0) return fail("tries_max must be at least 1");
  auto protocol = registry.make(options);
  if (!protocol) return fail(protocol.error());
  // A protocol without an address of its own (one that is spoken by telephone) declares no site.
  std::vector<std::pair<std::string, std::uint64_t>> declared;
  auto const declare = [&](std::string const& name, http_client::SiteOptions const& site) {
    auto added = client.add_site(name, site);
    if (added) declared.emplace_back(name, client.declaration(name));
    return added;
  };
  if (!options.site.base_url.empty()) {
    if (auto added = declare(options.cluster, options.site); !added) return fail(added.error());
  }
  for (auto const& [name, site] : options.endpoints) {
    if (auto added = declare(site_name(options.cluster, name), site); !added) return fail(added.error());
  }
  auto parts = std::make_unique<Parts>(std::move(options), std::move(*protocol), client, credentials, std::move(surroundings));
  parts->declared = std::move(declared);
  return std::unique_ptr<Connector>(new Connector(std::move(parts)));
}

std::string const& Connector::cluster() const { return parts_->options.cluster; }
ClusterOptions const& Connector::options() const { return parts_->options; }
Capabilities Connector::capabilities() const { return parts_->protocol->capabilities(); }

asio::awaitable<Outcome<OfferReport>> Connector::offers(std::string account) { return poll(*parts_, std::move(account)); }

asio::awaitable<Outcome<VoucherReport>> Connector::voucher_terms(std::string account) {
  Protocol& protocol = *parts_->protocol;
  return hold<VoucherReport>(*parts_, std::move(account), [&protocol](Call call) { return protocol.voucher_terms(std::move(call)); });
}

asio::awaitable<Outcome<DispatchReceipt>> Connector::dispatch(std::string account, DispatchOrder order) {
  Protocol& protocol = *parts_->protocol;
  return hold<DispatchReceipt>(*parts_, std::move(account),
                               [&protocol, given = std::move(order)](Call call) { return protocol.dispatch(std::move(call), given); });
}

asio::awaitable<Outcome<std::optional<RemoteStatus>>> Connector::look_up(std::string account, AttemptName attempt) {
  Protocol& protocol = *parts_->protocol;
  return hold<std::optional<RemoteStatus>>(
      *parts_, std::move(account), [&protocol, name = std::move(attempt)](Call call) { return protocol.look_up(std::move(call), name); });
}

asio::awaitable<Outcome<RemoteStatus>> Connector::status(std::string account, RemoteHandle handle) {
  Protocol& protocol = *parts_->protocol;
  return hold<RemoteStatus>(*parts_, std::move(account),
                            [&protocol, job = std::move(handle)](Call call) { return protocol.status(std::move(call), job); });
}

asio::awaitable<Outcome<CancelReceipt>> Connector::cancel(std::string account, RemoteHandle handle) {
  Protocol& protocol = *parts_->protocol;
  return hold<CancelReceipt>(*parts_, std::move(account),
                             [&protocol, job = std::move(handle)](Call call) { return protocol.cancel(std::move(call), job); });
}

asio::awaitable<Outcome<Usage>> Connector::usage(std::string account, RemoteHandle handle) {
  Protocol& protocol = *parts_->protocol;
  return hold<Usage>(*parts_, std::move(account),
                     [&protocol, job = std::move(handle)](Call call) { return protocol.usage(std::move(call), job); });
}

asio::awaitable<Outcome<LogTail>> Connector::log_tail(std::string account, RemoteHandle handle, std::uint32_t bytes) {
  Protocol& protocol = *parts_->protocol;
  return hold<LogTail>(*parts_, std::move(account),
                       [&protocol, job = std::move(handle), bytes](Call call) { return protocol.log_tail(std::move(call), job, bytes); });
}

asio::awaitable<Outcome<AttemptList>> Connector::attempts(std::string account) {
  Protocol& protocol = *parts_->protocol;
  return hold<AttemptList>(*parts_, std::move(account), [&protocol](Call call) { return protocol.attempts(std::move(call)); });
}

milliseconds Connector::until_next_poll() {
  if (parts_->polls_failed == 0) return parts_->options.poll_every;
  milliseconds wait = full_jitter(parts_->options.backoff, parts_->polls_failed, parts_->surroundings.random());
  wait = std::max(wait, parts_->breaker.remaining(parts_->monotonic()));
  if (parts_->poll_wait_ms) wait = std::max(wait, milliseconds(*parts_->poll_wait_ms));
  return wait;
}

BreakerState Connector::breaker_state() const { return parts_->breaker.state(); }

std::vector<std::string> Connector::refused_accounts() const {
  std::vector<std::string> accounts;
  for (auto const& [account, version] : parts_->refused) accounts.push_back(account);
  return accounts;
}

void Connector::forgive() {
  parts_->refused.clear();
  parts_->breaker.reset();
  parts_->polls_failed = 0;
}

}  // namespace sluice::connectors
