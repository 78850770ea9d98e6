// The registry, through prometheus-cpp's core.
#include "broker/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace sluice::broker {

using namespace prometheus;

struct Metrics::Families {
  Registry registry;
  Family<Counter>& requests =
      BuildCounter().Name("sluice_http_requests_total").Help("Finished HTTP exchanges by operation and status class.").Register(registry);
  Family<Histogram>& latency = BuildHistogram()
                                   .Name("sluice_http_request_duration_seconds")
                                   .Help("From the end of the header to the last byte of the answer.")
                                   .Register(registry);
  Histogram& submit_latency = latency.Add({{"operation", "submitJob"}}, buckets());
  Histogram& other_latency = latency.Add({{"operation", "other"}}, buckets());
  Family<Counter>& entries =
      BuildCounter().Name("sluice_log_entries_total").Help("Entries made durable since the start, by type.").Register(registry);
  Histogram& dispatch_wait = BuildHistogram()
                                 .Name("sluice_job_dispatch_wait_seconds")
                                 .Help("From a job's acceptance to its first dispatch intent.")
                                 .Register(registry)
                                 .Add({}, Histogram::BucketBoundaries{0.5, 1, 2, 5, 10, 30, 60, 300, 1'800, 7'200, 43'200, 172'800});
  Family<Gauge>& gauges_family(std::string const& name, std::string const& help) {
    return BuildGauge().Name(name).Help(help).Register(registry);
  }
  Gauge& log_size = gauges_family("sluice_log_size_entries", "Durable entries in the log.").Add({});
  Gauge& jobs_waiting = gauges_family("sluice_jobs_waiting", "Jobs that wait for a round.").Add({});
  Gauge& attempts_live = gauges_family("sluice_attempts_live", "Attempts that are not over yet.").Add({});
  Gauge& submissions_waiting = gauges_family("sluice_submissions_waiting", "Submissions that wait for the disk.").Add({});
  Gauge& connections = gauges_family("sluice_http_connections", "Open connections.").Add({});
  Gauge& event_streams = gauges_family("sluice_event_streams", "Open event streams.").Add({});
  Gauge& free_bytes = gauges_family("sluice_disk_free_bytes", "Free bytes on the ledger's file system.").Add({});
  Gauge& ready = gauges_family("sluice_ready", "1 when ready to serve.").Add({});
  Gauge& admission = gauges_family("sluice_admission_open", "1 while new work is taken; 0 when disk or clock stop it.").Add({});
  Gauge& rounds_decided = gauges_family("sluice_rounds_decided", "Rounds decided since the start.").Add({});
  Gauge& rounds_abandoned = gauges_family("sluice_rounds_abandoned", "Rounds abandoned since the start.").Add({});
  Gauge& round_solve = gauges_family("sluice_round_solve_seconds", "Solver CPU time of the last round.").Add({});
  Family<Gauge>& loop_longest =
      gauges_family("sluice_loop_longest_hold_seconds", "Longest that one handler has held the loop since the daemon was ready.");
  Gauge& loop_longest_wall = loop_longest.Add({{"clock", "wall"}});
  Gauge& loop_longest_cpu = loop_longest.Add({{"clock", "cpu"}});
  Gauge& loop_held =
      gauges_family("sluice_loop_held_too_long", "Handlers since the daemon was ready that held the loop for more than 5 ms of CPU.")
          .Add({});
  std::unordered_map<http::Route const*, std::array<Counter*, 10>> request_counters;  ///< by the hundreds of the status
  std::unordered_map<std::string_view, Counter*> entry_counters;                      ///< keys are the events' own literals

  static Histogram::BucketBoundaries buckets() { return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10}; }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count(http::Exchange const& exchange) {
  std::string_view const operation = exchange.route != nullptr ? std::string_view(exchange.route->name) : "none";
  int const hundreds = std::clamp(exchange.status / 100, 0, 9);
  Counter*& counter = families_->request_counters[exchange.route][static_cast<std::size_t>(hundreds)];
  if (counter == nullptr)
    counter = &families_->requests.Add({{"operation", std::string(operation)}, {"status", std::to_string(hundreds) + "xx"}});
  counter->Increment();
  double const seconds = std::chrono::duration<double>(exchange.duration).count();
  (operation == "submitJob" ? families_->submit_latency : families_->other_latency).Observe(seconds);
}

void Metrics::count(std::vector<Committed> const& group, policy::State const& state) {
  for (Committed const& entry : group) {
    Counter*& counter = families_->entry_counters[policy::type_of(entry.stamped.event)];
    if (counter == nullptr) {
      std::string type(policy::type_of(entry.stamped.event));
      counter = &families_->entries.Add({{"type", type.substr(0, type.find('/'))}});
    }
    counter->Increment();
    auto const* intended = std::get_if<policy::DispatchIntended>(&entry.stamped.event);
    if (intended == nullptr || intended->attempt.number != 1) continue;
    if (auto const job = state.jobs.find(intended->attempt.job); job != state.jobs.end())
      families_->dispatch_wait.Observe(static_cast<double>(entry.stamped.at.ms - job->second->accepted_at.ms) / 1'000.0);
  }
}

std::string Metrics::text(Gauges const& now) {
  Families& f = *families_;
  f.log_size.Set(static_cast<double>(now.log_size));
  f.jobs_waiting.Set(static_cast<double>(now.jobs_waiting));
  f.attempts_live.Set(static_cast<double>(now.attempts_live));
  f.submissions_waiting.Set(static_cast<double>(now.submissions_waiting));
  f.connections.Set(static_cast<double>(now.connections));
  f.event_streams.Set(static_cast<double>(now.event_streams));
  f.free_bytes.Set(static_cast<double>(now.free_bytes));
  f.ready.Set(now.ready ? 1 : 0);
  f.admission.Set(now.admission_open ? 1 : 0);
  f.rounds_decided.Set(static_cast<double>(now.rounds_decided));
  f.rounds_abandoned.Set(static_cast<double>(now.rounds_abandoned));
  f.round_solve.Set(now.round_solve_seconds);
  f.loop_longest_wall.Set(now.loop_longest_wall_seconds);
  f.loop_longest_cpu.Set(now.loop_longest_cpu_seconds);
  f.loop_held.Set(static_cast<double>(now.loop_held_too_long));
  return TextSerializer().Serialize(f.registry.Collect());
}

}  // namespace sluice::broker
