// What one append carries: the entries and everything a successor must know beside them.
#pragma once

#include "policy/hash.hpp"
#include "policy/row_change.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::log {

/// Index of an entry in the log: 0 is genesis.
using Sequence = std::uint64_t;

/// Term of a writer. One daemon holds one epoch; an append under an older epoch is fenced.
using Epoch = std::uint64_t;

constexpr std::size_t entry_bytes_max = 65'535;     ///< C2SP tlog-tiles: entry bundles carry 16-bit lengths
constexpr std::size_t blob_bytes_max = 256u << 20;  ///< a plan of ten million jobs fits
constexpr std::size_t group_entries_max = 4'096;
constexpr std::size_t salt_bytes = 32;  ///< in front of what an entry binds by SHA-256(salt ‖ content)

/// A large value named by its SHA-256 inside an entry.
struct Blob {
  policy::Hash hash;
  std::string bytes;
};

/// What a private part is, which decides how long it is kept and who may open it.
enum class PrivateKind : std::uint8_t {
  payload = 1,       ///< names, images, commands, free text: bound by SHA-256(salt ‖ bytes) in an entry
  idempotency = 2,   ///< a stored answer: keyed hash, body fingerprint, status, body; kept 7 days
  evidence = 3,      ///< a raw response from a cluster: bound like a payload, kept for a stated time
  secret_state = 4,  ///< broker state no one else may read (the day's lot secret until it is revealed, labels of keys)
};

/// Bytes kept beside the log, encrypted under the owner's key. Erasing the owner erases them; the entry's hash stays.
struct PrivatePart {
  PrivateKind kind = PrivateKind::payload;
  std::string owner;               ///< tenant pseudonym, or "operator"
  std::string key;                 ///< look-up key: for payload and evidence the 32 commitment bytes, else chosen by the writer
  std::string bytes;               ///< plaintext; for payload and evidence salt (32 bytes) ‖ content
  std::int64_t expires_at_ms = 0;  ///< 0: kept until the owner is erased
};

/// Appended whole or not at all.
struct Group {
  std::vector<std::string> entries;  ///< canonical JSON, in order
  std::vector<Blob> blobs;
  std::vector<PrivatePart> private_parts;
};

/// One change of a derived row, as the state machine reports it.
using RowChange = policy::RowChange;

/// Deterministic local consequences of a Group, written in the same atomic batch by an embedded store.
struct Derived {
  std::vector<RowChange> state;    ///< the state machine's rows (the snapshot)
  std::vector<RowChange> history;  ///< finished jobs and indexes: rebuildable, never hashed
};

}  // namespace sluice::log
