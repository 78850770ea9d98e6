// Counts what GET /v1/clusters lists.
#include "tools/ctl/cluster_health.hpp"

#include "tools/ctl/fields.hpp"

#include <fmt/format.h>

#include <map>

namespace sluice::ctl {

Result<ClusterHealth> cluster_health(Session& session) {
  auto const list = read_list(session, Target("/v1/clusters"), {.limit = 1'000, .all = true, .cursor = {}});
  if (!list) return std::unexpected(list.error());
  ClusterHealth result;
  std::map<std::string, int> counts;
  for (auto const& cluster : items(member(*list, "/data"))) {
    auto const health = text(cluster, "/health");
    ++counts[health];
    if (health != "healthy") result.ill.push_back(fmt::format("{} {}", text(cluster, "/name"), health));
  }
  for (auto const& [health, count] : counts) result.summary += fmt::format("{}{} {}", result.summary.empty() ? "" : ", ", count, health);
  if (result.summary.empty()) result.summary = "none";
  return result;
}

}  // namespace sluice::ctl
