// Copies the log of a live broker into static files that sluice-audit reads without it.
#pragma once

#include "tools/ctl/session.hpp"

#include <filesystem>

namespace sluice::ctl {

/// Writes DIR/checkpoint, DIR/tile/… and DIR/blob/<sha256> as C2SP tlog-tiles lays them out. Can be run again into the same
/// folder: what is whole is kept, what is missing is fetched, and a checkpoint smaller than the one there is refused. The
/// checkpoint is written last, so a folder that has one has everything below it. Sizes and blob hashes are checked;
/// everything else is the auditor's to check.
Result<ExitCode> export_log(Session& session, std::filesystem::path const& folder, bool blobs);

}  // namespace sluice::ctl
