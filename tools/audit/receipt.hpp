// A receipt on its own: what it proves without the log, and whether a copy of the log agrees with it.
#pragma once

#include "storage/log/note.hpp"
#include "storage/log/tlog_proof.hpp"
#include "storage/log/tree_source.hpp"
#include "tools/audit/findings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::audit {

/// What a receipt turned out to be.
struct ReceiptReport {
  std::optional<Finding> finding;
  log::Checkpoint checkpoint;              ///< it was proved under
  std::uint64_t entry = 0;                 ///< sequence number
  std::string bytes;                       ///< of the entry
  std::string type;                        ///< of its event: "job.accepted/1"
  std::int64_t at_ms = 0;                  ///< the entry's time
  std::optional<std::uint64_t> tree_size;  ///< of the copy of the log that goes on from the receipt's checkpoint; nullopt: none was given

  int exit_code() const { return static_cast<int>(finding ? finding->kind : Class::clean); }
};

/// In this order: form, the checkpoint's signature, the entry's inclusion, the entry's own form; then, with a `tree`, that the receipt's
/// checkpoint is one of that log's own heads. A log that lacks a receipt's entry, or has another in its place, has two histories.
ReceiptReport check_receipt(std::string_view text, log::NoteVerifier const& key, log::TreeSource* tree);

std::string to_text(ReceiptReport const& report);
/// One JSON object.
std::string to_json(ReceiptReport const& report);

}  // namespace sluice::audit
