// Writing a ledger's log as static files that any tlog-tiles client can read.
#pragma once

#include "storage/log/ledger.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

namespace sluice::log {

/// Told now and then how many of `size` entries are written.
using ExportProgress = std::function<void(std::uint64_t written, std::uint64_t size)>;

struct ExportSummary {
  std::uint64_t entries = 0;
  std::uint64_t tiles = 0;
  std::uint64_t blobs = 0;
};

/// Writes entry bundles, hash tiles with the partial right edge, blobs and, last, "checkpoint" under `directory` (created if
/// need be). Partial files that an earlier export left are removed once a wider one is there; files are synced before the checkpoint.
/// Every bundle's leaf hashes are compared with the ledger's tile on the way out. Bounded memory. Error: which file, and why.
std::expected<ExportSummary, std::string> export_tree(LedgerReader const& ledger, std::string const& directory,
                                                      ExportProgress const& progress = {});

}  // namespace sluice::log
