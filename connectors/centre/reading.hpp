// Reading a centre's answers: JSON in, observations out; every doubt said, nothing assumed.
#pragma once

#include "connectors/fault.hpp"
#include "connectors/observations.hpp"
#include "connectors/options.hpp"
#include "policy/time.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors::centre {

/// The error of each is what is wrong, with the JSON pointer.
template <class Value>
using Read = std::expected<Value, std::string>;

/// GET /v1/capacity. `options` gives the accelerator map and the age limits.
Read<OfferReport> read_offers(std::string_view body, ClusterOptions const& options, policy::Timestamp now);
Read<VoucherReport> read_voucher_terms(std::string_view body, ClusterOptions const& options, policy::Timestamp now);
/// One job object.
Read<RemoteStatus> read_job(std::string_view body);
/// A page of GET /v1/jobs: jobs, and the cursor of the next page if there is one.
struct JobPage {
  std::vector<RemoteStatus> jobs;
  std::optional<std::string> next;
};
Read<JobPage> read_jobs(std::string_view body);
Read<Usage> read_usage(std::string_view body);

/// The `code` and `detail` of a problem document (RFC 9457); both empty when it is none.
struct ProblemText {
  std::string code;
  std::string detail;
};
ProblemText read_problem(std::string_view body);
Refusal refusal_of(std::string_view code);

}  // namespace sluice::connectors::centre
