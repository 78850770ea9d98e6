// The body of POST /v1/jobs and POST /v1/quotes: what decisions need, and what stays private.
#pragma once

#include "broker/http/problem.hpp"
#include "broker/payload.hpp"
#include "broker/sites.hpp"
#include "policy/definitions.hpp"
#include "policy/events/work.hpp"
#include "policy/json/text_writer.hpp"
#include "policy/state/state.hpp"

#include <expected>
#include <string_view>

namespace sluice::broker::api {

struct JobRequest {
  policy::JobSpec spec;
  JobPayload payload;
};

/// Reads the body strictly. Error: malformed_json (400) with the position, or invalid_body (422) with every wrong field at once; a deadline
/// before `now` is one.
std::expected<JobRequest, http::Problem> read_job_request(std::string_view body, policy::Timestamp now);

/// Which clusters cannot run which variant, judged from images and paths, sorted by (cluster, variant).
std::vector<policy::Reach> unreachable(policy::Catalogue const& catalogue, Sites const& sites, JobPayload const& payload);

/// The request as the API gives it back. `payload` is null for readers who may not see the private part.
void write_job_request(json::TextWriter& writer, policy::JobSpec const& spec, JobPayload const* payload);

}  // namespace sluice::broker::api
