// What the operations of the API work with, and how one is declared.
#pragma once

#include "broker/api/caller.hpp"
#include "broker/api/idempotency.hpp"
#include "broker/api/problems.hpp"
#include "broker/api/rate_limits.hpp"
#include "broker/clock.hpp"
#include "broker/dispatch/dispatcher.hpp"
#include "broker/event_hub.hpp"
#include "broker/health.hpp"
#include "broker/http/router.hpp"
#include "broker/http/server.hpp"
#include "broker/lots.hpp"
#include "broker/polling/poller.hpp"
#include "broker/rounds/round_runner.hpp"
#include "broker/sequencer/sequencer.hpp"
#include "broker/sites.hpp"
#include "storage/log/ledger.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::broker::api {

struct ApiOptions {
  std::vector<std::uint32_t> socket_uids;  ///< peers of the Unix socket that act as local_admin
  std::string instance = "sluice";         ///< of attempt names
  std::string log_verifier_key;            ///< C2SP vkey of the log
  std::int64_t started_at_ms = 0;
  std::int32_t queue_limit = 100'000;         ///< of a new tenant
  std::int32_t submissions_per_minute = 600;  ///< of a new tenant
};

/// The parts of the daemon that operations use. Everything lives on the loop and outlives the server.
struct Api {
  Sequencer& sequencer;
  log::Ledger& ledger;
  Sites const& sites;
  Poller& poller;
  Dispatcher& dispatcher;
  RoundRunner& rounds;
  LotKeeper& lots;
  IdempotencyStore& answers;
  RateLimits& rates;
  Clock const& clock;
  EventHub& events;
  Health& health;
  std::function<std::string()> metrics;  ///< the text exposition
  ApiOptions options;
  std::map<policy::ClusterName, int> log_tails = {};  ///< outputs being read now, by cluster

  policy::State const& state() const { return sequencer.state(); }
};

/// One authenticated request on its way through an operation.
struct Call {
  http::Request const& request;
  Caller caller;
  Language language = Language::english;
  std::optional<IdempotentRequest> idempotent;  ///< present where the operation takes an Idempotency-Key

  /// Whose act an entry records; `reason` is the commitment of the reason's text, where one was given.
  policy::By by(std::optional<policy::Hash> reason = std::nullopt) const { return {caller.principal, reason, caller.role}; }
  bool is_operator() const { return caller.role == policy::Role::operator_ || caller.role == policy::Role::local_admin; }
};

using Answer = std::expected<http::Response, http::Problem>;
using Operation = boost::asio::awaitable<Answer> (*)(Api& api, Call& call);

enum class Idempotency : std::uint8_t { none, required };

/// A bit per policy::Role.
using Roles = std::uint8_t;
constexpr Roles role(policy::Role which) { return static_cast<Roles>(1u << static_cast<unsigned>(which)); }
constexpr Roles tenant_role = role(policy::Role::tenant);
constexpr Roles operator_role = role(policy::Role::operator_);
constexpr Roles approver_role = role(policy::Role::approver);
constexpr Roles auditor_role = role(policy::Role::auditor);
constexpr Roles socket_role = role(policy::Role::local_admin);
constexpr Roles public_role = 0x80;  ///< no key at all

/// One line of the table that the contract's x-sluice-roles is held against.
struct Endpoint {
  http::Method method;
  std::string_view path;
  std::string_view operation_id;
  Roles roles = 0;
  Operation run = nullptr;
  Idempotency idempotency = Idempotency::none;
  bool takes_body = false;
};

/// Every endpoint, family by family.
std::vector<Endpoint> const& endpoints();
std::vector<Endpoint> job_endpoints();
std::vector<Endpoint> market_endpoints();
std::vector<Endpoint> round_endpoints();
std::vector<Endpoint> event_endpoints();
std::vector<Endpoint> tenant_endpoints();
std::vector<Endpoint> key_endpoints();
std::vector<Endpoint> account_endpoints();
std::vector<Endpoint> money_endpoints();
std::vector<Endpoint> control_endpoints();
std::vector<Endpoint> log_endpoints();
std::vector<Endpoint> health_endpoints();

/// The routes for the HTTP server: authentication, roles, idempotency and problem documents around each operation.
/// `api` must outlive the server.
http::Router make_router(Api& api);

/// Refuses new work before its body is read while disk or clock stop admission: for http::Server::set_admission.
http::Admission admission(Api& api);

/// Makes the answer from the own entry just applied (its sequence, its effects, its time); nullopt: not this one, wait for the next.
using AnswerMaker = std::function<std::optional<http::Response>(log::Sequence, policy::Effects const&, policy::Timestamp)>;

/// Submits, and answers with what `answer` makes; the answer is kept for the Idempotency-Key in the same batch. Returns once durable.
/// Error: what the state machine or the disk refused.
boost::asio::awaitable<Answer> commit(Api& api, Call& call, Submission submission, AnswerMaker answer);

}  // namespace sluice::broker::api
