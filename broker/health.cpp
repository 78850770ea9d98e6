// Checks and admission.
#include "broker/health.hpp"

#include <algorithm>

namespace sluice::broker {
namespace {

constexpr std::int64_t looked_at_every_ms = 20;  // a fast disk fills with some megabytes in between

}  // namespace

Health::Health(Clock const& clock, ClockGuard& clock_guard, Sequencer const& sequencer, rocks::RocksLedger const& ledger,
               HealthOptions options)
    : clock_(clock), clock_guard_(clock_guard), sequencer_(sequencer), ledger_(ledger), options_(options) {}

rocks::FreeSpace Health::free_space() {
  std::int64_t const now_ms = clock_.since_boot_ms();
  if (now_ms - looked_at_ms_ >= looked_at_every_ms) {
    looked_at_ms_ = now_ms;
    if (auto const space = ledger_.free_space()) space_ = *space;
  }
  return space_;
}

std::uint64_t Health::floor_bytes() {
  return std::max(options_.free_bytes_floor, free_space().total_bytes / 10'000 * options_.free_floor_bp);
}

bool Health::has_room() { return free_space().available_bytes >= options_.free_bytes_floor / 4 * 3; }

bool Health::disk_low() { return free_space().available_bytes < floor_bytes(); }

std::vector<CheckResult> Health::checks() {
  std::vector<CheckResult> list;
  auto const add = [&list](std::string_view name, bool ok, std::string detail, bool decides = true) {
    list.push_back({name, ok, ok ? std::string() : std::move(detail), decides});
  };
  add("ledger", ledger_.writable(), "A write to the ledger failed: the daemon must restart and adopt what is on disk.");
  add("disk", !disk_low(),
      std::to_string(free_space().available_bytes >> 20) + " MiB are free, admission needs " + std::to_string(floor_bytes() >> 20) +
          " MiB: free space or enlarge the disk.");
  add("clock", clock_guard_.trusted(),
      "The wall clock moved by " + std::to_string(clock_guard_.step_ms()) + " ms against the boot clock: check it, then accept it.");
  std::int64_t const under_way = sequencer_.append_under_way_ms();
  add("committer", under_way < options_.append_patience_ms, "A group has been waiting " + std::to_string(under_way) + " ms for the disk.");
  // Broken invariants leave reads and submissions up: the operator is told, dispatch stays frozen.
  add("invariants", invariant_broken_.empty(), invariant_broken_ + ": dispatch is frozen until an operator resumes it.", false);
  add("draining", !draining_, "The daemon is stopping.");
  return list;
}

bool Health::ready() {
  return std::ranges::all_of(checks(), [](CheckResult const& check) { return check.ok || !check.decides; });
}

std::optional<AdmissionStop> Health::admission_stop() {
  if (disk_low()) return AdmissionStop{"disk_full", "The disk is filling up; nothing new is taken until space is freed."};
  if (!clock_guard_.trusted()) return AdmissionStop{"unavailable", "The clock is not trusted until an operator accepts it."};
  return std::nullopt;
}

}  // namespace sluice::broker
