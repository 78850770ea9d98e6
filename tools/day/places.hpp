// Where the clusters lie: names and coordinates from the configuration's cluster files, for the map.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace sluice::day {

struct Place {
  std::string cluster;  ///< the file's name without .toml
  std::string english;
  std::string chinese;
  std::string hub;  ///< of 东数西算; empty: none
  double longitude = 0;
  double latitude = 0;
  std::string credential;  ///< what the broker shows this cluster
};

/// All of DIRECTORY/clusters/*.toml by name. A cluster without a place is an error: the map would hide it. Error: file and what is wrong.
std::expected<std::vector<Place>, std::string> read_places(std::string const& config_directory);

}  // namespace sluice::day
