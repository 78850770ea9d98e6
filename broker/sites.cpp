// What a site can reach of a job's private parts.
#include "broker/sites.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::broker {
namespace {

/// The image map's longest prefix of an image; end() when none fits.
auto longest_prefix(std::map<std::string, std::string> const& map, std::string_view image) {
  auto best = map.end();
  for (auto it = map.begin(); it != map.end(); ++it)
    if (image.starts_with(it->first) && (best == map.end() || it->first.size() > best->first.size())) best = it;
  return best;
}

}  // namespace

std::string mapped_image(Site const& site, std::string const& image) {
  auto const it = longest_prefix(site.image_map, image);
  return it == site.image_map.end() ? image : it->second + image.substr(it->first.size());
}

bool reaches_image(Site const& site, std::string const& image) {
  if (site.registries.empty()) return true;
  std::string const mapped = mapped_image(site, image);
  std::string const registry = mapped.substr(0, mapped.find('/'));
  return std::ranges::find(site.registries, registry) != site.registries.end();
}

bool reaches_path(Site const& site, std::string const& path) {
  if (site.input_schemes.empty()) return true;
  return std::ranges::any_of(site.input_schemes, [&](std::string const& prefix) { return path.starts_with(prefix); });
}

}  // namespace sluice::broker
