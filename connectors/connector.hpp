// One cluster as the broker sees it: protocol, HTTP client, back-off, breaker, deadlines and credentials in one place.
#pragma once

#include "connectors/breaker.hpp"
#include "connectors/http/client.hpp"
#include "connectors/protocol.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors {

/// A result with every answer it was read from, as evidence.
template <class Result>
struct Observed {
  Result value;
  std::vector<RawReply> raw;
};

template <class Result>
using Outcome = std::expected<Observed<Result>, Fault>;

/// What a connector must be given rather than take: time and chance.
struct Surroundings {
  std::function<policy::Timestamp()> now;  ///< wall clock, for as_of and validity
  std::function<std::uint64_t()> random;   ///< uniform 64 bits, for jitter
  /// For the breaker: time since any fixed moment, which no one can set. Empty: std::chrono::steady_clock.
  std::function<std::chrono::milliseconds()> monotonic;
};

/// Used on one loop; must outlive its coroutines. `account` names the credentials to show (CredentialSource).
///
/// Every fault carries cluster, kind, what, what to do and whether the outcome is unknown. Nothing here dispatches twice:
/// a request is put again only when nothing of it was received, or when the protocol marks it repeatable and the fault is passing
/// (the answers so replaced are not kept). A caller that is cancelled gets FaultKind::cancelled with its outcome_unknown.
class Connector {
 public:
  /// Error: what is wrong with the options. REQUIRES: client and credentials outlive the connector.
  static std::expected<std::unique_ptr<Connector>, std::string> make(ClusterOptions options, ProtocolRegistry const& registry,
                                                                     http_client::HttpClient& client, CredentialSource& credentials,
                                                                     Surroundings surroundings);
  ~Connector();
  Connector(Connector const&) = delete;
  Connector& operator=(Connector const&) = delete;

  std::string const& cluster() const;
  ClusterOptions const& options() const;
  Capabilities capabilities() const;

  boost::asio::awaitable<Outcome<OfferReport>> offers(std::string account);
  boost::asio::awaitable<Outcome<VoucherReport>> voucher_terms(std::string account);
  boost::asio::awaitable<Outcome<DispatchReceipt>> dispatch(std::string account, DispatchOrder order);
  boost::asio::awaitable<Outcome<std::optional<RemoteStatus>>> look_up(std::string account, AttemptName attempt);
  boost::asio::awaitable<Outcome<RemoteStatus>> status(std::string account, RemoteHandle handle);
  boost::asio::awaitable<Outcome<CancelReceipt>> cancel(std::string account, RemoteHandle handle);
  boost::asio::awaitable<Outcome<Usage>> usage(std::string account, RemoteHandle handle);
  boost::asio::awaitable<Outcome<LogTail>> log_tail(std::string account, RemoteHandle handle, std::uint32_t bytes);
  boost::asio::awaitable<Outcome<AttemptList>> attempts(std::string account);

  /// How long the poller waits before its next offers(): poll_every after a success; after failures full jitter that grows,
  /// at least what the site or the open breaker asks.
  std::chrono::milliseconds until_next_poll();

  BreakerState breaker_state() const;
  /// Accounts whose credentials the site refused and that are not shown again until they change.
  std::vector<std::string> refused_accounts() const;
  /// An operator's word: ask again now, whatever breaker and refused credentials say.
  void forgive();

  struct Parts;  ///< defined beside the bodies

 private:
  explicit Connector(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::connectors
