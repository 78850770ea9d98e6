// What a site can reach of a job's private parts.
#include "broker/sites.hpp"

#include <algorithm>

namespace sluice::broker {

std::string mapped_image(Site const& site, std::string const& image) {
  for (auto const& [from, to] : site.image_map)
    if (image.starts_with(from)) return to + image.substr(from.size());
  return image;
}

bool reaches_image(Site const& site, std::string const& image) {
  if (site.image_map.empty() && site.registries.empty()) return true;
  auto const begins = [&](auto const& prefix) { return image.starts_with(prefix); };
  return std::ranges::any_of(site.image_map, begins, [](auto const& rule) { return rule.first; }) ||
         std::ranges::any_of(site.registries, begins);
}

bool reaches_path(Site const& site, std::vector<std::string> const& prefixes, std::string const& path) {
  if (site.inputs.empty() && site.outputs.empty() && site.checkpoints.empty()) return true;
  return std::ranges::any_of(prefixes, [&](std::string const& prefix) { return path.starts_with(prefix); });
}

}  // namespace sluice::broker
