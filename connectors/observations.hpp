// What a cluster says: offers, voucher terms, the state of an attempt, its use, its log.
//
// What the site did not say is absent (std::optional), never zero; a missing or zero price is absent.
#pragma once

#include "connectors/order.hpp"
#include "policy/identifiers.hpp"
#include "policy/money.hpp"
#include "policy/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors {

/// Whether a figure is young enough to decide on.
enum class Freshness : std::uint8_t {
  fresh,
  stale,    ///< older than the site's offer_age_max, or past valid_until
  unknown,  ///< the site did not say when, or says a moment that has not come yet (clock skew)
};
std::string_view name_of(Freshness freshness);
/// A figure stated as of then and valid until then, judged at `now`: older than age_max or past its validity is stale; without
/// a moment, or more than skew_max ahead of us, is unknown.
Freshness freshness_of(std::optional<policy::Timestamp> as_of, std::optional<policy::Timestamp> valid_until, policy::Timestamp now,
                       std::chrono::milliseconds age_max, std::chrono::milliseconds skew_max);

/// Capacity of one accelerator type.
struct Offer {
  policy::AcceleratorType accelerator;  ///< our name (after the site's accelerator map)
  std::optional<std::int32_t> cards_total;
  std::optional<std::int32_t> cards_free;
  std::optional<std::int32_t> gang_cards_max;  ///< largest gang the site starts at once
  std::optional<std::int32_t> cpus_free;
  std::optional<std::int32_t> host_memory_free_gib;
  std::optional<policy::Timestamp> as_of;
  /// Attempts of ours that cards_free already counts as used. Absent: the site cannot say which.
  std::optional<std::vector<AttemptName>> attempts_counted;
  std::optional<Price> list_price;
  std::optional<Price> discounted_price;  ///< with the site's own discount; vouchers come on top
  std::optional<policy::Timestamp> valid_until;
  std::optional<std::int64_t> queue_delay_ms;
  Freshness freshness = Freshness::unknown;
};

struct OfferReport {
  std::vector<Offer> offers;        ///< at most one per accelerator type, sorted
  std::vector<std::string> doubts;  ///< what the site said that could not be used, for the operator
  bool unchanged = false;           ///< the site said "nothing new"; offers repeat the last answer
};

/// Terms of one voucher programme at the site, for the account asked with.
struct VoucherTerms {
  policy::ProgrammeName programme;
  std::optional<std::int32_t> rate_bp;           ///< 1 … 10,000
  std::optional<policy::Money> remaining_purse;  ///< zero is a statement here: used up
  std::optional<policy::Timestamp> valid_until;
};

struct VoucherReport {
  std::vector<VoucherTerms> terms;  ///< sorted by programme
  std::optional<policy::Timestamp> as_of;
  Freshness freshness = Freshness::unknown;
  std::vector<std::string> doubts;
};

/// The site's own id of a job; opaque, at most 256 printable bytes.
struct RemoteHandle {
  std::string id;
  auto operator<=>(RemoteHandle const&) const = default;
};

enum class RemotePhase : std::uint8_t {
  unknown,  ///< a word this protocol does not know: neither alive nor ended may be assumed
  queued,
  starting,
  running,
  stopping,  ///< still holds its cards
  ended,     ///< holds no card any more; `end` says why
};
std::string_view name_of(RemotePhase phase);

/// Who or what ended it: liability follows from it.
enum class RemoteEnd : std::uint8_t {
  unknown,
  own_exit,       ///< the program ended by itself; exit_code says how
  run_limit,      ///< stopped at the granted limit
  cancelled,      ///< stopped because we asked
  preempted,      ///< stopped by the site for another client
  cluster_fault,  ///< node, network, storage of the site
  start_failed,   ///< never ran: image, mount, resources
};
std::string_view name_of(RemoteEnd end);

struct RemoteStatus {
  RemoteHandle handle;
  std::optional<AttemptName> attempt;
  RemotePhase phase = RemotePhase::unknown;
  RemoteEnd end = RemoteEnd::unknown;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> cards;  ///< held
  std::optional<policy::Timestamp> submitted_at;
  std::optional<policy::Timestamp> started_at;
  std::optional<policy::Timestamp> ended_at;
  std::optional<policy::Timestamp> expected_start;
  std::optional<std::int64_t> card_ms;  ///< cumulative, where the status carries it
  std::string reason;                   ///< the site's words, escaped and capped: for people only
};

struct DispatchReceipt {
  RemoteStatus status;
  bool existed = false;  ///< the site knew this attempt already: nothing new was started
};

struct CancelReceipt {
  RemoteHandle handle;
  RemotePhase phase = RemotePhase::unknown;  ///< after the request was taken
  bool was_gone = false;                     ///< the site no longer knows it, or it had ended
};

/// Cumulative use of one attempt; never decreases at an honest site.
struct Usage {
  RemoteHandle handle;
  std::int64_t card_ms = 0;
  std::optional<policy::Timestamp> as_of;
  bool final = false;  ///< it ended and no more will be added
};

struct LogTail {
  std::string bytes;                         ///< at most what was asked for; untrusted text
  std::optional<std::uint64_t> total_bytes;  ///< length of the whole log at that moment
};

/// This account's attempts that are alive at the site; ended ones may be among them.
struct AttemptList {
  std::vector<RemoteStatus> attempts;
  bool complete = false;  ///< false: there may be more; absence proves nothing
};

}  // namespace sluice::connectors
