// One simulated centre as a pure state machine: cards, queue, jobs that take time, purses, and a record of every run.
#pragma once

#include "tools/sim/job_words.hpp"
#include "tools/sim/scenario.hpp"

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sim {

/// Progress by checkpoint path in milliseconds of work, shared by all centres: storage outlives a cluster.
using Checkpoints = std::map<std::string, std::int64_t, std::less<>>;

struct Order {
  std::string account;
  std::string attempt;
  std::string fingerprint;  ///< of the whole body: the same name with another body is a conflict
  std::string accelerator;
  std::int32_t cards = 0;
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> inputs;
  std::string checkpoint;
  std::int64_t run_limit_s = 0;
  std::string agreed_unit;
  std::optional<policy::Money> agreed_price;
  std::string programme;
};

enum class JobState : std::uint8_t {
  queued,
  starting,
  running,
  stopping,
  completed,
  failed,
  timed_out,
  cancelled,
  preempted,
  cluster_failed,
  start_failed
};
std::string_view name_of(JobState state);
bool is_final(JobState state);

struct Job {
  std::uint64_t id = 0;
  Order order;
  JobWords words;
  JobState state = JobState::queued;
  SimTime submitted = 0;
  std::optional<SimTime> started;
  std::optional<SimTime> ended;
  SimTime next_event = 0;  ///< when its state changes by itself
  JobState next_state = JobState::queued;
  std::int64_t done_before_ms = 0;  ///< work found in the checkpoint
  std::optional<std::int32_t> exit_code;
  std::string reason;
};

/// One time an attempt held cards: what a test counts to prove that nothing ran twice.
struct Run {
  std::string attempt;
  std::uint64_t job = 0;
  std::string accelerator;
  std::int32_t cards = 0;
  SimTime started = 0;
  std::optional<SimTime> ended;
  std::string end;  ///< the state it ended in
};

struct Declined {
  int status = 422;
  std::string code;
  std::string detail;
};

/// Time only moves forward, by advance(). Nothing here reads a clock.
class Centre {
 public:
  Centre(CentreScenario scenario, std::int64_t job_seconds, std::int64_t log_every_s, Checkpoints& checkpoints);

  CentreScenario const& scenario() const { return scenario_; }
  SimTime now() const { return now_; }
  void advance(SimTime to);
  /// When the next thing happens by itself; nullopt: nothing is under way.
  std::optional<SimTime> next_event() const;

  struct Submitted {
    Job const* job;
    bool existed;
  };
  /// `duplicate`: the fault "duplicates": the centre starts the order once more although it knows the name.
  std::expected<Submitted, Declined> submit(Order const& order, bool duplicate = false);
  Job const* find(std::string_view account, std::uint64_t id) const;
  std::vector<Job const*> of_attempt(std::string_view account, std::string_view attempt) const;
  std::vector<Job const*> of_account(std::string_view account, std::uint64_t above_id, std::size_t limit, bool alive_only) const;
  /// nullptr when there is no such job. A job that has ended is left as it is.
  Job const* cancel(std::string_view account, std::uint64_t id);
  /// The fault "dies": everything that runs is lost.
  void lose_all();
  /// An id for a job that is accepted and forgotten (the fault "forgets").
  std::uint64_t take_id() { return next_id_++; }

  std::int64_t card_ms(Job const& job) const;
  std::string log_tail(Job const& job, std::size_t bytes) const;
  std::size_t log_bytes(Job const& job) const;

  struct PoolView {
    PoolScenario const* scenario;
    std::int32_t used;        ///< by jobs of all accounts
    std::int32_t background;  ///< by others
    std::int32_t free;
    std::size_t queued;
    std::optional<policy::Money> list_price;
    std::optional<policy::Money> voucher_price;
  };
  std::vector<PoolView> pools() const;
  /// Attempts of this account that hold cards.
  std::vector<std::string> counted(std::string_view account, std::string_view accelerator) const;
  policy::Money remaining(std::string_view programme) const;
  std::vector<Run> const& runs() const { return runs_; }

  /// Changes a trace from now on (control).
  bool set_background(std::string_view accelerator, std::int32_t cards);
  bool set_list_price(std::string_view accelerator, policy::Money price);

 private:
  std::optional<Declined> check(Order const& order) const;
  PoolScenario const* pool_of(std::string_view accelerator) const;
  PoolScenario* pool_of(std::string_view accelerator);
  std::int32_t free_cards(PoolScenario const& pool) const;
  void schedule(Job& job, SimTime at, JobState state);
  void unschedule(Job& job);
  void fill(PoolScenario const& pool);
  void begin(Job& job);
  void run(Job& job);
  void end(Job& job, JobState state);
  void change(Job& job);

  CentreScenario scenario_;
  std::int64_t job_seconds_;
  std::int64_t log_every_s_;
  Checkpoints& checkpoints_;
  SimTime now_ = 0;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  std::multimap<std::pair<std::string, std::string>, std::uint64_t> attempts_;  ///< (account, attempt) → job
  std::set<std::pair<SimTime, std::uint64_t>> events_;
  std::map<std::string, std::deque<std::uint64_t>, std::less<>> queues_;  ///< accelerator → jobs in order
  std::map<std::string, std::int32_t, std::less<>> used_;                 ///< accelerator → cards
  std::map<std::string, policy::Money, std::less<>> purses_;
  std::vector<Run> runs_;
  std::map<std::uint64_t, std::size_t> open_runs_;  ///< job → index in runs_
};

}  // namespace sluice::sim
