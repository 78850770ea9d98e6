// Plain settings of one cluster's connector; std only, so that config can fill them.
#pragma once

#include "connectors/http/options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sluice::connectors {

/// Waiting times between tries: uniform in (0, min(longest, first × 2^failures)], so that clients do not return in step.
struct BackoffOptions {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds longest{60'000};
};

struct BreakerOptions {
  std::uint32_t failures_to_open = 5;  ///< in a row
  BackoffOptions open_for{std::chrono::milliseconds{2'000}, std::chrono::milliseconds{120'000}};
};

struct ClusterOptions {
  std::string cluster;  ///< name, as in the site's file
  std::string protocol = "centre";
  http_client::SiteOptions site;                              ///< the main address
  std::map<std::string, http_client::SiteOptions> endpoints;  ///< further addresses a protocol needs, by its own names
  /// The site's accelerator names to ours; a name that is not listed stands for itself.
  std::map<std::string, std::string> accelerators;
  /// What only one protocol understands: "partition", "namespace", "project_id". Unknown keys are an error of that protocol.
  std::map<std::string, std::string> settings;

  std::chrono::milliseconds poll_every{2'000};
  std::chrono::milliseconds offer_age_max{60'000};
  std::chrono::milliseconds clock_skew_max{5'000};     ///< an as_of so far ahead of us is not believed
  std::chrono::milliseconds conversation_max{20'000};  ///< all requests of one operation together
  std::uint32_t tries_max = 2;                         ///< of one repeatable request within its conversation, the first included
  BackoffOptions backoff;
  BreakerOptions breaker;
};

}  // namespace sluice::connectors
