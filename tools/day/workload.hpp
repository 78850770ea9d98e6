// A day's tenants and jobs, made from a seed: who submits what, when, and what becomes of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::day {

enum class TenantClass : std::uint8_t { startup, sme, large, institute };
constexpr std::size_t tenant_class_count = 4;
/// As the contract writes it.
std::string_view name_of(TenantClass kind);

struct VoucherPlan {
  std::string programme;
  std::int64_t yuan = 0;
};

struct TenantPlan {
  std::string name;
  TenantClass kind = TenantClass::startup;
  std::string region;  ///< GB/T 2260
  double weight = 1;   ///< share of the jobs
  std::vector<VoucherPlan> vouchers;
  std::int64_t deposit_yuan = 0;  ///< enough for every job it submits to be held at once
};

/// What the job itself will do. Its command tells the simulator.
enum class Fate : std::uint8_t { completes, exits_with_error, preempted_once, node_lost_once, never_starts, cancelled_by_tenant };

struct JobPlan {
  std::size_t tenant = 0;
  std::int64_t arrival_ms = 0;  ///< simulated, into the day
  std::int32_t cards = 1;
  std::int64_t run_s = 0;  ///< on the reference card
  Fate fate = Fate::completes;
  std::int64_t cancel_ms = -1;  ///< simulated, into the day; -1: never
  std::string body;             ///< of POST /v1/jobs
};

struct WorkloadOptions {
  std::uint64_t seed = 20261122;
  std::size_t jobs = 5'000;
  std::size_t tenants = 40;
  std::int64_t longest_s = 6 * 3'600;  ///< longer runs of the trace are cut here
};

struct Workload {
  std::vector<TenantPlan> tenants;
  std::vector<JobPlan> jobs;  ///< by arrival
};

/// The same options give the same bytes on every machine.
Workload make_workload(WorkloadOptions const& options);

}  // namespace sluice::day
