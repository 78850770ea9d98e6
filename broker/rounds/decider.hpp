// The thread that decides rounds: problem, solver and check run here, off the loop and at low priority.
#pragma once

#include "policy/round_problem.hpp"

#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace sluice::broker {

/// What one round came to.
struct Decision {
  policy::RoundDecided event;
  std::int64_t build_ms = 0;  ///< CPU time of each part, for metrics only
  std::int64_t solve_ms = 0;
  std::int64_t check_ms = 0;
  std::uint64_t iterations = 0;
};

/// Decides one pinned market at a time. The decision is checked by the certificate checker before it is handed back.
class Decider {
 public:
  using Done = std::function<void(std::expected<Decision, std::string>)>;  ///< on the decider's own thread

  /// `effort`: iterations the solver may use.
  explicit Decider(std::uint32_t effort);
  ~Decider();
  /// REQUIRES: no decision is under way.
  void decide(std::shared_ptr<policy::PinnedMarket const> market, Done done);

 private:
  struct Work {
    std::shared_ptr<policy::PinnedMarket const> market;
    Done done;
  };
  void loop(std::stop_token stop);

  std::uint32_t const effort_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<Work> work_;
  std::jthread thread_;
};

}  // namespace sluice::broker
