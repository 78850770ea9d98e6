// The clusters the daemon can speak to now, by name; replaced on reload while conversations under way keep theirs.
#pragma once

#include "connectors/connector.hpp"
#include "policy/identifiers.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::broker {

/// One cluster's connector with what the broker needs to know beside it.
struct Site {
  policy::ClusterName cluster;
  std::string name_english;
  std::string name_chinese;
  std::string polling_credential;                              ///< whose credentials ask for offers
  std::vector<std::pair<std::string, std::string>> image_map;  ///< prefix as jobs write it → as the site reaches it; first match wins
  std::vector<std::string> registries;                         ///< prefixes the site pulls as they stand; with an empty map too: any
  std::vector<std::string> inputs;                             ///< prefixes of paths it can mount, by purpose; all three empty: any
  std::vector<std::string> outputs;
  std::vector<std::string> checkpoints;
  std::unique_ptr<connectors::Connector> connector;
};

/// The image as the site reaches it.
std::string mapped_image(Site const& site, std::string const& image);
/// Whether the site can pull the (unmapped) image.
bool reaches_image(Site const& site, std::string const& image);
/// Whether a path begins with one of the site's prefixes of that purpose, or the site states none at all.
bool reaches_path(Site const& site, std::vector<std::string> const& prefixes, std::string const& path);

class Sites {
 public:
  void put(std::shared_ptr<Site> site) { sites_[site->cluster] = std::move(site); }
  void remove(policy::ClusterName const& cluster) { sites_.erase(cluster); }
  /// Null when the cluster has no connection (its file is gone, or it never had one).
  std::shared_ptr<Site> find(policy::ClusterName const& cluster) const {
    auto const it = sites_.find(cluster);
    return it == sites_.end() ? nullptr : it->second;
  }
  std::map<policy::ClusterName, std::shared_ptr<Site>> const& all() const { return sites_; }

 private:
  std::map<policy::ClusterName, std::shared_ptr<Site>> sites_;
};

}  // namespace sluice::broker
