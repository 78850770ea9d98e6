// The day itself: jobs go in when their time comes, are followed until they are final, and are read back.
#pragma once

#include "tools/day/broker_client.hpp"
#include "tools/day/progress.hpp"
#include "tools/day/records.hpp"
#include "tools/day/setup.hpp"

#include <expected>
#include <string>

namespace sluice::day {

struct DriveOptions {
  std::int64_t compression = 360;  ///< simulated seconds in a real one: 360 makes a day of four minutes
  std::int64_t bound_s = 600;      ///< real seconds to wait for the last jobs after the last submission
  std::size_t submitters = 16;
  std::string run;        ///< begins every Idempotency-Key
  std::string simulator;  ///< base address of sluice-sim, to ask what really ran; empty: not asked
};

/// Fills a record but for places and troubles. Error: what made going on pointless.
boost::asio::awaitable<std::expected<DayRecord, std::string>> drive(boost::asio::io_context& loop, BrokerClient& broker,
                                                                    Workload const& workload, Access const& access, DriveOptions options,
                                                                    Progress& progress);

}  // namespace sluice::day
