// C2SP tlog-proof: an entry's inclusion proof and the checkpoint it leads to, as one text that anyone can check without the log.
#pragma once

#include "storage/log/checkpoint.hpp"
#include "storage/log/ledger.hpp"
#include "storage/log/note.hpp"
#include "storage/log/proof.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace sluice::log {

constexpr std::size_t tlog_proof_bytes_max = 256 * 1024;  ///< `extra` holds an entry at most, the checkpoint a hundred signatures

/// A proof as read or built, nothing verified.
struct TlogProof {
  std::string extra;  ///< opaque bytes that prove nothing by themselves; empty: none. Our receipts put the entry here.
  std::uint64_t index = 0;
  Proof hashes;            ///< from the leaf's sibling up
  std::string checkpoint;  ///< a signed note, as the log served it
};

/// The text of c2sp.org/tlog-proof@v1.
std::string format_tlog_proof(TlogProof const& proof);

/// Reads exactly that text. Error: which line is wrong and how.
std::expected<TlogProof, std::string> parse_tlog_proof(std::string_view text);

/// Verifies that `entry` is in the log at the proof's index: signature by one of `verifiers`, origin, hashes up to the root.
/// Gives the checkpoint that proves it. Error: what does not hold.
std::expected<Checkpoint, std::string> verify_tlog_proof(TlogProof const& proof, std::string_view entry,
                                                         std::span<NoteVerifier const> verifiers);

/// Proves entry `index` under the newest checkpoint of a view. REQUIRES: index < view.size(). Error: a tile cannot be read.
std::expected<TlogProof, std::string> prove_entry(LedgerReader const& view, Sequence index);

}  // namespace sluice::log
