// Before the day: keys, tenants, deposits, accounts at every cluster and vouchers.
#pragma once

#include "tools/day/broker_client.hpp"
#include "tools/day/places.hpp"
#include "tools/day/progress.hpp"
#include "tools/day/workload.hpp"

#include <expected>
#include <string>
#include <vector>

namespace sluice::day {

struct Access {
  std::string operator_token;
  std::string auditor_token;
  std::vector<std::string> tenant_ids;     ///< by tenant
  std::vector<std::string> tenant_tokens;  ///< by tenant
  std::size_t vouchers = 0;
};

/// The operator's and the auditor's keys come over the Unix socket; everything else is done with the operator's key. `run` makes this
/// run's Idempotency-Keys its own. Error: which step was refused and why.
boost::asio::awaitable<std::expected<Access, std::string>> set_up(BrokerClient& socket, BrokerClient& broker, Workload const& workload,
                                                                  std::vector<Place> const& places, std::string run, Progress& progress);

/// Writes operator.token, auditor.token and tenant.token, readable by the owner only. Error: which file and why.
std::expected<void, std::string> write_tokens(Access const& access, std::string const& folder);

}  // namespace sluice::day
