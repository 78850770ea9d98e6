// All simulated centres with one clock: requests in, answers and misbehaviour out. No socket, no clock, no chance.
#pragma once

#include "policy/time.hpp"
#include "tools/sim/centre.hpp"
#include "tools/sim/fault.hpp"
#include "tools/sim/scenario.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sim {

struct Request {
  std::string method;
  std::string target;         ///< "/qingyang/v1/jobs?attempt=a"
  std::string authorization;  ///< the header's value
  std::string body;
};

/// How the answer goes over the wire.
enum class Wire : std::uint8_t { whole, reset, hang, truncate, garbage, drip, flood };

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string fields;  ///< "Name: value\r\n" …
  std::string body;
  Wire wire = Wire::whole;
  std::int64_t wait_ms = 0;  ///< real time before the first byte
};

/// A problem document (RFC 9457).
Reply problem(int status, std::string_view code, std::string_view detail);

struct CentreSite {
  std::unique_ptr<Centre> centre;
  Troubles troubles;
  bool present = true;  ///< as last told to the observer
};

class World {
 public:
  /// Error: what is wrong with the script.
  static std::expected<std::unique_ptr<World>, std::string> make(Scenario scenario);

  Scenario const& scenario() const { return scenario_; }
  SimTime now() const { return now_; }
  /// Simulated time moves to `to`: scripted troubles and jobs' events happen in order.
  void advance(SimTime to);
  /// Answers one request. `wall` is the real time, for the timestamps of a scenario without origin.
  Reply handle(Request const& request, policy::Timestamp wall);
  /// Lets a sentence come true now. Error: what is wrong with it.
  std::expected<void, std::string> trouble(std::string_view sentence);
  /// Called when a centre disappears or comes back.
  void set_presence_observer(std::function<void(std::string const&, bool)> observer) { presence_ = std::move(observer); }

  /// The moment in answers that stands for a simulated time.
  policy::Timestamp stamp(SimTime at, policy::Timestamp wall) const;
  std::map<std::string, CentreSite, std::less<>>& sites() { return sites_; }

 private:
  explicit World(Scenario scenario);
  void apply(TroubleLine const& line);
  void tell_presence();
  Reply answer(CentreSite& site, Request const& request, std::string_view path, std::string_view query, policy::Timestamp wall);

  Scenario scenario_;
  SimTime now_ = 0;
  Checkpoints checkpoints_;
  std::map<std::string, CentreSite, std::less<>> sites_;
  std::vector<ScriptLine> script_;  ///< by time
  std::size_t script_done_ = 0;
  std::function<void(std::string const&, bool)> presence_;
};

}  // namespace sluice::sim
