// The ledger's seam: append Groups from one committer, read from anywhere. Knows no database.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/group.hpp"
#include "storage/log/tile.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::log {

/// What a durable append made true.
struct Appended {
  Sequence first = 0;      ///< sequence of the Group's first entry
  std::uint64_t size = 0;  ///< entries in the log afterwards
  policy::Hash root;       ///< RFC 6962 root of that size, under the signed checkpoint
};

/// Why an append did not succeed, and so what the writer may do next.
struct AppendError {
  enum class Kind : std::uint8_t {
    invalid,   ///< out of sequence or beyond a stated limit: nothing was written, the ledger goes on
    no_space,  ///< the disk is below its floor: nothing was written, the ledger goes on once there is space
    fenced,    ///< a newer epoch has written: nothing was written, this writer must stop
    unknown,   ///< the Group may or may not be on disk: stop, restart, adopt what is there
    poisoned,  ///< an earlier append ended unknown: nothing was written
  };
  Kind kind = Kind::unknown;
  std::string message;
};

/// Why something could not be read, erased or purged. Absence is not an error.
struct LedgerError {
  enum class Kind : std::uint8_t {
    damaged,   ///< bytes on disk fail their checksum, signature or hash
    io,        ///< the system refused
    poisoned,  ///< a write failed earlier: only reads go on
  };
  Kind kind = Kind::io;
  std::string message;
};

/// The tree head the ledger has signed and made durable.
struct PublishedCheckpoint {
  std::uint64_t size = 0;
  policy::Hash root;
  std::string note;  ///< C2SP signed note over a tlog-checkpoint body
};

/// The two families of derived rows.
enum class Table : std::uint8_t {
  state,    ///< the state machine's rows: the snapshot, hashed by state digests
  history,  ///< finished jobs and indexes: rebuildable, never hashed
};

/// Which rows a scan visits, in which order.
struct RowRange {
  std::string prefix;    ///< only keys that begin so; empty: all
  std::string from;      ///< forward: first key visited is ≥ from; reverse: first key visited is < from; empty: the range's end
  bool reverse = false;  ///< descending key order
};

/// An opened private part.
struct OpenedPart {
  std::string bytes;               ///< plaintext
  std::int64_t expires_at_ms = 0;  ///< 0: no expiry. The caller decides whether an expired part still counts.
  bool operator==(OpenedPart const&) const = default;
};

/// Visitors return false to stop the scan; a stopped scan is not an error. The views live only during the call.
using EntryVisitor = std::function<bool(Sequence, std::string_view)>;
using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;
using BlobVisitor = std::function<bool(policy::Hash const&, std::string_view)>;
using PrivatePartVisitor = std::function<bool(PrivatePart const&)>;

/// Reads at one published size: entries, tiles, rows and checkpoint agree with each other.
/// Thread-safe: any thread may call any of these at any time.
class LedgerReader {
 public:
  virtual ~LedgerReader() = default;

  virtual std::uint64_t size() const = 0;
  virtual PublishedCheckpoint checkpoint() const = 0;

  /// The bytes of one entry; nullopt at or beyond size().
  virtual std::expected<std::optional<std::string>, LedgerError> entry(Sequence index) const = 0;
  /// Entries [first, first + count) in order, cut at size(). A hole inside the log is an error, never skipped.
  virtual std::expected<void, LedgerError> scan_entries(Sequence first, std::uint64_t count, EntryVisitor const& visit) const = 0;

  /// `tile.width` hashes of 32 bytes (tlog-tiles), for any width the tree has reached; nullopt beyond it.
  virtual std::expected<std::optional<std::string>, LedgerError> tile(TileId const& tile) const = 0;

  virtual std::expected<std::optional<std::string>, LedgerError> row(Table table, std::string_view key) const = 0;
  virtual std::expected<void, LedgerError> scan_rows(Table table, RowRange const& range, RowVisitor const& visit) const = 0;

  virtual std::expected<std::optional<std::string>, LedgerError> blob(policy::Hash const& hash) const = 0;
  /// All blobs in the order of their hashes.
  virtual std::expected<void, LedgerError> scan_blobs(BlobVisitor const& visit) const = 0;

  /// The part stored last under (kind, owner, key). nullopt: never stored, purged, or its owner was erased since.
  virtual std::expected<std::optional<OpenedPart>, LedgerError> private_part(PrivateKind kind, std::string_view owner,
                                                                             std::string_view key) const = 0;
  /// All parts of one kind that can still be opened, by owner, then key.
  virtual std::expected<void, LedgerError> scan_private_parts(PrivateKind kind, PrivatePartVisitor const& visit) const = 0;
};

/// The one append-only store. append, erase_owner and purge_expired belong to one committer thread; reads to anyone.
/// A read sees a Group only after it is durable, so nothing unacknowledged leaves the process.
class Ledger : public LedgerReader {
 public:
  /// The newest epoch that has written. A writer that takes over appends under epoch() + 1 or higher.
  virtual Epoch epoch() const = 0;

  /// Makes the Group and its derivations durable under one signed checkpoint, whole or not at all; blocks until synced.
  /// `first` must be size(). An epoch below epoch() is fenced; a higher one becomes epoch() with this Group.
  /// REQUIRES of the Group, else it is invalid: 1 … group_entries_max entries of 1 … entry_bytes_max bytes, blobs whose hash is their
  /// SHA-256, payloads and evidence whose key is theirs, non-empty row keys, part keys and owners, no NUL in an owner.
  virtual std::expected<Appended, AppendError> append(Epoch epoch, Sequence first, Group const& group, Derived const& derived) = 0;

  /// A view that stays at the size published now, however long it is kept. May outlive further appends, not the ledger.
  virtual std::unique_ptr<LedgerReader> snapshot() const = 0;

  /// Destroys the owner's key and rows: no private part of this owner stored so far can be opened again.
  /// Parts stored later get a new key. Durable on return; erasing an unknown owner is success.
  virtual std::expected<void, LedgerError> erase_owner(std::string_view owner) = 0;

  /// Deletes at most `limit` parts whose expiry is in (0, now_ms]; returns how many. Call again while it returns `limit`.
  virtual std::expected<std::size_t, LedgerError> purge_expired(std::int64_t now_ms, std::size_t limit) = 0;
};

}  // namespace sluice::log
