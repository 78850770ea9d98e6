// Reads only what the map needs; whether a file is right as a whole is for `sluiced --check-config` to say.
#include "tools/day/places.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

namespace sluice::day {

std::expected<std::vector<Place>, std::string> read_places(std::string const& config_directory) {
  std::filesystem::path const folder = std::filesystem::path(config_directory) / "clusters";
  std::vector<Place> places;
  std::error_code failed;
  for (auto const& file : std::filesystem::directory_iterator(folder, failed)) {
    if (file.path().extension() != ".toml" || file.path().filename().string().starts_with('.')) continue;
    std::string const name = file.path().string();
    try {  // the library's own border
      toml::table const table = toml::parse_file(name);
      Place place;
      place.cluster = file.path().stem().string();
      place.english = table["cluster"]["name_en"].value_or(place.cluster);
      place.chinese = table["cluster"]["name_zh"].value_or(std::string());
      place.hub = table["cluster"]["edwc_hub"].value_or(std::string());
      place.credential = table["connection"]["poll_credential"].value_or(std::string());
      auto const longitude = table["cluster"]["place"]["longitude"].value<double>();
      auto const latitude = table["cluster"]["place"]["latitude"].value<double>();
      if (!longitude || !latitude) return std::unexpected(name + ": cluster.place: longitude and latitude are needed for the map");
      place.longitude = *longitude;
      place.latitude = *latitude;
      places.push_back(std::move(place));
    } catch (toml::parse_error const& error) {
      return std::unexpected(
          fmt::format("{}:{}:{}: {}", name, error.source().begin.line, error.source().begin.column, error.description()));
    }
  }
  if (failed) return std::unexpected(folder.string() + ": " + failed.message());
  if (places.empty()) return std::unexpected(folder.string() + ": no cluster files");
  std::ranges::sort(places, {}, &Place::cluster);
  return places;
}

}  // namespace sluice::day
