// The decider's thread.
#include "broker/rounds/decider.hpp"

#include "policy/assignment/solver.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cassert>
#include <ctime>
#include <utility>

namespace sluice::broker {
namespace {

std::int64_t thread_cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
}

std::expected<Decision, std::string> decide_market(policy::PinnedMarket const& market, std::uint32_t effort) {
  Decision decision;
  std::int64_t const start = thread_cpu_ms();
  policy::RoundProblem const round = policy::build_problem(market);
  std::int64_t const built = thread_cpu_ms();
  assignment::SolveOptions const options{.iterations = effort, .threads = 1, .seed = market.round().value};
  auto const solution = assignment::solve(round.problem, options);
  if (!solution) return std::unexpected("solver: " + solution.error());
  std::int64_t const solved = thread_cpu_ms();
  decision.event = policy::decision_of(round, market.round(), solution->plan, solution->certificate);
  auto const checked = policy::check_decision(market, decision.event);
  if (!checked) return std::unexpected("certificate check: " + checked.error());
  decision.build_ms = built - start;
  decision.solve_ms = solved - built;
  decision.check_ms = thread_cpu_ms() - solved;
  decision.iterations = solution->iterations;
  return decision;
}

}  // namespace

Decider::Decider(std::uint32_t effort) : effort_(effort), thread_([this](std::stop_token stop) { loop(stop); }) {
  pthread_setname_np(thread_.native_handle(), "sluice-decide");
}

Decider::~Decider() {
  thread_.request_stop();
  wake_.notify_all();
}

void Decider::decide(std::shared_ptr<policy::PinnedMarket const> market, Done done) {
  {
    std::lock_guard const lock(mutex_);
    assert(!work_);
    work_.emplace(std::move(market), std::move(done));
  }
  wake_.notify_one();
}

void Decider::loop(std::stop_token stop) {
  // Submissions and the committer go first: a round may take its time, an acknowledgement may not.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return work_.has_value(); })) return;
      work = std::move(*work_);
      work_.reset();
    }
    work.done(decide_market(*work.market, effort_));
  }
}

}  // namespace sluice::broker
