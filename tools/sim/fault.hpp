// What can go wrong at a simulated centre, and the sentences that say so.
#pragma once

#include "tools/sim/scenario.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

enum class Trouble : std::uint8_t {
  disappears,    ///< no one answers: connections are refused (with a port of its own) or reset; jobs go on
  dies,          ///< everything that runs is lost, at once; then as before
  back,          ///< ends all other troubles: "comes back"
  slow,          ///< answers after the duration given (real time)
  drips,         ///< sends a byte every 100 ms
  hangs,         ///< takes the request and never answers
  truncates,     ///< sends half the answer and closes
  garbage,       ///< sends bytes that are not HTTP
  floods,        ///< sends a body without end
  html,          ///< 200 with a web page
  wrong_type,    ///< 200 with JSON of another shape
  fails,         ///< 500 with empty lists in the body
  unavailable,   ///< 503 with Retry-After
  throttles,     ///< 429 with Retry-After
  unauthorised,  ///< 401
  redirects,     ///< 302 to another address
  stale,         ///< as_of stays what it was
  ageless,       ///< as_of is missing
  zero_price,    ///< all prices are "0.00"
  priceless,     ///< prices are missing
  uncounted,     ///< does not say which attempts its free cards count
  refuses,       ///< declines every order: no_capacity
  forgets,       ///< answers 201 and knows nothing afterwards
  swallows,      ///< does what a POST or DELETE asks and loses the answer
  denies,        ///< look-ups by attempt find nothing, though the job is there
  duplicates,    ///< starts every order twice
};

std::string_view name_of(Trouble trouble);

/// "qingyang disappears for 30s", "all slow 3s", "wuhan swallows 2 times", "guiyang comes back".
struct TroubleLine {
  std::string centre;  ///< or "all"
  Trouble trouble = Trouble::back;
  std::int64_t argument_ms = 0;       ///< of slow
  std::optional<SimTime> lasts;       ///< simulated; unset: until it comes back
  std::optional<std::int64_t> times;  ///< requests it strikes; unset: all
};
/// Error: what is wrong with the sentence.
std::expected<TroubleLine, std::string> parse_trouble(std::string_view sentence);

/// "at 12s: qingyang disappears for 30s" (simulated time; ms, s, m, h).
struct ScriptLine {
  SimTime at = 0;
  TroubleLine line;
};
std::expected<ScriptLine, std::string> parse_script_line(std::string_view sentence);

/// The troubles one centre has at the moment.
class Troubles {
 public:
  void add(TroubleLine const& line, SimTime now);
  /// True when it strikes now; uses up one of its times.
  bool strikes(Trouble trouble, SimTime now);
  /// The same without using it up.
  bool present(Trouble trouble, SimTime now) const;
  std::int64_t argument_ms(Trouble trouble) const;
  /// When it began; for stale.
  SimTime since(Trouble trouble) const;
  std::optional<SimTime> next_end(SimTime now) const;
  std::vector<std::string> names(SimTime now) const;

 private:
  struct Active {
    Trouble trouble;
    SimTime since;
    std::optional<SimTime> until;
    std::optional<std::int64_t> times;
    std::int64_t argument_ms;
  };
  Active const* find(Trouble trouble, SimTime now) const;
  std::vector<Active> active_;
};

}  // namespace sluice::sim
