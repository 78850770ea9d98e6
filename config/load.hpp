// From a folder of files to a configuration, or to everything that is wrong with it.
#pragma once

#include "config/catalogue.hpp"
#include "config/daemon_config.hpp"
#include "config/report.hpp"
#include "config/scenario.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

struct Configuration {
  DaemonConfig daemon;
  Catalogue catalogue;
};

struct LoadOptions {
  std::string scenario;  ///< id of a file of scenarios/ to lay over the catalogue; empty: none
};

struct Loaded {
  std::optional<Configuration> configuration;  ///< there when the report holds no error
  Report report;                               ///< sorted
};

/// Reads sluice.toml, equivalence.toml, clusters/*.toml, programmes/*.toml and, for their errors alone, scenarios/*.toml below `directory`.
/// Every schema error of every file is reported, the first syntax error of each, and what does not fit together between them. A folder
/// that is absent counts as empty; sluice.toml and equivalence.toml must be there. Files whose name begins with a dot are passed over.
/// Opens no socket and no database, and reads no credential. Does not throw.
Loaded load(std::filesystem::path const& directory, LoadOptions const& options = {});

/// What `sluiced --check-config` needs: the report alone; to_text(Report) renders it, Report::ok() gives the exit code.
Report check_config(std::filesystem::path const& directory, LoadOptions const& options = {});

}  // namespace sluice::config
