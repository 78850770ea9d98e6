// Several submitters share one list; one coroutine watches; at the end several readers share the list of jobs.
#include "tools/day/drive.hpp"

#include "policy/time.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace sluice::day {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::json;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

struct Day {
  asio::io_context& loop;
  BrokerClient& broker;
  Workload const& workload;
  Access const& access;
  DriveOptions const& options;
  Progress& progress;
  DayRecord record;
  std::size_t next = 0;       ///< job to submit
  std::size_t next_read = 0;  ///< job to read back
  std::size_t answered = 0;
  std::size_t refused = 0;
  std::size_t read = 0;
  std::size_t open_tasks = 0;
  std::string failure;

  std::int64_t real_ms(std::int64_t simulated_ms) const { return record.began_ms + simulated_ms / options.compression; }
};

std::string clock_text(std::int64_t ms) { return fmt::format("{:02}:{:02}", ms / 3'600'000, ms / 60'000 % 60); }

asio::awaitable<void> submit_one(Day& day, std::size_t index) {
  JobPlan const& plan = day.workload.jobs[index];
  std::int64_t const due = day.real_ms(plan.arrival_ms);
  if (std::int64_t const wait = due - now_ms(); wait > 0) co_await pause(day.loop, wait);
  day.record.late_ms = std::max(day.record.late_ms, now_ms() - due);
  Ask ask{.method = "POST",
          .target = "/v1/jobs",
          .token = day.access.tenant_tokens[plan.tenant],
          .body = plan.body,
          .idempotency_key = fmt::format("{}-job-{}", day.options.run, index)};
  auto const answer = co_await day.broker.call(std::move(ask));
  if (!answer) {
    if (day.failure.empty()) day.failure = answer.error();
    co_return;
  }
  JobRecord& job = day.record.jobs[index];
  ++day.answered;
  if (answer->ok()) {
    job.id = answer->body.value("id", "");
    job.state = answer->body.value("state", "");
    co_return;
  }
  ++day.refused;
  job.state = "refused";
  job.reason = answer->body.is_object() ? answer->body.value("code", "") : std::string();
  if (job.reason.empty()) job.reason = fmt::format("status_{}", answer->status);
  if (day.refused <= 3) day.progress.note("refused: " + answer->problem());
}

asio::awaitable<void> submit_all(Day& day) {
  while (day.next < day.workload.jobs.size() && day.failure.empty()) co_await submit_one(day, day.next++);
}

asio::awaitable<void> cancel_some(Day& day) {
  std::multimap<std::int64_t, std::size_t> due;
  for (std::size_t i = 0; i < day.workload.jobs.size(); ++i)
    if (day.workload.jobs[i].cancel_ms >= 0) due.emplace(day.workload.jobs[i].cancel_ms, i);
  for (auto const& [at, index] : due) {
    if (std::int64_t const wait = day.real_ms(at) - now_ms(); wait > 0) co_await pause(day.loop, wait);
    JobRecord const& job = day.record.jobs[index];
    if (job.id.empty() || !day.failure.empty()) continue;
    std::string const token = day.access.tenant_tokens[day.workload.jobs[index].tenant];
    Ask ask{.method = "DELETE", .target = "/v1/jobs/" + job.id, .token = token, .body = {}, .idempotency_key = {}};
    auto const answer = co_await day.broker.call(std::move(ask));
    if (!answer && day.failure.empty()) day.failure = answer.error();
    if (answer && !answer->ok()) day.progress.note("cancelling job " + job.id + ": " + answer->problem());
  }
}

asio::awaitable<std::expected<Json, std::string>> get(Day& day, std::string target) {
  Ask ask{.target = target, .token = day.access.operator_token, .body = {}, .idempotency_key = {}};
  auto const answer = co_await day.broker.call(std::move(ask));
  if (!answer) co_return std::unexpected(answer.error());
  if (!answer->ok()) co_return std::unexpected(fmt::format("GET {}: {}", target, answer->problem()));
  co_return answer->body;
}

void take_offers(Day& day, Json const& page) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> sums;  // micro-yuan, clusters
  for (Json const& each : page.value("data", Json::array())) {
    std::string const type = each.value("accelerator", "");
    std::int32_t& cards = day.record.cards[{each.value("cluster", ""), type}];
    cards = std::max(cards, each.value("total_cards", 0));
    auto const price = each.find("list_yuan_per_card_hour");
    if (price == each.end() || !price->is_string()) continue;
    if (auto const amount = policy::parse_yuan(price->get<std::string>()); amount && amount->micro_yuan > 0) {
      sums[type].first += amount->micro_yuan;
      ++sums[type].second;
    }
  }
  for (auto const& [type, sum] : sums) day.record.averages[type].push_back({now_ms(), {sum.first / sum.second}});
}

std::int64_t live_cards(Json const& page) {
  std::int64_t cards = 0;
  for (Json const& each : page.value("data", Json::array())) cards += each.value("live_cards", std::int64_t{0});
  return cards;
}

/// Ends when every job was submitted and none is open, when time is up, or when something failed.
asio::awaitable<void> watch(Day& day) {
  std::int64_t give_up_at = 0;
  while (day.failure.empty()) {
    auto const offers = co_await get(day, "/v1/offers?limit=1000");
    auto const clusters = co_await get(day, "/v1/clusters?limit=1000");
    auto const status = co_await get(day, "/v1/status");
    if (!offers || !clusters || !status) {
      if (day.failure.empty()) day.failure = !offers ? offers.error() : !clusters ? clusters.error() : status.error();
      co_return;
    }
    take_offers(day, *offers);
    Json const counts = status->value("jobs", Json::object());
    auto const count = [&counts](char const* name) { return counts.value(name, std::int64_t{0}); };
    std::int64_t const open = count("queued") + count("allocated") + count("dispatched") + count("running");
    std::int64_t const total = static_cast<std::int64_t>(day.workload.jobs.size());
    std::int64_t const done = static_cast<std::int64_t>(day.answered) - open;
    day.progress.now(fmt::format("{} simulated  submitted {}/{}  waiting {}  on their way {}  running {}  final {} ({} %)  cards held {}",
                                 clock_text((now_ms() - day.record.began_ms) * day.options.compression), day.answered, total,
                                 count("queued"), count("allocated") + count("dispatched"), count("running"),
                                 std::max<std::int64_t>(0, done), total == 0 ? 100 : std::max<std::int64_t>(0, done) * 100 / total,
                                 live_cards(*clusters)));
    bool const all_in = day.answered == day.workload.jobs.size();
    if (all_in && open == 0) co_return;
    if (all_in && give_up_at == 0) give_up_at = now_ms() + day.options.bound_s * 1'000;
    if (give_up_at != 0 && now_ms() >= give_up_at) {
      day.record.bound_reached = true;
      co_return;
    }
    co_await pause(day.loop, 1'000);
  }
}

asio::awaitable<void> read_back(Day& day) {
  while (day.next_read < day.record.jobs.size() && day.failure.empty()) {
    JobRecord& job = day.record.jobs[day.next_read++];
    if (job.id.empty()) continue;
    auto const body = co_await get(day, "/v1/jobs/" + job.id);
    auto read = body ? read_job(*body) : std::unexpected(body.error());
    if (!read) {
      if (day.failure.empty()) day.failure = "job " + job.id + ": " + read.error();
      co_return;
    }
    read->tenant = job.tenant;
    read->cards = job.cards;
    job = std::move(*read);
    ++day.read;
    day.progress.now(fmt::format("reading back {} of {}", day.read, day.record.jobs.size()));
  }
}

asio::awaitable<void> counted(Day& day, asio::awaitable<void> task) {
  co_await std::move(task);
  --day.open_tasks;
}

void start(Day& day, asio::awaitable<void> task) {
  ++day.open_tasks;
  asio::co_spawn(day.loop, counted(day, std::move(task)), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
}

asio::awaitable<void> all_done(Day& day) {
  while (day.open_tasks > 0) co_await pause(day.loop, 50);
}

/// What the simulator itself saw: attempts that held cards more than once, anywhere.
asio::awaitable<void> ask_simulator(Day& day) {
  if (day.options.simulator.empty()) co_return;
  BrokerClient simulator(day.loop, "simulator");
  if (auto const opened = simulator.open(day.options.simulator, 1); !opened) {
    day.progress.note("simulator: " + opened.error());
    co_return;
  }
  Ask ask{.target = "/control/runs", .token = {}, .body = {}, .idempotency_key = {}};
  auto const answer = co_await simulator.call(std::move(ask));
  if (answer && answer->ok() && answer->body.contains("twice")) {
    day.record.ran_twice = static_cast<std::int64_t>(answer->body["twice"].size());
  } else {
    day.progress.note("simulator: its record of runs could not be read: " + (answer ? answer->problem() : answer.error()));
  }
}

}  // namespace

asio::awaitable<std::expected<DayRecord, std::string>> drive(asio::io_context& loop, BrokerClient& broker, Workload const& workload,
                                                             Access const& access, DriveOptions options, Progress& progress) {
  Day day{.loop = loop,
          .broker = broker,
          .workload = workload,
          .access = access,
          .options = options,
          .progress = progress,
          .record = {},
          .failure = {}};
  day.record.tenants = workload.tenants;
  day.record.compression = options.compression;
  for (JobPlan const& plan : workload.jobs) {
    JobRecord& job = day.record.jobs.emplace_back();
    job.tenant = plan.tenant;
    job.cards = plan.cards;
  }
  day.record.began_ms = now_ms();
  for (std::size_t i = 0; i < options.submitters; ++i) start(day, submit_all(day));
  start(day, cancel_some(day));
  start(day, watch(day));
  co_await all_done(day);
  day.record.ended_ms = now_ms();
  if (!day.failure.empty()) co_return std::unexpected(day.failure);
  for (std::size_t i = 0; i < options.submitters; ++i) start(day, read_back(day));
  co_await all_done(day);
  if (!day.failure.empty()) co_return std::unexpected(day.failure);
  co_await ask_simulator(day);
  Patience const& patience = broker.patience();
  day.record.requests = patience.requests;
  day.record.told_to_wait_429 = patience.told_to_wait_429;
  day.record.told_to_wait_503 = patience.told_to_wait_503;
  day.record.no_answer = patience.no_answer;
  progress.finish();
  co_return std::move(day.record);
}

}  // namespace sluice::day
