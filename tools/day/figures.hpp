// From a day's record to its figures. Pure: the report prints these and nothing else.
#pragma once

#include "tools/day/records.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::day {

struct Spend {
  std::int64_t jobs = 0;      ///< with at least one run here
  std::int64_t attempts = 0;  ///< that started here
  std::int64_t card_ms = 0;   ///< metered, of settled attempts
  std::int64_t list = 0;      ///< micro-yuan: the metered use at this site's list price
  std::int64_t market = 0;    ///< micro-yuan: the same use at the average list price of that card over all clusters
  std::int64_t gross = 0;     ///< micro-yuan: what the centres charge for it
  std::int64_t voucher = 0;   ///< micro-yuan: the vouchers' share
  std::int64_t fee = 0;       ///< micro-yuan: the broker's
  std::int64_t paid = 0;      ///< micro-yuan: by tenants, fee included
  void add(Spend const& other);
};

struct Waits {
  std::int64_t jobs = 0;     ///< accepted
  std::int64_t started = 0;  ///< those with a first start
  std::int64_t p50_ms = 0;   ///< real time from acceptance to first start
  std::int64_t p95_ms = 0;
  std::int64_t longest_ms = 0;
};

struct Utilisation {
  std::string cluster;
  std::int32_t total_cards = 0;
  std::vector<double> shares;  ///< of the cards, by slice of the day: our own jobs alone
  double mean = 0;             ///< over the 24 hours
};

struct Figures {
  std::map<std::pair<std::string, std::string>, Spend> by_card;  ///< cluster, accelerator
  std::map<std::string, Spend> by_cluster;
  std::array<Spend, tenant_class_count> by_class{};
  std::array<Waits, tenant_class_count> waits{};
  Waits waits_all;
  Spend total;
  std::vector<Utilisation> utilisation;         ///< by place, in their order
  double slice_hours = 0;                       ///< simulated hours of one slice
  std::map<std::string, std::int64_t> states;   ///< of jobs
  std::map<std::string, std::int64_t> reasons;  ///< "state: reason" of jobs that did not complete
  std::map<std::string, std::int64_t> retries;  ///< why attempts before the last one ended
  std::int64_t jobs_retried = 0;
  std::int64_t moved = 0;        ///< of these, went on in another cluster
  std::int64_t unexplained = 0;  ///< not final and without a reason
  std::int64_t not_final = 0;
  std::int64_t disputed = 0;  ///< attempts whose price waits for a decision
};

Figures figures_of(DayRecord const& day);

/// The value below which `percent` of the sorted values lie (nearest rank); 0 for none.
std::int64_t percentile(std::vector<std::int64_t> const& sorted, int percent);

}  // namespace sluice::day
