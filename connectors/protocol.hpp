// The seam every way of speaking to a cluster plugs into: pure conversations, no socket, no clock, no chance.
#pragma once

#include "connectors/conversation.hpp"
#include "connectors/credentials.hpp"
#include "connectors/observations.hpp"
#include "connectors/options.hpp"
#include "connectors/order.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors {

/// What a cluster can do through its protocol, so that the broker knows what it cannot.
struct Capabilities {
  bool idempotent_dispatch = false;  ///< dispatching the same attempt name twice starts one job
  bool look_up_by_attempt = false;   ///< an unknown outcome can be resolved by name
  /// "No such attempt" proves that none was accepted. Where finished jobs are purged, only for so long after the dispatch.
  bool absence_is_proof = false;
  std::optional<std::int64_t> remembers_for_ms;  ///< how long finished attempts stay known; absent: for good
  bool lists_attempts = false;                   ///< attempts() names every one that is alive
  bool cancels = false;
  bool enforces_run_limit = false;  ///< ends a job at its limit even when we are away: bounds a duplicate
  bool signals_checkpoint = false;
  bool counts_attempts = false;  ///< offers name our attempts they count
  bool quotes_prices = false;
  bool quotes_vouchers = false;
  bool estimates_queue = false;
  bool meters_usage = false;
  bool tails_logs = false;
  bool needs_a_person = false;  ///< dispatch and status wait for someone's word
};

/// Under what a conversation is held.
struct Call {
  std::shared_ptr<Credentials const> credentials;  ///< never null; may hold no values
  policy::Timestamp now;
};

/// One cluster's way of speaking. An operation it does not support ends at once with FaultKind::unsupported. Conversations
/// of one Protocol run on one loop, may overlap, and must not outlive it.
class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual Capabilities capabilities() const = 0;

  virtual Conversation<OfferReport> offers(Call call) = 0;
  virtual Conversation<VoucherReport> voucher_terms(Call call) = 0;
  /// Never sends a second submission by itself. A fault with outcome_unknown is resolved by look_up().
  virtual Conversation<DispatchReceipt> dispatch(Call call, DispatchOrder order) = 0;
  /// nullopt: the site positively knows no such attempt (see Capabilities::absence_is_proof).
  virtual Conversation<std::optional<RemoteStatus>> look_up(Call call, AttemptName attempt) = 0;
  virtual Conversation<RemoteStatus> status(Call call, RemoteHandle handle) = 0;
  virtual Conversation<CancelReceipt> cancel(Call call, RemoteHandle handle) = 0;
  virtual Conversation<Usage> usage(Call call, RemoteHandle handle) = 0;
  virtual Conversation<LogTail> log_tail(Call call, RemoteHandle handle, std::uint32_t bytes) = 0;
  /// Everything of ours that holds or waits for cards there: what changed of many attempts at once, and what should not be there at all.
  /// Ended ones may be left out, so that its cost does not grow with the past; what the list lacks is asked about by itself.
  virtual Conversation<AttemptList> attempts(Call call) = 0;
};

/// Makes the protocol of one cluster. Error: what is wrong with its options.
using ProtocolFactory = std::function<std::expected<std::unique_ptr<Protocol>, std::string>(ClusterOptions const&)>;

/// Protocols by name. A protocol that needs more than its options (the manual desk) is registered with a factory that holds it.
class ProtocolRegistry {
 public:
  /// REQUIRES: no factory of that name yet.
  void add(std::string name, ProtocolFactory factory);
  /// Error: names the protocols that exist.
  std::expected<std::unique_ptr<Protocol>, std::string> make(ClusterOptions const& options) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, ProtocolFactory, std::less<>> factories_;
};

/// A registry that holds the protocols of this library: "centre".
ProtocolRegistry built_in_protocols();

}  // namespace sluice::connectors
