// The state as canonical rows: what the snapshot holds, what a restart loads, and what a digest is computed over.
#pragma once

#include "policy/state/state.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::policy {

/// Gives the snapshot's rows one after another in key order, nullopt at the end. A view need only live until the next call.
using RowSource = std::function<std::optional<std::pair<std::string_view, std::string_view>>()>;

/// Rebuilds tables and derived indexes. No rows at all give the state before genesis. A round that was decided comes back without its
/// plan (plans are no rows): it can only be abandoned. Error: which row is wrong and how; hostile bytes are an error, never more.
std::expected<State, std::string> load_state(RowSource const& next);

/// Calls visit(key, value) for every row in key order.
void for_each_row(State const& state, std::function<void(std::string_view, std::string_view)> const& visit);

/// The value of one row now; nullopt when the state has no such row. REQUIRES: a key that for_each_row or a RowChange has named.
std::optional<std::string> row_value(State const& state, std::string_view key);

/// SHA-256 over rows in key order: key length (32 bits, big-endian), key, value length, value. Feed it rows of a database snapshot to
/// compute off the loop what digest(state) would have said then.
class RowDigest {
 public:
  void add(std::string_view key, std::string_view value);
  Hash finish() { return hasher_.finish(); }

 private:
  Sha256 hasher_;
};
Hash digest(State const& state);

/// A job that has left the state, with all its attempts: the value of a history row.
struct FinishedJob {
  Job job;
  std::vector<Attempt> attempts;  ///< by number
  static void fields(auto& self, auto&& visit) {
    visit("job", self.job);
    visit("attempts", self.attempts);
  }
};

/// History keys. "J" + 64-bit job: a finished job. "T" + tenant + zero byte + 64-bit job: empty, written when the job is accepted, so
/// that a tenant's jobs can be listed in order of acceptance without keeping them in memory.
std::string history_key(JobId job);
std::string tenant_index_key(TenantName const& tenant, JobId job);
/// "M" + tenant + zero byte + 64-bit sequence: empty, one for each entry that moved money across the tenant's border (deposit, refund,
/// correction), so that a tenant's payments are found in the log without a scan.
std::string movement_index_key(TenantName const& tenant, std::uint64_t sequence);
/// "R" + 64-bit round: the sequence of its round.opened, so that a past round is found in the log without a scan.
std::string round_index_key(RoundNumber round);
std::string encode_round_index(std::uint64_t opened);
std::expected<std::uint64_t, std::string> decode_round_index(std::string_view bytes);
std::string encode_finished_job(FinishedJob const& finished);
/// Error: where the bytes stop making sense.
std::expected<FinishedJob, std::string> decode_finished_job(std::string_view bytes);

}  // namespace sluice::policy
