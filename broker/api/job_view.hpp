// A job as the API shows it.
#pragma once

#include "broker/api/api.hpp"
#include "broker/payload.hpp"
#include "policy/pricing.hpp"
#include "policy/state/rows.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice::broker::api {

/// A job wherever it is: in the state, or in history.
struct FoundJob {
  policy::Job job;
  std::vector<policy::Attempt> attempts;
};

/// The job if it exists and the caller may see it; nullopt otherwise (another tenant's job does not exist for a tenant).
/// Error: the ledger cannot be read.
std::expected<std::optional<FoundJob>, http::Problem> find_job(Api const& api, Caller const& caller, std::string_view id);

/// The same, and waits for the disk when the job may be on its way from memory to history. `id` must live until it returns.
boost::asio::awaitable<std::expected<std::optional<FoundJob>, http::Problem>> find_settled_job(Api const& api, Caller const& caller,
                                                                                               std::string_view id);

/// The private part; nullopt when it is erased, or the caller may not open it.
std::optional<JobPayload> payload_of(Api const& api, Caller const& caller, policy::Job const& job);

/// The contract's Job. `full` adds request and attempts.
nlohmann::ordered_json job_json(Api const& api, FoundJob const& found, JobPayload const* payload, bool full);
/// The contract's Reason, or null for none.
nlohmann::ordered_json reason_value(policy::Reason reason);
/// The contract's Price of a bid.
nlohmann::ordered_json price_json(policy::PricedBid const& bid, policy::Timestamp as_of, std::optional<policy::Timestamp> valid_until);

/// Strong ETag of a job: the sequence of its last change.
std::string etag_of(policy::Job const& job);

}  // namespace sluice::broker::api
