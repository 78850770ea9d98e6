// How the clusters are, in one line: for status and doctor.
#pragma once

#include "tools/ctl/session.hpp"

#include <string>
#include <vector>

namespace sluice::ctl {

struct ClusterHealth {
  std::string summary;           ///< "7 healthy, 1 lost"; "none" without clusters
  std::vector<std::string> ill;  ///< "zhongwei lost": everything that is not healthy
};

Result<ClusterHealth> cluster_health(Session& session);

}  // namespace sluice::ctl
