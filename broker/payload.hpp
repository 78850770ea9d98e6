// The private part of a job: what only its tenant and its cluster may see.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::broker {

/// What one variant runs.
struct PayloadVariant {
  std::string image;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  ///< sorted by name
};

struct JobPayload {
  std::string name;
  std::vector<PayloadVariant> variants;  ///< in the order of the job's variants
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string checkpoint;  ///< empty: none
};

/// Canonical JSON.
std::string encode_payload(JobPayload const& payload);
/// Error: what is wrong with the stored text.
std::expected<JobPayload, std::string> decode_payload(std::string_view text);

}  // namespace sluice::broker
