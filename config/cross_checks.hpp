// What no file can know alone: names that other files must have, and what is worth a warning.
#pragma once

#include "config/catalogue.hpp"
#include "config/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// Names of files, of those with errors too, so that one broken file does not make others look wrong.
struct KnownNames {
  std::vector<std::string> clusters;
  std::vector<std::string> scenarios;
};

/// The id inside a file is the name of the file.
void check_id(std::string const& name, std::string const& id, std::string const& path, Places const& places, std::string_view key,
              std::vector<Diagnostic>& diagnostics);

void check_scenario(Scenario const& scenario, std::string const& path, Places const& places, KnownNames const& known,
                    std::vector<Diagnostic>& diagnostics);

/// Errors: programmes of clusters that no file describes, programmes of one name, two places with the same address and name.
/// Warnings: hardware without tariff, illustrative figures. Notes: inactive programmes with what they lack, types without throughput.
void cross_check(Catalogue const& catalogue, KnownNames const& known, bool equivalence_known, std::vector<Diagnostic>& diagnostics);

}  // namespace sluice::config
