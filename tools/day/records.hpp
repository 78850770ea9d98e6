// What the broker says became of each job: the only material the report is made of.
#pragma once

#include "policy/money.hpp"
#include "tools/day/places.hpp"
#include "tools/day/workload.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::day {

struct AttemptRecord {
  std::string cluster;
  std::string accelerator;
  std::string state;
  std::string liability;  ///< "tenant", "nobody", "operator", "disputed"; empty: none yet
  std::string programme;  ///< empty: no voucher
  std::int32_t cards = 0;
  std::int64_t card_ms = 0;                 ///< metered
  std::int64_t allocated_ms = 0;            ///< real time, UTC
  std::optional<std::int64_t> started_ms;   ///< real time
  std::optional<std::int64_t> ended_ms;     ///< real time
  std::optional<std::int64_t> exit_code;    ///< of its own exit
  std::optional<policy::Money> list_price;  ///< a card-hour's, at allocation
  policy::Money gross;                      ///< the centre's price of what was metered; zero until settled
  policy::Money voucher;
  policy::Money fee;
  policy::Money paid;  ///< by the tenant, fee included
  bool settled = false;
};

struct JobRecord {
  std::string id;  ///< empty: refused at submission
  std::size_t tenant = 0;
  std::int32_t cards = 0;
  std::string state;   ///< the contract's, or "refused"
  std::string reason;  ///< code; of a refusal the problem's code. Empty: none given
  std::int64_t accepted_ms = 0;
  std::vector<AttemptRecord> attempts;

  bool final() const { return state == "completed" || state == "failed" || state == "cancelled" || state == "lost" || state == "refused"; }
};

/// Reads an answer of GET /v1/jobs/{id}; tenant and cards are the caller's to fill. Error: what is wrong with the answer.
std::expected<JobRecord, std::string> read_job(nlohmann::json const& body);

/// The list price of a type over all clusters that quoted it at one moment, as GET /v1/offers gave it.
struct AveragePrice {
  std::int64_t at_ms = 0;  ///< real time, UTC
  policy::Money per_card_hour;
};

/// A whole run.
struct DayRecord {
  std::vector<Place> places;
  std::vector<TenantPlan> tenants;
  std::vector<JobRecord> jobs;
  std::map<std::pair<std::string, std::string>, std::int32_t> cards;  ///< cluster, accelerator: cards there in all
  std::map<std::string, std::vector<AveragePrice>> averages;          ///< accelerator: in order of time, one a second
  std::vector<std::string> troubles;                                  ///< the simulator's script
  std::uint64_t seed = 0;
  std::int64_t compression = 1;  ///< simulated seconds in a real one
  std::int64_t began_ms = 0;     ///< real time, UTC: the day's midnight
  std::int64_t ended_ms = 0;     ///< real time: the last job was final, or the bound was reached
  std::int64_t longest_s = 0;    ///< where run times of the trace were cut
  std::int64_t late_ms = 0;      ///< the most a submission left later than planned, real time
  std::int64_t requests = 0, told_to_wait_429 = 0, told_to_wait_503 = 0, no_answer = 0;
  std::optional<std::int64_t> ran_twice;  ///< attempts that the simulator saw hold cards more than once; unset: not asked
  bool bound_reached = false;
};

}  // namespace sluice::day
