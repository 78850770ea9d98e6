// A ledger in memory that can be made to fail at every step: for tests and simulations, never for service.
#pragma once

#include "storage/log/ledger.hpp"
#include "storage/log/note.hpp"

#include <cstdint>
#include <memory>

namespace sluice::log {

/// What a MemoryLedger has on its "disk". Outlives the ledger; a new ledger over the same disk adopts it, as after a restart.
class MemoryDisk;
std::shared_ptr<MemoryDisk> make_memory_disk();

/// Where an append fails.
enum class AppendFault : std::uint8_t {
  before_write,  ///< the process dies or the write fails before anything is on disk: unknown; after a restart the Group is absent
  after_write,   ///< the Group is durable, its success never reported: unknown; after a restart the Group is there
  torn,          ///< half of the Group reached the disk: unknown; a restart drops the half
  fenced,        ///< another writer took over just before: fenced, nothing written
  no_space,      ///< the disk is at its floor: nothing written, the next append may succeed
};

/// Behaves as the durable ledger does, checkpoint, proofs and refusals included (one contract test runs over both).
class MemoryLedger : public Ledger {
 public:
  /// Opens what is on `disk`, dropping a torn Group.
  MemoryLedger(NoteSigner signer, std::shared_ptr<MemoryDisk> disk);
  /// On an empty disk of its own, under a fixed key named "sluice.test/memory".
  MemoryLedger();
  ~MemoryLedger() override;

  /// The append that is `after` appends from now (0: the next) fails so. Unknown outcomes poison the ledger.
  void fail_append(std::uint64_t after, AppendFault fault);
  /// How many appends were attempted, failed ones included.
  std::uint64_t append_attempts() const;
  NoteSigner const& signer() const;

  std::uint64_t size() const override;
  PublishedCheckpoint checkpoint() const override;
  std::expected<std::optional<std::string>, LedgerError> entry(Sequence index) const override;
  std::expected<void, LedgerError> scan_entries(Sequence first, std::uint64_t count, EntryVisitor const& visit) const override;
  std::expected<std::optional<std::string>, LedgerError> tile(TileId const& tile) const override;
  std::expected<std::optional<std::string>, LedgerError> row(Table table, std::string_view key) const override;
  std::expected<void, LedgerError> scan_rows(Table table, RowRange const& range, RowVisitor const& visit) const override;
  std::expected<std::optional<std::string>, LedgerError> blob(policy::Hash const& hash) const override;
  std::expected<void, LedgerError> scan_blobs(BlobVisitor const& visit) const override;
  std::expected<std::optional<OpenedPart>, LedgerError> private_part(PrivateKind kind, std::string_view owner,
                                                                     std::string_view key) const override;
  std::expected<void, LedgerError> scan_private_parts(PrivateKind kind, PrivatePartVisitor const& visit) const override;
  Epoch epoch() const override;
  std::expected<Appended, AppendError> append(Epoch epoch, Sequence first, Group const& group, Derived const& derived) override;
  std::unique_ptr<LedgerReader> snapshot() const override;
  std::expected<void, LedgerError> erase_owner(std::string_view owner) override;
  std::expected<std::size_t, LedgerError> purge_expired(std::int64_t now_ms, std::size_t limit) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::log
