// A past round put together again from its entries in the log.
#pragma once

#include "policy/events/event.hpp"
#include "storage/log/ledger.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::broker {

/// What the log says of one round.
struct RoundEntries {
  /// One placement of the plan: made (with its attempt) or skipped (with the reason).
  struct Line {
    log::Sequence sequence = 0;
    policy::JobId job;
    std::optional<policy::AttemptId> attempt;
    policy::ClusterName cluster;
    policy::AcceleratorType type;
    std::int32_t cards = 0;
    policy::Reason reason = policy::Reason::none;
  };

  policy::RoundNumber number;
  log::Sequence opened = 0;
  policy::Timestamp opened_at;
  log::Sequence decided = 0;
  policy::Timestamp decided_at;
  std::optional<policy::RoundDecided> decision;  ///< its blobs are hashes only
  bool abandoned = false;
  std::int32_t made = 0;
  std::int32_t skipped = 0;
  std::vector<Line> lines;
  bool cut = false;  ///< the round spans more entries than are read at once

  /// "open", "decided" or "abandoned".
  std::string_view state() const { return abandoned ? "abandoned" : decision ? "decided" : "open"; }
};

/// Reads at most `entries_max` entries from the round's opening on; nullopt when there is no such round or the log cannot be read.
std::optional<RoundEntries> read_round(log::LedgerReader const& ledger, policy::RoundNumber number, std::size_t entries_max = 16'384);

/// (cost − bound) / bound in millionths, 0 … 1,000,000; 0 when both are zero.
std::int64_t gap_ppm(policy::Money cost, policy::Money bound);

}  // namespace sluice::broker
